"""Datasets on disk: their formats, the pictures that they name, their splits."""
