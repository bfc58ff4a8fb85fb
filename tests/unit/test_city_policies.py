"""The mixes of the five cities, as a clerk of Yuncheng would ask: who pays this stay, or this visit, in that year?"""

from __future__ import annotations

import numpy as np
import pytest

from model import setup
from model.calendar import parse_month
from model.catalogue import load_catalogue
from model.codes import KINDS, RESIDENT
from model.geography import Geography
from model.payment import get_mode
from model.policy import load_city, load_policy
from model.routing import HEADS_BOTH, HEADS_NONE, routing_of

START = parse_month("2021-01")
OWN, OTHER = HEADS_BOTH, HEADS_NONE
PNEUMONIA, SCHIZOPHRENIA, CATARACT, DIALYSIS, REHABILITATION = "ES33", "TR19", "CW19", "LL15", "XR25"


@pytest.fixture(scope="module")
def place() -> Geography:
    return setup.geography_of(load_city("yuncheng"), 0.002, START)


def mode_of(place: Geography, name: str, care: str, provider: str, relation: int, month: str) -> str:
    """Id of the mode that covers a resident's visit of a kind, or stay written as a group, at an institution."""
    policy = load_policy(name)
    modes = [entry.made(get_mode(entry.kind), START) for entry in policy.modes]
    routing = routing_of(policy, modes, place, setup.group_facts(load_catalogue()), START, parse_month(month))
    where = np.array([place.providers.name.index(provider)]), np.array([RESIDENT]), np.array([relation])
    if care in KINDS:
        return policy.modes[int(routing.of_visit(np.array([KINDS.index(care)]), *where)[0])].id
    return policy.modes[int(routing.of_stay(np.array([load_catalogue().row_of(care)]), *where)[0])].id


@pytest.mark.parametrize(
    ("policy", "care", "provider", "relation", "month", "mode"),
    [
        # Yuncheng: packages and budgets with single diseases, private hospitals per disease, one county per head
        ("yuncheng_2021", PNEUMONIA, "yongji_people", OWN, "2021-01", "package"),
        ("yuncheng_2021", PNEUMONIA, "yongji_people", OTHER, "2021-01", "ffs"),
        ("yuncheng_2021", CATARACT, "yongji_people", OWN, "2021-01", "single_disease"),
        ("yuncheng_2021", PNEUMONIA, "xinjiang_people", OWN, "2021-01", "capitation"),
        ("yuncheng_2021", "chronic", "xinjiang_primary_1", OWN, "2021-01", "capitation"),
        ("yuncheng_2021", PNEUMONIA, "city_central", OTHER, "2021-01", "global"),
        ("yuncheng_2021", "common", "city_central", OTHER, "2021-01", "ffs"),
        ("yuncheng_2021", PNEUMONIA, "city_private_1", OTHER, "2021-01", "private_disease"),
        ("yuncheng_2021", PNEUMONIA, "province_tertiary", OTHER, "2021-01", "ffs"),
        # DRG: two pilots first, then public general hospitals, those of Chinese medicine not; long stays by the day later
        ("yuncheng_2021", PNEUMONIA, "city_central", OTHER, "2022-01", "drg"),
        ("yuncheng_2021", CATARACT, "hejin_people", OWN, "2022-01", "drg"),
        ("yuncheng_2021", PNEUMONIA, "city_first", OTHER, "2022-01", "global"),
        ("yuncheng_2021", PNEUMONIA, "city_first", OTHER, "2023-01", "drg"),
        ("yuncheng_2021", PNEUMONIA, "yongji_people", OWN, "2023-01", "drg"),
        ("yuncheng_2021", PNEUMONIA, "yongji_tcm", OWN, "2023-01", "package"),
        ("yuncheng_2021", PNEUMONIA, "city_tcm", OTHER, "2023-01", "global"),
        ("yuncheng_2021", SCHIZOPHRENIA, "city_psychiatric", OTHER, "2021-01", "global"),
        ("yuncheng_2021", SCHIZOPHRENIA, "city_psychiatric", OTHER, "2023-01", "per_diem"),
        ("yuncheng_2021", REHABILITATION, "city_first", OTHER, "2023-01", "per_diem"),
        # Xuchang
        ("xuchang_2019", PNEUMONIA, "city_private_1", OTHER, "2021-01", "global"),
        ("xuchang_2019", CATARACT, "city_first", OTHER, "2021-01", "single_disease"),
        ("xuchang_2019", "chronic", "city_first", OTHER, "2021-01", "ffs"),
        # Zibo
        ("zibo_2025", PNEUMONIA, "city_first", OTHER, "2021-01", "dip"),
        ("zibo_2025", SCHIZOPHRENIA, "city_first", OTHER, "2021-01", "per_diem"),
        ("zibo_2025", DIALYSIS, "city_first", OTHER, "2021-01", "session_quota"),
        ("zibo_2025", CATARACT, "city_first", OTHER, "2021-01", "single_disease"),
        ("zibo_2025", "chronic", "yongji_primary_1", OWN, "2021-01", "capitation"),
        ("zibo_2025", "chronic", "yongji_primary_1", OTHER, "2021-01", "ffs"),
        ("zibo_2025", "emergency", "yongji_primary_1", OWN, "2021-01", "ffs"),
        ("zibo_2025", PNEUMONIA, "out_of_province", OTHER, "2021-01", "ffs"),
        # Sichuan
        ("sichuan_2021", PNEUMONIA, "yongji_clinic_1", OTHER, "2021-01", "per_diem"),
        ("sichuan_2021", SCHIZOPHRENIA, "city_psychiatric", OTHER, "2021-01", "drg_points"),
        ("sichuan_2021", "common", "yongji_primary_1", OWN, "2021-01", "capitation"),
        # Xi'an
        ("xian_2021", PNEUMONIA, "yongji_people", OWN, "2021-01", "drg"),
        ("xian_2021", PNEUMONIA, "yongji_people", OWN, "2022-01", "package"),
        ("xian_2021", PNEUMONIA, "city_central", OTHER, "2022-01", "drg"),
        ("xian_2021", "common", "yongji_primary_1", OWN, "2022-01", "capitation"),
        ("xian_2021", SCHIZOPHRENIA, "city_psychiatric", OTHER, "2022-01", "per_diem"),
    ],
)
def test_who_pays(place: Geography, policy: str, care: str, provider: str, relation: int, month: str, mode: str) -> None:
    assert mode_of(place, policy, care, provider, relation, month) == mode
