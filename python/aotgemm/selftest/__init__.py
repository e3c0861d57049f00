"""Every kernel against the CPU backend, bit for bit."""
