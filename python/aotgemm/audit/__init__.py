"""Plans: which kernel, to the byte, runs for which call; made, enforced, verified and compared without a GPU."""
