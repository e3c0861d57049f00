"""Calls to check and to measure: their operands, and how a chosen kernel runs them."""
