"""Parameters that payment modes declare: unit, bounds and meaning, so that a policy file can be held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from model.policy.leaf import LeafSpec, leaf

KNOWN: Mapping[str, LeafSpec] = {
    "overrun_share": leaf("share", 0, 1, "part of an overrun the fund pays"),
    "overrun_limit": leaf("share", 0, 5, "overrun beyond which the fund pays nothing"),
    "overrun_band": leaf("share", 0, 5, "overrun beyond which the fund pays nothing"),
    "surplus_share": leaf("share", 0, 1, "part of an unspent budget the hospital keeps"),
    "surplus_limit": leaf("share", 0, 1, "most of a surplus that is kept, over the quota; all unless given", optional=True),
    "overrun_share_resident": leaf("share", 0, 1, "the same for residents, where theirs is another", optional=True),
    "surplus_share_resident": leaf("share", 0, 1, "the same for residents, where theirs is another", optional=True),
    "overrun_steps": leaf(
        "share", doc="parts of an overrun the fund pays, by steps of the overrun; in place of one share", form="bands", optional=True
    ),
    "surplus_steps": leaf(
        "share", doc="parts of a surplus the hospital keeps, by steps of the surplus; in place of one share", form="bands", optional=True
    ),
    "bargaining": leaf(
        "share",
        0,
        1,
        "hospitals’ weight in the yearly talks: part of all money that follows last year’s spending; none unless given",
        optional=True,
    ),
    "reallocated": leaf("share", 0, 1, "part of what is left at half year that goes to who spent more; none unless given", optional=True),
    "year_weights": leaf(
        "share",
        0,
        1,
        "weights of the last three years, latest first",
        form="vector",
        length=3,
        total=1,
        optional=True,
    ),
    "withheld_share": leaf("share", 0, 1, "part of the package kept back for risk and other layers"),
    "risk_share": leaf("share", 0, 1, "part kept back as a risk fund; none unless given", optional=True),
    "second_share": leaf("share", 0, 1, "part that buys the second layer of insurance; none unless given", optional=True),
    "aid_share": leaf("share", 0, 1, "part kept back for medical assistance; none unless given", optional=True),
    "raised": leaf(
        "yuan/head/year", 0, 1e5, "money raised a head by scheme, from which the rate is made", form="vector", length=2, optional=True
    ),
    "carried": leaf("yuan/head", -1e4, 1e4, "surplus a head carried over from past years; none unless given", optional=True),
    "adjustment": leaf("yuan/head", -1e4, 1e4, "taken off the money raised a head; nothing unless given", optional=True),
    "head_quotas": leaf("yuan/head/year", 0, 1e5, "agreed money of a signed head by scheme", form="vector", length=2, optional=True),
    "signed_share": leaf("share", 0, 1, "part of the heads that have signed; all unless given", optional=True),
    "contract_fee": leaf(
        "yuan/head/year",
        0,
        1e4,
        "family doctor's fee by payer: fund, public health, patient",
        form="vector",
        length=3,
        optional=True,
    ),
    "contract_fee_key": leaf("yuan/head/year", 0, 1e4, "the same of people of key groups", form="vector", length=3, optional=True),
    "key_share": leaf("share", 0, 1, "part of the signed heads that are of key groups; none unless given", optional=True),
    "own_pay": leaf(
        "name", form="text", choices=("counts", "apart"), doc="whether what lies outside the catalogue is part of the price of a case"
    ),
    "low_line": leaf("ratio", 0, 1, "cost over price below which a case is paid what it cost"),
    "high_line": leaf("ratio", 1, 20, "cost over price above which a share of the rest is paid"),
    "high_share": leaf("share", 0, 1, "part paid of what exceeds the upper line"),
    "day_prices": leaf("yuan/day", 0, 1e5, "price of a day by level of hospital", form="vector", length=3, optional=True),
    "day_basis": leaf(
        "name", form="text", choices=("base", "three_years"), doc="what a day's price is made from; the base unless given", optional=True
    ),
    "segments": leaf(
        "day", doc="parts of the price by segment of a stay, in days; later days have the lowest part", form="bands", optional=True
    ),
    "fund_share": leaf("share", 0, 1, "part of the price that the fund pays; unless given, what patients have not paid", optional=True),
    "advance_cap": leaf("ratio", 0, 10, "most that is paid, over what the fund would have paid item by item", optional=True),
    "cheap_rule": leaf(
        "name",
        form="text",
        choices=("2019", "2025"),
        doc="Zhejiang's rule for cheap cases, by its year",
        optional=True,
    ),
    "blend": leaf(
        "share",
        0,
        1,
        "parts of level, own history and case mix in a coefficient",
        form="vector",
        length=3,
        total=1,
        optional=True,
    ),
    "bed_day_from": leaf("day", 1, 1000, "days in bed beyond which a stay is paid by the day; 60 unless given", optional=True),
    "psychiatric": leaf("name", form="text", choices=("by_day", "by_group"), doc="how psychiatric stays get their points", optional=True),
    "readmission_part": leaf(
        "share", 0, 1, "part of a stay's points left after a return in the same group; half unless given", optional=True
    ),
    "groups": leaf("code", doc="disease groups with a fixed price; all unless given", form="names", optional=True),
    "prices": leaf(
        "yuan", 0, 1e7, "price of each of the groups named, in their order; from the books unless given", form="vector", optional=True
    ),
    "level_factors": leaf(
        "factor",
        0,
        10,
        "factor on prices by level; one on given prices, else as costs were",
        form="vector",
        length=3,
        optional=True,
    ),
    "price_growth": leaf("share", -0.5, 1, "growth of a price over the past means it is made from; none unless given", optional=True),
    "exit_multiple": leaf("ratio", 1, 100, "cost over price above which a case is paid per item; no such case unless given", optional=True),
    "severe": leaf(
        "name", form="text", choices=("stays", "leaves"), doc="whether a recorded severe case is paid per item instead", optional=True
    ),
    "session_prices": leaf(
        "yuan", 0, 1e5, "fund's money for a session by scheme; from the books unless given", form="vector", length=2, optional=True
    ),
    "session_limit": leaf("case", 1, 31, "most sessions of a bill that are paid; all unless given", optional=True),
    "split_ratio": leaf(
        "factor",
        0.1,
        10,
        "price of a split over that of the next cheaper one of its family, against what costs say; 1 unless given",
        optional=True,
    ),
    "prior_cases": leaf("case", 0, 1e6, "cases on the books that the catalogue's weight counts for in a group's mean"),
}


def optional(*names: str) -> dict[str, LeafSpec]:
    """The named parameters, which a policy may leave out: the mode then has a value of its own."""
    return {name: replace(KNOWN[name], optional=True) for name in names}


def parameters(*names: str) -> dict[str, LeafSpec]:
    """The named parameters with what each may hold."""
    return {name: KNOWN[name] for name in names}
