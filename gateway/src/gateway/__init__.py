"""The one door for people and partners; knows no business rule."""
