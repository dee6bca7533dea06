"""A stage in which an encoder learns to name what it sees, from captions and from what it knew."""
