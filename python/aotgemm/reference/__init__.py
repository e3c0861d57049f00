"""Each family's arithmetic in NumPy, written from its definition: slow and plain."""
