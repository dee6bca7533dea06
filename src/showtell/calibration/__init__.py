"""Fitting how sure to be of a caption, and finding out whether that is right.

target       when a caption counts as good
fit          the regressions, and the domain of the train photos
odd          pictures that are no photos, drawn on the spot
quality      expected calibration error, AUROC, the reliability diagram
calibrate    from a bundle and a dataset to a bundle that knows how sure to be
"""
