"""Compiles one kernel: toolchain, dependencies, names, and what ptxas and the SASS say."""
