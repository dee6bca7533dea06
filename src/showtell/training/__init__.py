"""Training: features once, then epochs of teacher forcing, judged by captions freely generated."""
