"""Organisations and people outside."""
