"""How a tenant shapes the system, without code."""
