"""Inpatient claims as a table for people: names instead of codes, parts of the charge by item and catalogue class, flags as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.calendar import format_month
from model.cases import FLAG_NAMES, Claims
from model.catalogue import ITEMS
from model.codes import KINDS, SEVERITIES, TIERS

if TYPE_CHECKING:
    from model.city import City

CLASS_B_SHARE = 0.6
"""Part of in-scope charges that is class B of the catalogue (assumption)."""


def claim_frame(claims: Claims, items: NDArray[np.int64], city: City) -> pd.DataFrame:
    """One row a claim; money in fen.

    ``items[item, claim]`` are the parts of the charge; class C is what lies outside the catalogue.
    ``points_true`` and ``points_coded`` are the mode's units for the true and the written group.
    """
    providers, catalogue = city.geography.providers, city.catalogue
    codes = np.array(catalogue.codes, dtype=object)
    months = {int(m): format_month(int(m)) for m in np.unique(claims.month)}
    class_b = np.floor(claims.in_scope * CLASS_B_SHARE).astype(np.int64)
    frame = pd.DataFrame(
        {
            "month": [months[int(m)] for m in claims.month],
            "person": claims.uid,
            "provider": np.array(providers.name, dtype=object)[claims.provider],
            "tier": np.array(TIERS, dtype=object)[claims.tier],
            "county": np.array(city.geography.counties, dtype=object)[claims.county],
            "kind": np.array(KINDS, dtype=object)[catalogue.kind[claims.group_coded]],
            "group_true": codes[claims.group_true],
            "group_coded": codes[claims.group_coded],
            "severity": np.array(SEVERITIES, dtype=object)[claims.severity],
            "points_true": claims.units_true,
            "points_coded": claims.units,
            "charge": claims.charge,
            **{item: items[i] for i, item in enumerate(ITEMS)},
            "class_a": claims.in_scope - class_b,
            "class_b": class_b,
            "class_c": claims.own_pay,
            "fund_basic": claims.basic,
            "second_layer": claims.second,
            "supplement": claims.supplement,
            "aid": claims.aid,
            "account": claims.account,
            "patient": claims.patient,
            "stay_days": claims.stay,
        }
    )
    for bit, name in enumerate(FLAG_NAMES):
        frame[name] = (claims.flags & (1 << bit)) != 0
    return frame
