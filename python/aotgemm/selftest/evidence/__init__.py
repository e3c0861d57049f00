"""What one run on a GPU leaves in a file, so that others can tell which assumption about its arithmetic fails."""
