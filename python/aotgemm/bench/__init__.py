"""Measuring on a GPU, without a framework: shapes, operands, a timer, and rounds that interleave candidates."""
