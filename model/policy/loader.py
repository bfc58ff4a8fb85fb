"""Reading settings files strictly: by name or by path, one clear message for whatever is wrong."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

import data
from model.errors import InputError, nearest
from model.policy.behaviour_file import BehaviourFile
from model.policy.city_file import CityFile, FittedLevels
from model.policy.leaf import Leaf, source_problem
from model.policy.policy_file import PolicyFile
from model.policy.section import Section

__all__ = [
    "list_cities",
    "list_policies",
    "load_behaviour",
    "load_city",
    "load_policy",
    "read_text",
    "replaced",
    "walk",
    "write_fitted",
]


LARGEST_FILE = 16 << 20
"""Bytes that are read of a settings file; hundreds of times the largest that is shipped."""


def list_cities() -> list[str]:
    """Names of the cities that come with the project."""
    return _names("cities")


def list_policies() -> list[str]:
    """Names of the policies that come with the project."""
    return _names("policies")


def load_city(name_or_path: str | Path) -> CityFile:
    """A city by name, or from a TOML file."""
    return _load(CityFile, _find(name_or_path, "cities", "city"))


def load_policy(name_or_path: str | Path) -> PolicyFile:
    """A policy by name, or from a TOML file."""
    file = _find(name_or_path, "policies", "policy")
    policy = _load(PolicyFile, file)
    policy._file = file
    return policy


def load_behaviour(path: str | Path | None = None) -> BehaviourFile:
    """The conduct and supervision parameters, shipped or from a TOML file."""
    return _load(BehaviourFile, data.folder("behaviour.toml") if path is None else Path(path))


def walk(section: Section) -> Iterator[tuple[str, Leaf]]:
    """Every leaf below a section with its dotted path, in file order.

    Numbers in the rows of a list (counties, institutions, targets) come as leaves too: they share
    the source of their row.
    """
    yield from _walk(section, "")


def replaced[S: Section](section: S, change: Callable[[str, Leaf], Leaf]) -> S:
    """A copy of a section in which every leaf is what ``change(dotted path, leaf)`` makes of it; what stays the same is shared."""
    return cast(S, _replaced(section, change, ""))


def _replaced(found: Any, change: Callable[[str, Leaf], Leaf], path: str) -> Any:
    if isinstance(found, Leaf):
        return change(path, found)
    if isinstance(found, Section):
        parts = {key: _replaced(value, change, f"{path}.{key}".lstrip(".")) for key, value in found.items()}
        return found.model_copy(update={found.field_of(key): part for key, part in parts.items() if part is not found[key]})
    if isinstance(found, dict):
        return {key: _replaced(value, change, f"{path}.{key}") for key, value in found.items()}
    return found


def changed_between(section: Section, first: int, last: int) -> bool:
    """Whether any value below a section changed after month ``first`` and not after month ``last`` (indices)."""
    return any(entry.start is not None and first < entry.start <= last for _, leaf in walk(section) for entry in leaf.history)


def write_fitted(path: str | Path, fitted: Mapping[str, Any], source: str = "fitted: experiments calibration") -> None:
    """Rewrite only the `[fitted]` section of a city file; every other byte stays.

    `fitted` nests like `FittedLevels`; its values are numbers. Nothing is written if the result
    would not be a valid city file.
    """
    file = Path(path)
    text = read_text(file)
    before, after = _around_fitted(text)
    new = before + _fitted_text(fitted, source, file) + after
    old_raw, new_raw = _parse(text, file), _parse(new, file)
    old_raw.pop("fitted", None)
    rest = {key: value for key, value in new_raw.items() if key != "fitted"}
    if rest != old_raw:
        raise InputError("the [fitted] section cannot be told from the rest", file=file, path="fitted")
    validated(CityFile, new_raw, file)
    _replace(file, new)


def _names(folder: str) -> list[str]:
    return sorted(file.stem for file in data.folder(folder).glob("*.toml"))


def _find(name_or_path: str | Path, folder: str, what: str) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return Path(name_or_path)
    names = _names(folder)
    if text not in names:
        raise InputError(f"unknown {what}", found=text, allowed=[*names, "or a path to a .toml file"], nearest=nearest(text, names))
    return data.folder(folder, f"{text}.toml")


def _load[S: Section](model: type[S], file: Path) -> S:
    return validated(model, _parse(read_text(file), file), file)


def read_text(file: Path) -> str:
    """The text of a settings file.

    Raises:
        InputError: no such file, one that is not UTF-8 text, or one that is far larger than any that a person has written.
    """
    try:
        with file.open("rb") as opened:
            held = opened.read(LARGEST_FILE + 1)
        if len(held) > LARGEST_FILE:
            raise InputError("too large", file=file, allowed=f"at most {LARGEST_FILE >> 20} MiB")
        return held.decode("utf-8")
    except FileNotFoundError:
        near = nearest(file.name, [other.name for other in file.parent.glob("*.toml")]) if file.parent.is_dir() else None
        raise InputError("no such file", file=file, nearest=near) from None
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=file, found=f"byte {error.start}", allowed="UTF-8") from None
    except IsADirectoryError:
        raise InputError("a folder, not a file", file=file, allowed="a TOML file") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file) from None


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:  # TOMLDecodeError, or a number of more digits than Python reads
        raise InputError(f"not TOML: {error}", file=file) from None
    except RecursionError:
        raise InputError("not TOML: nested too deeply", file=file) from None


def validated[S: Section](model: type[S], raw: dict[str, Any], file: Path) -> S:
    """Parsed TOML as a section, its sources checked; `file` is named in messages only."""
    try:
        section = model.model_validate(raw)
    except ValidationError as error:
        raise _translated(error, file) from None
    _check_sources(section, file)
    return section


def _translated(error: ValidationError, file: Path) -> InputError:
    """The first complaint of the schema as one `InputError`."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    path = _dotted(first["loc"])
    if first["type"] == "settings":
        return InputError(
            context["what"],
            file=file,
            path=(path + context["at"]).lstrip("."),
            found=_tellable(context["found"]),
            allowed=context["allowed"],
            nearest=context["nearest"],
        )
    if first["type"] == "missing":
        return InputError(f"missing key: {first['loc'][-1]}", file=file, path=path)
    names = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    return InputError(
        first["msg"][0].lower() + first["msg"][1:],
        file=file,
        path=path,
        found=_tellable(first["input"]),
        allowed=names or None,
        nearest=nearest(str(_tellable(first["input"])), names) if names else None,
    )


