"""What a policy may say of the settlement cycle around a mode: what is paid by month, what is held, what a clearing does."""

from collections.abc import Mapping

from model.policy.leaf import LeafSpec, leaf

__all__ = ["CYCLE"]

CYCLE: Mapping[str, LeafSpec] = {
    "monthly_share": leaf("share", 0, 1, "part of what is owed that is paid month by month", optional=True),
    "retention_from": leaf(
        "share",
        0,
        1,
        "recorded money over the payable amount below which only recorded money is paid; above it a surplus is kept",
        optional=True,
    ),
    "overrun_to": leaf("share", 1, 10, "recorded money over the payable amount up to which an overrun is shared", optional=True),
    "overrun_share": leaf("share", 0, 1, "part of an overrun that the fund bears", optional=True),
    "overrun_reserve": leaf(
        "share",
        0,
        1,
        "most the fund bears of all overruns, as a share of what is payable to all; beyond it they are cut alike",
        optional=True,
    ),
}
"""The rules of the cycle by name. All may be absent: then everything owed is paid at once, and nothing is held."""
