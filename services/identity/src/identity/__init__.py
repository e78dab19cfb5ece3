"""The people inside, and what each may do."""
