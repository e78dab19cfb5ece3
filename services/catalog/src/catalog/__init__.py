"""Products, what they cost and what they are sold for."""
