"""Codes are positions: constants, lists and age bands agree."""

from __future__ import annotations

import numpy as np
import pytest

from model import codes
from model.errors import InputError


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (codes.SCHEMES, ""),
        (codes.TIERS, ""),
        (codes.OWNERSHIPS, ""),
        (codes.KINDS, ""),
        (codes.SEVERITIES, ""),
        (codes.BENEFIT_CLASSES, "CLASS_"),
        (codes.PROVIDER_KINDS, "SPECIALTY_"),
        (codes.SEXES, ""),
    ],
)
def test_constants_are_positions(names: tuple[str, ...], prefix: str) -> None:
    assert [getattr(codes, (prefix + name).upper()) for name in names] == list(range(len(names)))


def test_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'tertiary'"):
        codes.code_of("tertiery", codes.TIERS)


def test_age_bands_begin_where_they_say() -> None:
    starts = np.asarray(codes.AGE_BANDS)
    assert codes.age_band(starts).tolist() == [0, 1, 2, 3, 4, 5]
    assert codes.age_band(starts[1:] - 0.01).tolist() == [0, 1, 2, 3, 4]
    assert len(codes.AGE_BAND_NAMES) == len(codes.AGE_BANDS)
