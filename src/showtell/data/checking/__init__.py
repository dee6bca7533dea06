"""A look at a dataset before any training: numbers, damage, copies, a few pictures."""
