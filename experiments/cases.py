"""Case files: situations and expected results that a clerk wrote down, computed by the code that the simulation runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from experiments.case_fields import CaseError, Expected, Field, checked_keys, difference, read_expected, shown
from experiments.toml_lines import Place, lines_of
from model.errors import InputError, nearest

KINDS: Mapping[str, str] = {
    "bill": "experiments.case_bill",
    "year": "experiments.case_year",
    "rule": "experiments.case_rule",
}
"""Where each kind of case is read: a module with ``KEYS`` and ``prepare``."""
COMMON: Mapping[str, bool] = {"id": False, "kind": False, "title": False, "source": False, "caveat": True, "expect": False}
"""Keys of every case, and whether they may be absent."""

OWN = "own"
"""The word that opens a source where nobody published the case."""


@dataclass(frozen=True)
class Line:
    """One line of an explanation: what, how much, and by which rule or source."""

    label_zh: str
    label_en: str
    value: str
    rule: str = ""


def lines_in_force(section: Any, month: int, wanted: Callable[[str], bool]) -> list[Line]:
    """The values of a city or policy file that were in force in a month, at the paths wanted, each with its source."""
    from experiments.explaining import plain
    from model.policy.loader import walk

    found = [(path, leaf.unit, leaf.entry_at(month)) for path, leaf in walk(section) if wanted(path)]
    sources = section["sources"]
    lines = []
    for path, unit, entry in found:
        key = entry.source.partition(":")[0].partition(";")[0].strip()
        source = entry.source if key not in sources else f"{entry.source} ({sources[key]})"
        lines.append(Line(path, path, f"{plain(entry.value)} {unit}", source))
    return lines


@dataclass(frozen=True)
class Prepared:
    """A case that has been read and can be computed.

    Attributes:
        compute: gives the results by name, in the measures of ``outputs``; a list or a table where the field says so.
        outputs: what may be expected.
        explain: the lines of the whole way, in the order in which it is gone.
    """

    compute: Callable[[], Mapping[str, Any]]
    outputs: Mapping[str, Field]
    explain: Callable[[], list[Line]]


@dataclass(frozen=True)
class Expectation:
    """One expected number: its name (``paid.A`` in a table, ``basic[0]`` in a list), its place in the results, its printed value."""

    name: str
    key: str
    inner: str | int | None
    field: Field
    expected: Expected


@dataclass(frozen=True)
class Case:
    """One case of a file."""

    id: str
    kind: str
    title: str
    source: str
    caveat: str
    where: str
    prepared: Prepared
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Row:
    """One comparison, as it is printed; ``gap`` is nothing where expected and computed agree."""

    what: str
    expected: str
    computed: str
    gap: str | None


@dataclass(frozen=True)
class Outcome:
    """What came out of a case."""

    case: Case
    rows: tuple[Row, ...]

    @property
    def fails(self) -> bool:
        """Whether anything is not as expected."""
        return any(row.gap is not None for row in self.rows)


def case_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and all ``.toml`` files below the folders named.

    Raises:
        InputError: nothing there.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(file for file in path.rglob("*.toml") if file.is_file()) if path.is_dir() else [path]
        if not found:
            raise InputError("no case file in this folder", file=path, allowed="files that end in .toml")
        files += found
    return files


def load_cases(file: Path) -> list[Case]:
    """All cases of a file, read strictly.

    Raises:
        InputError: no such file, no TOML, or anything in it that is not as the format says; it names file, line and key.
    """
    from model.policy.loader import read_text

    text = read_text(file).removeprefix("\ufeff")
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        told = re.search(r"line (\d+)", str(error))
        raise InputError(f"not TOML: {error}", file=file, line=int(told[1]) if told else None) from None
    lines = lines_of(text)
    try:
        return _read(raw, file, lines)
    except CaseError as error:
        raise _placed(error, file, lines, raw) from None


def run_case(case: Case) -> Outcome:
    """Compute a case and hold it against what it expects.

    Raises:
        InputError: the model refuses the situation.
    """
    try:
        computed = case.prepared.compute()
    except (InputError, ValueError) as error:
        raise InputError(f"cannot be computed: {error}", file=case.where, path=f"case[{case.id}]") from error
    return Outcome(case, tuple(_compared(one, computed) for one in case.expectations))


def explain_case(case: Case) -> list[Line]:
    """The whole way of a case, line by line.

    Raises:
        InputError: the model refuses the situation.
    """
    try:
        return case.prepared.explain()
    except (InputError, ValueError) as error:
        raise InputError(f"cannot be computed: {error}", file=case.where, path=f"case[{case.id}]") from error


def _compared(one: Expectation, computed: Mapping[str, Any]) -> Row:
    value = computed[one.key] if one.inner is None else computed[one.key][one.inner]
    gap = difference(one.expected, value)
    told = None if gap is None else "≠" if gap.is_nan() else _signed(gap, one)
    return Row(one.name, one.expected.written, shown(value, one.field, one.expected), told)


def _signed(gap: Decimal, one: Expectation) -> str:
    text = shown(int(gap) if gap == gap.to_integral_value() else gap, one.field, one.expected)
    return text if gap < 0 else f"+{text}"


def _read(raw: dict[str, Any], file: Path, lines: Mapping[Place, int]) -> list[Case]:
    checked_keys(raw, {"case": False, "sources": True}, ())
    if not isinstance(raw["case"], list):
        raise CaseError("cases are written as [[case]]", ("case",), found=raw["case"])
    sources = checked_keys(raw.get("sources", {}), dict.fromkeys(raw.get("sources", {}), True), ("sources",))
    for key in sources:
        _text(sources, key, ("sources",))
    cases: list[Case] = []
    for number, entry in enumerate(raw["case"]):
        case = _case(entry, ("case", number), sources, file, lines)
        if case.id in [other.id for other in cases]:
            raise CaseError("the same id twice", ("case", number, "id"), found=case.id)
        cases.append(case)
    return cases


def _case(raw: object, place: Place, sources: Mapping[str, str], file: Path, lines: Mapping[Place, int]) -> Case:
    if not isinstance(raw, dict):
        raise CaseError("cases are written as [[case]]", place, found=raw)
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        at = (*place, "kind") if "kind" in raw else place
        near = nearest(kind, KINDS) if isinstance(kind, str) else None
        raise CaseError("unknown kind" if kind else "missing key: kind", at, found=kind, allowed=tuple(KINDS), near=near)
    reader = import_module(KINDS[kind])
    checked_keys(raw, {**COMMON, **reader.KEYS}, place)
    texts = {key: _text(raw, key, place) for key in ("id", "title", "source", "caveat") if key in raw}
    try:
        prepared: Prepared = reader.prepare(raw, place, file.parent)
    except (InputError, ValueError) as error:
        raise CaseError(str(error), place) from error
    expectations = tuple(_expectations(raw["expect"], prepared.outputs, (*place, "expect")))
    where = f"{file}:{lines.get(place, 1)}"
    source = _source(texts["source"], sources, (*place, "source"))
    return Case(texts["id"], kind, texts["title"], source, texts.get("caveat", ""), where, prepared, expectations)


def _source(written: str, sources: Mapping[str, str], place: Place) -> str:
    """A source in full: a key of ``[sources]``, alone or with ``: where`` or ``; remark``, or ``own: how``."""
    match = re.match(r"(\w*)\s*([:;]?)\s*(.*)", written.strip(), re.DOTALL)
    key, colon, remark = match.groups() if match else (written, "", "")
    if key == OWN and remark:
        return remark
    if key not in sources or bool(colon) != bool(remark):
        allowed = (*sources, f"{OWN}: how it was worked out")
        raise CaseError("unknown source", place, found=written, allowed=allowed, near=nearest(key, sources))
    return f"{sources[key]}; {remark}" if remark else sources[key]


def _text(raw: Mapping[str, Any], key: str, place: Place) -> str:
    if not isinstance(raw[key], str) or (key != "caveat" and not raw[key].strip()):
        raise CaseError("a text is expected", (*place, key), found=raw[key])
    return str(raw[key])


def _expectations(raw: object, outputs: Mapping[str, Field], place: Place) -> Iterator[Expectation]:
    table = checked_keys(raw, dict.fromkeys(outputs, True), place)
    if not table:
        raise CaseError("nothing is expected", place, allowed=tuple(outputs))
    for key, value in table.items():
        field, at = outputs[key], (*place, key)
        if field.shape == "one":
            yield Expectation(key, key, None, field, read_expected(value, field, at))
        elif field.shape == "table":
            for name, inner in checked_keys(value, dict.fromkeys(field.choices, True), at).items():
                yield Expectation(f"{key}.{name}", key, name, field, read_expected(inner, field, (*at, name)))
        else:
            for i, inner in enumerate(_list(value, field, at)):
                yield Expectation(f"{key}[{i + 1}]", key, i, field, read_expected(inner, field, (*at, i)))


def _list(raw: object, field: Field, place: Place) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise CaseError("a list is expected", place, found=raw, allowed=f"{field.length or 'several'} values")
    if field.length is not None and len(raw) != field.length:
        raise CaseError("wrong length", place, found=len(raw), allowed=field.length)
    return raw


def _placed(error: CaseError, file: Path, lines: Mapping[Place, int], raw: Mapping[str, Any]) -> InputError:
    """The complaint with its line: that of the place, or of what it stands in."""
    place = error.place
    while place and place not in lines:
        place = place[:-1]
    path = ""
    for i, part in enumerate(error.place):
        path += f"[{_name(raw, error.place[: i + 1])}]" if isinstance(part, int) else f".{part}"
    found = float(error.found) if isinstance(error.found, Decimal) else error.found
    return InputError(
        error.what,
        file=file,
        path=path.lstrip(".") or None,
        found=found,
        allowed=error.allowed,
        nearest=error.near,
        line=lines.get(place),
    )


def _name(raw: Any, place: Place) -> str:
    """What an entry of a list calls itself, or its number from 1."""
    for part in place:
        raw = raw[part]
    named = next((raw[key] for key in ("id", "name") if isinstance(raw.get(key), str)), None) if isinstance(raw, dict) else None
    return named or str(int(place[-1]) + 1)
