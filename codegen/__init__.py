"""States the kernel matrix once and derives from it all that the build needs. Standard library only."""
