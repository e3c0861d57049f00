"""The public calls: what each argument means, one file a kind of call."""
