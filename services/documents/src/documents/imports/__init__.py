"""Imports: rows of tables become records of any noun, through the nouns' own methods (PLT-19)."""
