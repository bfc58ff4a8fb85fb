"""What can go wrong in a run that is nobody's bad input."""

from __future__ import annotations


class RunError(RuntimeError):
    """One or more runs failed; what was finished is kept."""
