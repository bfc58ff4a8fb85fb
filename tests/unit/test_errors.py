"""The message of an input error holds what is known, survives a process boundary, and nearest names are found."""

from __future__ import annotations

import pickle
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from model.errors import InputError, nearest


def test_only_what_is_known_is_said() -> None:
    assert str(InputError("not UTF-8", file=Path("a.toml"))) == "a.toml: not UTF-8"


def test_everything_known_is_said_in_one_line() -> None:
    error = InputError("unknown key", file="a.toml", path="funds.x", found="premum", allowed=["premium", "subsidy"], nearest="premium")
    assert str(error) == "a.toml: funds.x: unknown key: found 'premum'; allowed: premium, subsidy; did you mean 'premium'?"


def test_allowed_may_be_words_or_numbers() -> None:
    assert (
        str(InputError("out of range", found=0.0, allowed="more than 0 up to 1")) == "out of range: found 0.0; allowed: more than 0 up to 1"
    )
    assert str(InputError("bad fifth", found=9, allowed=(1, 2))).endswith("allowed: 1, 2")


@given(st.text(max_size=500))
def test_message_is_one_short_line_whatever_was_found(found: str) -> None:
    text = str(InputError("bad", found=found))
    assert "\n" not in text
    assert len(text) < 120


def test_error_survives_pickling() -> None:
    error = InputError("unknown city", path="--city", found="yunchen", allowed=["yuncheng"], nearest="yuncheng")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, InputError)
    assert str(again) == str(error)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6), st.data())
def test_a_candidate_is_its_own_nearest_up_to_case(candidates: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(candidates))
    found = nearest(name, candidates)
    assert found is not None
    assert found.casefold() == name.casefold()


def test_far_names_have_no_nearest() -> None:
    assert nearest("zzz", ["dip", "ffs"]) is None
    assert nearest("zzz", []) is None
