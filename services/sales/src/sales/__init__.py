"""From first contact to a won deal."""
