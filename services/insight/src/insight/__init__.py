"""The whole picture: who changed what, and what it adds up to."""
