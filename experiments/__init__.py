"""Running, comparing, calibrating and reporting runs of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.running import compare, run

__all__ = ["compare", "run"]


def __getattr__(name: str) -> Any:
    """Import the two functions when they are asked for, so that the command line starts fast."""
    if name in __all__:
        from experiments import running

        return getattr(running, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
