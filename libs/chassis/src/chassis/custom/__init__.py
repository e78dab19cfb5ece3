"""Custom fields: what firms define in studio, and how records are held to it (PLT-25, PLT-26)."""
