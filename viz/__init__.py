"""Figures, labels and the page: tables in, pictures out."""
