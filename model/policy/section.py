"""A section: one strict table of a settings file, read by attribute or by name."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.catalogue import ITEMS
from model.codes import CONDITIONS, NEED_KINDS, SCHEMES, SEVERITIES, TIERS
from model.errors import nearest
from model.policy.leaf import problem

__all__ = [
    "ByAuditedChannel",
    "ByCondition",
    "ByItem",
    "ByOwnership",
    "ByScheme",
    "BySeverity",
    "ByTier",
    "ByVisitKind",
    "Label",
    "Rows",
    "Section",
    "Texts",
]

Texts = Annotated[tuple[str, ...], Field(strict=False)]
"""A list of texts."""

type Rows[T] = Annotated[tuple[T, ...], Field(strict=False)]
"""A list of tables."""


class Section(BaseModel):
    """A table that refuses unknown keys; `section["key"]` and `section.key` are the same."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, raw: Any) -> Any:
        if isinstance(raw, Section):
            return raw
        if not isinstance(raw, dict):
            raise problem("a table is expected", found=raw, allowed=cls.key_names())
        for key in raw:
            if key not in cls.key_names():
                near = nearest(key, cls.key_names())
                raise problem("unknown key", at=f".{key}", found=key, allowed=cls.key_names(), near=near)
        return raw

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """The keys this table may hold, as they are written in the file."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def field_of(cls, key: str) -> str:
        """The attribute that a key of the file is kept in."""
        for name, field in cls.model_fields.items():
            if key in (field.alias, name):
                return name
        raise KeyError(key)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self  # nothing in a section can change

    def __reduce__(self) -> tuple[Any, ...]:
        return _revived, (_coded(type(self)), self.__getstate__())

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self.field_of(key))

    def __contains__(self, key: object) -> bool:
        return key in self.key_names()

    def keys(self) -> tuple[str, ...]:
        """The keys of the table."""
        return self.key_names()

    def given(self) -> list[str]:
        """The keys that hold something."""
        return [key for key, value in self.items() if value is not None]

    def items(self) -> Iterator[tuple[str, Any]]:
        """Pairs of key and value."""
        return ((key, self[key]) for key in self.key_names())


def _coded(kind: Any) -> Any:
    """A class in a form that pickles: `ByScheme[X]` is known by its parts only."""
    generic = getattr(kind, "__pydantic_generic_metadata__", {"origin": None})
    if generic["origin"] is None:
        return kind
    return generic["origin"], tuple(_coded(part) for part in generic["args"])


def _decoded(code: Any) -> Any:
    if isinstance(code, tuple):
        return code[0][tuple(_decoded(part) for part in code[1])]
    return code


def _revived(code: Any, state: dict[Any, Any]) -> Section:
    kind = _decoded(code)
    section: Section = kind.__new__(kind)
    section.__setstate__(state)
    return section


class Label(Section):
    """A text in the two languages of the project."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class ByScheme[T](Section):
    """One entry a scheme (`model.codes.SCHEMES`)."""

    employee: T
    resident: T


class ByTier[T](Section):
    """One entry a tier (`model.codes.TIERS`)."""

    primary: T
    secondary: T
    tertiary: T


class ByOwnership[T](Section):
    """One entry a kind of owner (`model.codes.OWNERSHIPS`)."""

    public: T
    private: T


class BySeverity[T](Section):
    """One entry a severity band (`model.codes.SEVERITIES`)."""

    mild: T
    moderate: T
    severe: T


class ByVisitKind[T](Section):
    """One entry a kind of visit that people come to need (`model.codes.NEED_KINDS`)."""

    common: T
    chronic: T
    emergency: T


class ByItem[T](Section):
    """One entry an item class of a bill (`model.catalogue.ITEMS`)."""

    drug: T
    consumable: T
    test: T
    service: T


class ByCondition[T](Section):
    """One entry a chronic condition (`model.codes.CONDITIONS`)."""

    hypertension: T
    diabetes: T
    copd: T
    heart_disease: T
    stroke: T
    cancer: T


class ByAuditedChannel[T](Section):
    """One entry a channel that leaves a mark in claims (`model.supervision.AUDITED_CHANNELS`)."""

    coding: T
    splitting: T
    threshold: T
    shift: T


def _agree(section: type[Section], names: tuple[str, ...]) -> None:
    if section.key_names() != names:
        raise TypeError(f"{section.__name__} lists {section.key_names()}, the codes are {names}")


_agree(ByScheme, SCHEMES)
_agree(ByTier, TIERS)
_agree(BySeverity, SEVERITIES)
_agree(ByVisitKind, NEED_KINDS)
_agree(ByCondition, CONDITIONS)
_agree(ByItem, ITEMS)
