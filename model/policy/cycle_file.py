"""What a policy may say of the settlement cycle around a mode: what is paid by month, what is held, what a clearing does."""

from collections.abc import Mapping

from model.policy.leaf import LeafSpec, leaf

__all__ = ["CYCLE"]

CYCLE: Mapping[str, LeafSpec] = {
    "monthly_share": leaf("share", 0, 1, "part of what is owed that is paid month by month", optional=True),
}
"""The rules of the cycle by name. All may be absent: then everything owed is paid at once, and nothing is held."""
