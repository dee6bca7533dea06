"""Recipes: a model made in stages of training, each beginning where another ended."""
