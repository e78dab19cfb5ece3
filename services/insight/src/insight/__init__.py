"""The whole picture, built only from changes."""
