"""The plan in force: reading a plan file, checking it, and holding calls against it."""
