"""Who decides, and how: patients, hospitals, medical groups and the insurer."""
