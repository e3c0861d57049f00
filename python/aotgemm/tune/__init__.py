"""Measures the fastest kernel for each shape."""
