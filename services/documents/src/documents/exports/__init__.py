"""The way out: what columns a noun has, what stands in them, and the run that writes them."""
