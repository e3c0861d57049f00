"""A file for each family of GEMMs: `FAMILY`, its kinds of call, and what is checked and measured of them."""
