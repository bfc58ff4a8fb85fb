"""The code lists: what each small integer in a column stands for. The code is the position in the tuple."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import InputError, nearest

SCHEMES = ("employee", "resident")
"""职工 and 城乡居民 basic medical insurance."""
EMPLOYEE, RESIDENT = range(2)

TIERS = ("primary", "secondary", "tertiary")
"""Grade of an institution: 一级及以下, 二级, 三级."""
PRIMARY, SECONDARY, TERTIARY = range(3)

OWNERSHIPS = ("public", "private")
PUBLIC, PRIVATE = range(2)

KINDS = ("common", "chronic", "emergency", "dialysis", "inpatient", "psychiatric")
"""Kind of care an episode asks for."""
COMMON, CHRONIC, EMERGENCY, DIALYSIS, INPATIENT, PSYCHIATRIC = range(6)
VISIT_KINDS = KINDS[:INPATIENT]
"""Kinds that are outpatient care; their codes come first."""
NEED_KINDS = VISIT_KINDS[:DIALYSIS]
"""Kinds of visits that people come to need now and then; sessions of dialysis are a standing need."""
STAY_KINDS = KINDS[INPATIENT:]
"""Kinds that are stays in bed; the disease group says which."""
BENEFIT_KINDS = ("common", "chronic", "emergency", "dialysis", "inpatient")
"""Kinds of care that the benefit rules tell apart: to them all stays are alike."""
BENEFIT_KIND = (COMMON, CHRONIC, EMERGENCY, DIALYSIS, INPATIENT, INPATIENT)
"""What each of ``KINDS`` is to the benefit rules."""

SEVERITIES = ("mild", "moderate", "severe")
MILD, MODERATE, SEVERE = range(3)

CONDITIONS = ("hypertension", "diabetes", "copd", "heart_disease", "stroke", "cancer")
"""Chronic conditions; code i is bit i of a person's chronic mask."""

BENEFIT_CLASSES = ("primary", "county", "city_secondary", "tertiary", "out_of_province")
"""Classes of institution that a benefit schedule tells apart."""
CLASS_PRIMARY, CLASS_COUNTY, CLASS_CITY_SECONDARY, CLASS_TERTIARY, CLASS_OUT_OF_PROVINCE = range(5)

LAYERS = ("second", "supplement", "poor_supplement", "fourth", "aid", "tilt")
"""Layers above the basic one in legal order: 大病保险 or 大额, 公务员及企业补充, 困难群众大病补充, 医保帮扶, 医疗救助, 倾斜救助."""
SECOND, SUPPLEMENT, POOR_SUPPLEMENT, FOURTH, AID, TILT = range(6)

STANDINGS = ("ordinary", "poor", "destitute", "low_income", "sick_poor", "civil_servant")
"""What entitles a person to layers beyond the second: 普通, 低保及脱贫人口, 特困, 低保边缘, 因病致贫, 公务员及有企业补充的职工."""

MEMBERS = ("employee", "resident", "retired")
"""Whose basic benefits differ: active employees, residents, retired employees; the first two have the codes of the schemes."""
RETIRED = 2

REFERRALS = ("local", "referred", "unreferred")
"""How a patient comes to a stay: no rule of referral applies, referred (registered, or an emergency), or neither."""

PROVIDER_KINDS = ("general", "tcm", "psychiatric", "maternity")
SPECIALTY_GENERAL, SPECIALTY_TCM, SPECIALTY_PSYCHIATRIC, SPECIALTY_MATERNITY = range(4)

INCOME_FIFTHS = (1, 2, 3, 4, 5)
"""Fifths of income per head, poorest first; the code is the fifth less one."""

SEXES = ("male", "female")
MALE, FEMALE = range(2)

AGE_BANDS = (0, 5, 15, 45, 60, 75)
"""First year of age of each of the six bands; a band ends where the next begins, the last is open."""

AGE_BAND_NAMES = ("0_4", "5_14", "15_44", "45_59", "60_74", "75p")
"""The bands as the tables' column names end (``inc_0_4`` … ``inc_75p``)."""


def code_of(name: str, names: Sequence[str]) -> int:
    """The code of ``name`` in one of the lists above.

    Raises:
        InputError: the list has no such name.

    >>> code_of("tertiary", TIERS)
    2
    """
    if name not in names:
        raise InputError("unknown name", found=name, allowed=names, nearest=nearest(name, names))
    return names.index(name)


def age_band(age: ArrayLike) -> NDArray[np.int8]:
    """The code of the age band of each age in whole or part years (ages below 0 count as 0).

    >>> age_band([0, 4, 5, 44, 45, 100]).tolist()
    [0, 0, 1, 2, 3, 5]
    """
    return np.searchsorted(np.asarray(AGE_BANDS[1:]), np.asarray(age), side="right").astype(np.int8)
