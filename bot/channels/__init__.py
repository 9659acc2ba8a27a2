"""How words leave and arrive: one file per vendor, both directions in it."""
