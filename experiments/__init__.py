"""Running, comparing, calibrating and reporting runs of the model."""
