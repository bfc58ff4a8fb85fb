"""Random numbers are the published Philox, uniform, addressed by who asks for what, and the same on any number of threads."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model import streams
from model.decisions import Decision

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)

# Random123 1.14, tests/kat_vectors, philox4x32 10 rounds: counter, key, answer
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> list[np.uint32]:
    return [np.uint32(int(word, 16)) for word in text.split()]


def people(count: int) -> NDArray[np.uint64]:
    return np.arange(count, dtype=np.uint64)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_published_answers(counter: str, key: str, answer: str) -> None:
    assert list(streams.philox(*words(counter), *words(key))) == words(answer)


def plain_philox(counter: list[int], key: list[int]) -> list[int]:
    """The algorithm once more in plain Python integers, as its paper puts it."""
    (x0, x1, x2, x3), (k0, k1) = counter, key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x0, 0xCD9E8D57 * x2
        x0, x1, x2, x3 = (p1 >> 32) ^ x1 ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ x3 ^ k1, p0 & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [x0, x1, x2, x3]


@given(st.lists(U32, min_size=4, max_size=4), st.lists(U32, min_size=2, max_size=2))
def test_any_counter_and_key_agrees_with_plain_integers(counter: list[int], key: list[int]) -> None:
    assert list(streams.philox(*map(np.uint32, counter), *map(np.uint32, key))) == plain_philox(counter, key)


@given(U64, st.sampled_from(Decision), st.integers(0, 2200 * 12), st.integers(0, 7), U64)
def test_an_address_is_laid_out_as_documented(seed: int, decision: Decision, month: int, block: int, who: int) -> None:
    expected = plain_philox([who & 0xFFFFFFFF, who >> 32, month * 8 + block, int(decision)], [seed & 0xFFFFFFFF, seed >> 32])
    made = streams.uniforms(seed, decision, month, np.array([who], dtype=np.uint64), block)
    assert made.tolist() == [[(x + 0.5) / 2**32 for x in expected]]


def test_the_same_bytes_on_one_thread_and_on_two() -> None:
    before = numba.get_num_threads()
    try:
        made = []
        for threads in (1, 2):
            numba.set_num_threads(threads)
            made.append(streams.uniforms(7, Decision.CHOOSE_VISIT, 24258, people(50_001)).tobytes())
    finally:
        numba.set_num_threads(before)
    assert made[0] == made[1]


def test_order_and_company_change_nobodys_numbers() -> None:
    everybody = streams.uniforms(7, Decision.CHOOSE_VISIT, 24258, people(1000))
    some = people(1000)[::-3]  # in another order, not contiguous, with fewer people
    assert np.array_equal(streams.uniforms(7, Decision.CHOOSE_VISIT, 24258, some), everybody[::-3])


def test_every_part_of_the_address_matters() -> None:
    base = streams.uniforms(7, Decision.CHOOSE_VISIT, 24258, people(100))
    for other in (
        streams.uniforms(8, Decision.CHOOSE_VISIT, 24258, people(100)),
        streams.uniforms(7 + 2**32, Decision.CHOOSE_VISIT, 24258, people(100)),
        streams.uniforms(7, Decision.AUDIT, 24258, people(100)),
        streams.uniforms(7, Decision.CHOOSE_VISIT, 24259, people(100)),
        streams.uniforms(7, Decision.CHOOSE_VISIT, 24258, people(100), block=1),
        streams.uniforms(7, Decision.CHOOSE_VISIT, 24258, people(100) + np.uint64(2**32)),
    ):
        assert not np.isin(other, base).any()


def test_numbers_are_uniform_and_columns_independent() -> None:
    made = streams.uniforms(1, Decision.POPULATION, 24252, people(200_000))
    spread = np.sqrt(1 / 12 / len(made))
    assert np.abs(made.mean(axis=0) - 0.5).max() < 5 * spread
    assert np.abs(made.var(axis=0) - 1 / 12).max() < 0.001
    off_diagonal = np.corrcoef(made.T) - np.eye(4)
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(len(made))


@given(U32)
def test_unit_intervals_are_open(x: int) -> None:
    for made in (streams.u01(np.uint32(x)), float(streams.u01_single(np.uint32(x)))):
        assert 0 < made < 1
        assert made == pytest.approx((x + 0.5) / 2**32, abs=2**-23)


def test_extremes_of_the_unit_interval() -> None:
    assert streams.u01(np.uint32(2**32 - 1)) == 1 - 2.0**-33
    assert streams.u01_single(np.uint32(2**32 - 1)) == np.float32(1 - 2.0**-24)


def test_nobody_gets_nothing() -> None:
    assert streams.uniforms(1, Decision.CHOOSE_VISIT, 0, people(0)).shape == (0, 4)


@pytest.mark.parametrize(("seed", "month", "block"), [(-1, 0, 0), (2**64, 0, 0), (0, -1, 0), (0, 0, 8), (0, 0, -1), (0, 2**29, 0)])
def test_addresses_that_do_not_exist_are_refused(seed: int, month: int, block: int) -> None:
    with pytest.raises(ValueError, match="seed|block"):
        streams.uniforms(seed, Decision.CHOOSE_VISIT, month, people(1), block)


def test_signed_addresses_are_refused() -> None:
    with pytest.raises(TypeError, match="int64"):
        streams.uniforms(1, Decision.CHOOSE_VISIT, 0, np.arange(3))  # type: ignore[arg-type]


def test_decisions_keep_their_numbers() -> None:
    """A changed number changes every run ever made: extend the list, never renumber it."""
    assert (Decision.POPULATION, Decision.CHOOSE_VISIT, Decision.AUDIT, Decision.CONDUCT_ERROR) == (1, 13, 21, 24)
    assert len({int(d) for d in Decision}) == len(Decision)
    assert all(0 < d < 2**32 for d in Decision)
