"""What a policy may say of the settlement cycle around a mode: what is paid by month, what is held, what a clearing does."""

from collections.abc import Mapping

from model.policy.leaf import LeafSpec, leaf

__all__ = ["CYCLE"]

CYCLE: Mapping[str, LeafSpec] = {
    "monthly_share": leaf("share", 0, 1, "part of what is owed that is paid month by month", optional=True),
    "monthly_value": leaf(
        "name",
        doc="what months are paid by: what would be settled so far, or points at the value of the year’s start",
        form="text",
        choices=("settled", "opening"),
        optional=True,
    ),
    "deposit_share": leaf("share", 0, 1, "part of what is owed that is held on a deposit account until the clearing", optional=True),
    "score_points": leaf("point", 0, 100, "points of 100 lost for each hundredth of cases found distorted; 1 unless given", optional=True),
    "assessment_low": leaf("share", 0, 2, "coefficient on what is payable at a score of 0", optional=True),
    "assessment_high": leaf("share", 0, 2, "the same at a score of 100; between them it is linear", optional=True),
    "release_from": leaf("point", 0, 100, "score from which the deposit is released in full", optional=True),
    "release_loss": leaf("share", 0, 1, "part of the deposit forfeited for each point below release_from", optional=True),
    "release_least": leaf("point", 0, 100, "score below which the whole deposit is forfeited", optional=True),
    "advance_months": leaf(
        "month", 0, 3, "months of last year’s mean spending advanced in January to who passes the gate, returned at clearing", optional=True
    ),
    "clearing_lag": leaf("month", 0, 11, "months from the end of the year to the clearing’s payment", form="integer", optional=True),
    "audit_deduction": leaf(
        "name",
        doc="from which payments audits take what they find; paid back at once unless given",
        form="text",
        choices=("at_once", "next_months", "clearing"),
        optional=True,
    ),
    "claw_back": leaf(
        "name", doc="when a clearing’s negative balance is taken back", form="text", choices=("at_once", "next_months"), optional=True
    ),
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