def _tellable(found: object) -> object:
    """What was found, unless it is a number of more digits than Python prints."""
    try:
        repr(found)
    except ValueError:
        return "a number of thousands of digits"
    return found


def _dotted(loc: tuple[int | str, ...]) -> str:
    path = ""
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".")


def _check_sources(section: Section, file: Path) -> None:
    known: Mapping[str, str] = section["sources"]
    for path, value in walk(section):
        for entry in value.history:
            wrong = source_problem(entry.source, known)
            if wrong is not None:
                what, allowed, near = wrong
                where = f"{path}.source"
                raise InputError(what, file=file, path=where, found=entry.source, allowed=allowed, nearest=near)


def _walk(value: Any, path: str) -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, Leaf):
        yield path, value
    elif isinstance(value, Section):
        source = getattr(value, "source", None)
        for key, part in value.items():
            if isinstance(source, str) and _is_number(part):
                yield f"{path}.{key}".lstrip("."), Leaf.constant(part, _row_unit(key), source)
            else:
                yield from _walk(part, f"{path}.{key}".lstrip("."))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _walk(part, f"{path}.{key}".lstrip("."))
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            name = getattr(part, "name", None) or getattr(part, "id", i)
            yield from _walk(part, f"{path}[{name}]")


ROW_UNITS = {
    "share": "share",
    "townships": "institution",
    "minutes_to_city": "minute",
    "minutes": "minute",
    "beds": "bed",
    "amount": "yuan",
}


def _row_unit(key: str) -> str:
    return ROW_UNITS.get(key, "indicator's unit")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


HEADER = re.compile(r"^\s*\[+\s*([A-Za-z0-9_\"'-]+)")


def _around_fitted(text: str) -> tuple[str, str]:
    """The text before and after the `[fitted…]` tables, which must stand together."""
    lines = text.splitlines(keepends=True)
    inside = [False] * len(lines)
    now = False
    for i, line in enumerate(lines):
        header = HEADER.match(line)
        if header:
            now = header.group(1) == "fitted"
        inside[i] = now
    if not any(inside):
        return text + ("" if not text or text.endswith("\n") else "\n") + ("\n" if text.strip() else ""), ""
    first = inside.index(True)
    last = len(inside) - 1 - inside[::-1].index(True)
    return "".join(lines[:first]), "".join(lines[last + 1 :])


def _fitted_text(fitted: Mapping[str, Any], source: str, file: Path) -> str:
    lines = ["[fitted]"]
    for path, value in _flat(fitted, ()):
        unit = _fitted_unit(path, file)
        lines.append(f"{'.'.join(path)} = {{ value = {value!r}, unit = {_quoted(unit)}, source = {_quoted(source)} }}")
    return "\n".join(lines) + "\n"


def _flat(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    for key, part in value.items():
        if isinstance(part, Mapping):
            yield from _flat(part, (*path, key))
        else:
            yield (*path, key), float(part)


def _fitted_unit(path: tuple[str, ...], file: Path) -> str:
    if path[0] not in FittedLevels.key_names():
        allowed = FittedLevels.key_names()
        near = nearest(path[0], allowed)
        raise InputError("unknown key", file=file, path=f"fitted.{path[0]}", found=path[0], allowed=allowed, nearest=near)
    return "utility" if path[0].endswith("constant") else "factor"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _replace(file: Path, text: str) -> None:
    """Write beside the file first, so that it is never half written."""
    beside = file.with_name(file.name + ".new")
    try:
        beside.write_bytes(text.encode("utf-8"))
        beside.replace(file)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=file) from None
