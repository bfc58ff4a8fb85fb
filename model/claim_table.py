"""Inpatient claims as a table for people: names instead of codes, parts of the charge by item and catalogue class, flags as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.calendar import format_month
from model.cases import FLAG_NAMES, Claims
from model.codes import KINDS, SEVERITIES, TIERS

if TYPE_CHECKING:
    from model.city import City

CLASS_B_SHARE = 0.6
"""Part of in-scope charges that is class B of the catalogue (assumption)."""


def claim_frame(claims: Claims, city: City) -> pd.DataFrame:
    """One row a claim; money in fen.

    Item parts follow the true group's shares, drugs as in :func:`drug_share`; class C is what lies outside the catalogue.
    ``points_true`` and ``points_coded`` are the mode's units for the true and the written group.
    """
    providers, catalogue = city.geography.providers, city.catalogue
    codes = np.array(catalogue.codes, dtype=object)
    months = {int(m): format_month(int(m)) for m in np.unique(claims.month)}
    shares = catalogue.shares[claims.group_true]
    drug = drug_share(city, claims)
    # what drugs gain or lose is lost or gained by the other items alike
    others = shares[:, 1:] * ((1 - drug) / np.maximum(1 - shares[:, 0], 1e-9))[:, None]
    items = np.floor(np.column_stack([drug, others]) * claims.charge[:, None]).astype(np.int64)
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
            "drug": items[:, 0],
            "consumable": items[:, 1],
            "test": items[:, 2],
            # services take the rounding, so that items sum to the charge
            "service": claims.charge - items[:, :3].sum(axis=1),
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


def drug_share(city: City, claims: Claims) -> NDArray[np.float64]:
    """Drugs in each claim's charge: the group's share, moving half as much again as intensity (assumption: drugs are added first)."""
    base = city.catalogue.shares[claims.group_true, 0]
    share: NDArray[np.float64] = np.clip(base * (1 + 0.5 * (claims.intensity - 1)), 0.0, 0.9)
    return share
