"""Who learns by which rule: one rule for all, shares of the providers, or a table by tier and ownership."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.conduct.protocol import ConductRule, Floats, Remembering, Situation, memory_size
from model.codes import OWNERSHIPS, TIERS
from model.errors import InputError, nearest

_KEYS = ("tier", "ownership", "conduct")
_FORM = "a rule's name, a Python file, a TOML table of rules, or shares such as best_response=0.6,imitation=0.4"


@dataclass(frozen=True)
class Part:
    """Providers of some tiers and ownerships (all codes where nothing is said), and the share of each rule among them, by name."""

    shares: Mapping[str, float]
    tiers: frozenset[int] = frozenset(range(len(TIERS)))
    ownerships: frozenset[int] = frozenset(range(len(OWNERSHIPS)))


@dataclass(frozen=True)
class Mixture:
    """Rules and who follows which: for each provider the first part that holds for it decides."""

    parts: tuple[Part, ...]
    table: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All rules in it, each once and sorted: their numbers are places in this list."""
        return tuple(sorted({name for part in self.parts for name in part.shares}))

    @property
    def files(self) -> tuple[Path, ...]:
        """Files it rests on: the table and users' rules."""
        rules = tuple(Path(name) for name in self.names if name.endswith(".py"))
        return rules if self.table is None else (self.table, *rules)

    def assign(self, tier: NDArray[np.int8], private: NDArray[np.bool_], uniform: Floats) -> NDArray[np.int64]:
        """Number of each provider's rule; ``uniform`` is an addressed draw a provider.

        A part's rules lie one behind the other between 0 and 1, in the order of their names: a share that grows by a tenth changes the
        rule of few others, and the order in which a user names them changes nobody's.
        """
        found = np.full(len(tier), -1, dtype=np.int64)
        for part in self.parts:
            names = sorted(part.shares)
            ends = np.array(list(accumulate(part.shares[name] for name in names)))
            which = np.minimum(np.searchsorted(ends, uniform, side="right"), len(names) - 1)
            number = np.array([self.names.index(name) for name in names])[which]
            mine = (found < 0) & np.isin(tier, list(part.tiers)) & np.isin(private.astype(int), list(part.ownerships))
            found[mine] = number[mine]
        return found


def read_mixture(text: str) -> Mixture:
    """The mixture that a user names: a rule, shares of rules, or a table in a TOML file.

    Raises:
        InputError: no such file, a table that says too little or too much, shares that are none. Rules are looked up later.
    """
    if text.endswith(".toml"):
        return _read_table(Path(text))
    return Mixture((Part(_read_shares(text, None, "conduct")),))


def decide(rules: Sequence[ConductRule], which: NDArray[np.int64], situation: Situation) -> tuple[Floats, Floats]:
    """Conduct of the next period and the memory after it, where decider *i* follows ``rules[which[i]]``.

    Every rule sees all deciders, so that one may imitate peers who learn otherwise. Memories of the rules lie side by side.
    """
    ends = list(accumulate((memory_size(rule) for rule in rules), initial=0))
    seen = [replace(situation, memory=situation.memory[..., a:b]) for a, b in pairwise(ends)]
    revised = situation.conduct.copy()
    for number, (rule, own) in enumerate(zip(rules, seen, strict=True)):
        mine = which == number
        revised[mine] = np.clip(rule.revise(own), situation.lowest, situation.highest)[mine]
    kept = [rule.remember(own, revised) if isinstance(rule, Remembering) else own.memory for rule, own in zip(rules, seen, strict=True)]
    return revised, np.concatenate(kept, axis=2)


def _read_shares(text: str, file: Path | None, path: str) -> dict[str, float]:
    """Rules and their shares, which must sum to one; a single name is everybody's."""
    where: dict[str, Any] = {"file": file, "path": path}
    if "=" not in text and "," not in text and text.strip():
        return {_name(text, file): 1.0}
    shares: dict[str, float] = {}
    for entry in text.split(","):
        given, sign, number = entry.rpartition("=")
        if not (sign and given.strip()):
            raise InputError("a mix names each rule with its share", **where, found=text, allowed=_FORM)
        name = _name(given, file)
        if name in shares:
            raise InputError("the same rule twice in a mix", **where, found=name)
        shares[name] = _share(number, where)
    if abs(sum(shares.values()) - 1) > 1e-9:
        raise InputError("the shares of a mix must sum to 1", **where, found=text, allowed=f"a sum of 1, not {sum(shares.values()):g}")
    return shares


def _name(text: str, file: Path | None) -> str:
    """A rule as it is named; a Python file named in a table lies beside the table."""
    name = text.strip()
    return str(file.parent / name) if file is not None and name.endswith(".py") else name


def _share(text: str, where: Mapping[str, Any]) -> float:
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0 < share <= 1:
        raise InputError("not a share", **where, found=text.strip(), allowed="a number above 0, at most 1")
    return share


def _read_table(file: Path) -> Mixture:
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("no such file", file=file) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"not a TOML table of rules: {error}", file=file) from None
    rows = raw.get("rule")
    if set(raw) != {"rule"} or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError("a table of rules has rows [[rule]] and nothing else", file=file, found=list(raw), allowed=["[[rule]]"])
    parts = tuple(_part(row, file, f"rule[{number}]") for number, row in enumerate(rows))
    if set(rows[-1]) != {"conduct"}:
        raise InputError("the last rule must hold for everybody else", file=file, path=f"rule[{len(rows) - 1}]", allowed="conduct alone")
    return Mixture(parts, file)


def _part(row: Mapping[str, object], file: Path, path: str) -> Part:
    for key in row:
        if key not in _KEYS:
            raise InputError("unknown key", file=file, path=f"{path}.{key}", allowed=_KEYS, nearest=nearest(key, _KEYS))
    conduct = row.get("conduct")
    if not isinstance(conduct, str):
        raise InputError("which rule is missing", file=file, path=f"{path}.conduct", found=conduct, allowed=_FORM)
    return Part(
        shares=_read_shares(conduct, file, f"{path}.conduct"),
        tiers=_codes(row.get("tier"), TIERS, file, f"{path}.tier"),
        ownerships=_codes(row.get("ownership"), OWNERSHIPS, file, f"{path}.ownership"),
    )


def _codes(given: object, known: tuple[str, ...], file: Path, path: str) -> frozenset[int]:
    """Codes of one name or several; all of them where nothing is said."""
    names = list(known) if given is None else given if isinstance(given, list) else [given]
    for name in names:
        if name not in known:
            raise InputError("unknown name", file=file, path=path, found=name, allowed=known, nearest=nearest(str(name), known))
    return frozenset(known.index(name) for name in names)
