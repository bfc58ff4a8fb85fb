"""What a city file may say of benefits: basic insurance, the layers above it and their order, turned into whole fen of a month."""

from typing import Annotated, Literal, NamedTuple

from pydantic import model_validator

from model.codes import CONDITIONS, LAYERS, STANDINGS
from model.layers import NO_LIMIT, POOR
from model.policy.leaf import Leaf, leaf, problem
from model.policy.section import Section
from model.referral import ENCODINGS, Penalties, penalties_of
from model.units import PPM, ratio_to_ppm, yuan_to_fen

__all__ = ["Band", "BenefitClass", "Benefits", "CatastrophicBenefit", "LayerTerms", "Share", "Terms", "clipped_bands"]

Band = tuple[int, int, int]
"""One benefit band in integers: from (fen), to (fen), ratio (parts per million)."""

Share = Annotated[Leaf, leaf("share", 0, 1)]
YuanPerYear = Annotated[Leaf, leaf("yuan/year", 0, 1e9)]
YuanPerStay = Annotated[Leaf, leaf("yuan/stay", 0, 1e6)]
Bands = Annotated[Leaf, leaf("yuan, yuan, share", form="bands")]
Order = Annotated[
    Leaf, leaf("layers", doc="layers above the basic one, first payer first; the legal order if absent", form="names", choices=LAYERS)
]
BenefitClass = Literal["primary", "county", "city_secondary", "tertiary", "out_of_province"]


class Terms(NamedTuple):
    """What a layer pays one kind of people, in fen and parts per million; bands are on the base with the deductible, and start at it."""

    deductible: int
    bands: list[Band]
    cap: int


# Basic insurance


class InpatientClass(Section):
    """Deductible of a stay, and either one ratio above it or bands of in-scope cost."""

    deductible: YuanPerStay
    deductible_later: Annotated[Leaf, leaf("yuan/stay", 0, 1e6, "from the second stay of a year on; as the first unless given")] | None = (
        None
    )
    ratio: Share | None = None
    bands: Bands | None = None

    @model_validator(mode="after")
    def _ratio_or_bands(self) -> "InpatientClass":
        _one_of_ratio_and_bands(self)
        return self

    def banded(self, month: int, start: int = 0) -> list[Band]:
        """The ratio or the bands from ``start`` (fen) on."""
        if self.ratio is not None:
            return [(start, NO_LIMIT, ratio_to_ppm(self.ratio.at(month)))]
        assert self.bands is not None  # the schema saw to it
        return clipped_bands(self.bands.at(month), start)

    def deductibles(self, month: int) -> tuple[int, int]:
        """Of the first stay of a year and of later ones, fen."""
        first = yuan_to_fen(self.deductible.at(month))
        return first, first if self.deductible_later is None else yuan_to_fen(self.deductible_later.at(month))


class ByBenefitClass[T](Section):
    """One entry a benefit class (`model.codes.BENEFIT_CLASSES`)."""

    primary: T
    county: T
    city_secondary: T
    tertiary: T
    out_of_province: T


class DrugBenefit(Section):
    """Drugs for hypertension and diabetes (两病用药) of patients without a certified chronic disease; no deductible."""

    ratio: Share
    cap_year: Annotated[Leaf, leaf("yuan/year", 0, 1e6, "for each of the two diseases")]
    certified: Annotated[Leaf, leaf("conditions", doc="chronic diseases certified by themselves", form="names", choices=CONDITIONS)]


class OutpatientBenefit(Section):
    """Pooled cover of ordinary and of chronic outpatient care."""

    ordinary_deductible_year: YuanPerYear
    ordinary_ratio: ByBenefitClass[Share]
    ordinary_cap_year: YuanPerYear
    chronic_ratio: Share
    chronic_ratio_poor: Annotated[Leaf, leaf("share", 0, 1, "of the poor; as everybody's unless given")] | None = None
    chronic_cap_year: YuanPerYear
    two_diseases: DrugBenefit | None = None


class RetiredTerms(Section):
    """What differs for retired employees; what is absent is as for the others."""

    inpatient_ratio_added: Share | None = None
    inpatient_deductible_factor: Annotated[Leaf, leaf("factor", 0, 1)] | None = None
    outpatient_ratio_added: Share | None = None
    outpatient_deductible_year: YuanPerYear | None = None


class Referral(Section):
    """What a stay outside the city costs more, in one of the three encodings in use (rules B5)."""

    encoding: Annotated[Leaf, leaf("name", doc="see the table of rule codes, B5", form="text", choices=ENCODINGS)]
    referred: Annotated[Leaf, leaf("share", 0, 1, "first-self-pay, or points off the ratio, of who is registered or an emergency")]
    unreferred: Annotated[Leaf, leaf("share", 0, 1, "the same of who is neither")]
    deductible_factor: Annotated[Leaf, leaf("factor", 0, 100, "on the deductible, in the encoding that has one")] | None = None
    registered_share: Annotated[Leaf, leaf("share", 0, 1, "stays outside, emergencies apart, that are registered before")]

    @model_validator(mode="after")
    def _factor_where_the_encoding_has_one(self) -> "Referral":
        for entry in self.encoding.history:
            if (entry.value == "deductible_and_cut") != (self.deductible_factor is not None):
                raise problem(
                    "deductible_factor belongs to deductible_and_cut", at=".encoding", found=entry.value, allowed="both, or neither"
                )
        return self

    def penalties(self, month: int) -> Penalties:
        """Its tables by referral, in ppm."""
        factor = 1.0 if self.deductible_factor is None else self.deductible_factor.at(month)
        return penalties_of(self.encoding.at(month), ratio_to_ppm(self.referred.at(month)), ratio_to_ppm(self.unreferred.at(month)), factor)


class DaySurgery(Section):
    """What is asked of a short stay for an operation in place of the whole deductible (rules E8)."""

    longest_stay: Annotated[Leaf, leaf("day", 1, 30, "up to which a stay written into an operative group counts", form="integer")]
    deductible_factor: Annotated[Leaf, leaf("factor", 0, 1, "on the deductible of the stay; 0: none is asked")]


# Layers above it


class PoorTilt(Section):
    """What catastrophic insurance does for the poor beyond the common rule."""

    deductible_factor: Annotated[Leaf, leaf("factor", 0, 1, "on the deductible")] | None = None
    ratio_added: Annotated[Leaf, leaf("share", 0, 1, "points added to every ratio")] | None = None
    cap: YuanPerYear | None = None


class CatastrophicBenefit(Section):
    """Catastrophic insurance: bands over the year's in-scope residual, starting at the deductible."""

    deductible: YuanPerYear
    bands: Bands
    cap: YuanPerYear
    poor: PoorTilt | None = None

    def terms(self, standing: str, month: int) -> Terms:
        """What it pays people of a standing."""
        deductible, cap = yuan_to_fen(self.deductible.at(month)), yuan_to_fen(self.cap.at(month))
        added = 0
        if self.poor is not None and POOR[STANDINGS.index(standing)]:
            tilt = self.poor
            deductible = round(deductible * (1.0 if tilt.deductible_factor is None else tilt.deductible_factor.at(month)))
            added = 0 if tilt.ratio_added is None else ratio_to_ppm(tilt.ratio_added.at(month))
            cap = cap if tilt.cap is None else yuan_to_fen(tilt.cap.at(month))
        bands = clipped_bands(self.bands.at(month), deductible)
        return Terms(deductible, [(low, high, min(PPM, ppm + added)) for low, high, ppm in bands], cap)


class LargeExpenseBenefit(Section):
    """Employees' large-expense cover above the basic ceiling."""

    ratio: Share
    cap: YuanPerYear

    def terms(self, month: int) -> Terms:
        """What it pays everybody."""
        return Terms(0, [(0, NO_LIMIT, ratio_to_ppm(self.ratio.at(month)))], yuan_to_fen(self.cap.at(month)))


class StandingTerms(Section):
    """What differs for one standing of the poor; what is absent is as for the others."""

    deductible: YuanPerYear | None = None
    ratio: Share | None = None
    bands: Bands | None = None
    cap_year: YuanPerYear | None = None


class LayerTerms(Section):
    """A layer on what the layers before it leave in scope in the year: one ratio or bands above a deductible, up to a cap."""

    deductible: YuanPerYear | None = None
    ratio: Share | None = None
    bands: Bands | None = None
    cap_year: YuanPerYear | None = None
    destitute: StandingTerms | None = None
    low_income: StandingTerms | None = None
    sick_poor: StandingTerms | None = None

    @model_validator(mode="after")
    def _ratio_or_bands(self) -> "LayerTerms":
        _one_of_ratio_and_bands(self)
        return self

    def terms(self, standing: str, month: int) -> Terms:
        """What it pays people of a standing."""
        special: StandingTerms | None = getattr(self, standing, None)
        share = self if special is None or (special.ratio is None and special.bands is None) else special

        def money(key: str, absent: int) -> int:
            given = (None if special is None else special[key]) or self[key]
            return absent if given is None else yuan_to_fen(given.at(month))

        deductible = money("deductible", 0)
        bands = ((0.0, float("inf"), share.ratio.at(month)),) if share.bands is None and share.ratio is not None else ()
        if share.bands is not None:
            bands = share.bands.at(month)
        return Terms(deductible, clipped_bands(bands, deductible), money("cap_year", NO_LIMIT))


# A scheme, a city


class SchemeBenefits(Section):
    """What both schemes have; a layer that is absent is not in force."""

    inpatient: ByBenefitClass[InpatientClass]
    ceiling_basic: YuanPerYear
    outpatient: OutpatientBenefit
    referral: Referral | None = None
    day_surgery: DaySurgery | None = None
    supplement: LayerTerms | None = None
    poor_supplement: LayerTerms | None = None
    fourth: LayerTerms | None = None
    aid: LayerTerms | None = None
    tilt: LayerTerms | None = None

    def inpatient_bands(self, benefit_class: str, month: int) -> list[Band]:
        """Basic benefit of a stay as integer bands of its in-scope cost, which start at the deductible."""
        rule: InpatientClass = self.inpatient[benefit_class]
        return rule.banded(month, yuan_to_fen(rule.deductible.at(month)))

    def layer(self, name: str, standing: str, month: int) -> Terms | None:
        """What a layer above the basic one pays people of a standing; nothing where it is not in force."""
        rule: LayerTerms | None = self[name]
        return None if rule is None else rule.terms(standing, month)


class EmployeeBenefits(SchemeBenefits):
    """Benefits of employees."""

    large_expense: LargeExpenseBenefit
    retired: RetiredTerms | None = None

    def layer(self, name: str, standing: str, month: int) -> Terms | None:
        """See :class:`SchemeBenefits`; the second layer is the large-expense cover, on what the basic ceiling leaves."""
        return self.large_expense.terms(month) if name == "second" else super().layer(name, standing, month)


class ResidentBenefits(SchemeBenefits):
    """Benefits of residents."""

    catastrophic: CatastrophicBenefit

    def layer(self, name: str, standing: str, month: int) -> Terms | None:
        """See :class:`SchemeBenefits`; the second layer is catastrophic insurance, on the year's in-scope residual."""
        return self.catastrophic.terms(standing, month) if name == "second" else super().layer(name, standing, month)


class Benefits(Section):
    """Benefits by scheme, and the order in which the layers above the basic one pay (rules B6)."""

    order: Order | None = None
    employee: EmployeeBenefits
    resident: ResidentBenefits

    @model_validator(mode="after")
    def _every_layer_has_a_place(self) -> "Benefits":
        for entry in () if self.order is None else self.order.history:
            twice = [name for i, name in enumerate(entry.value) if name in entry.value[:i]]
            if twice:
                raise problem("the same layer twice", at=".order", found=twice[0])
            missing = [name for name in LAYERS if self._given(name) and name not in entry.value]
            if missing:
                raise problem("a layer without a place in the order", at=".order", found=list(entry.value), allowed=missing)
        return self

    def _given(self, name: str) -> bool:
        return name == "second" or self.employee[name] is not None or self.resident[name] is not None

    def layers(self, month: int) -> list[str]:
        """Names of the layers in force, in the order in which they pay."""
        order = LAYERS if self.order is None else self.order.at(month)
        return [name for name in order if self._given(name)]


def clipped_bands(bands: tuple[tuple[float, float, float], ...], deductible: int) -> list[Band]:
    """Bands in fen and parts per million, cut off below the deductible."""
    whole = []
    for low, high, ratio in bands:
        end = NO_LIMIT if high == float("inf") else yuan_to_fen(high)
        start = max(deductible, yuan_to_fen(low))
        if end > start:
            whole.append((start, end, ratio_to_ppm(ratio)))
    return whole


def _one_of_ratio_and_bands(section: Section) -> None:
    if (section["ratio"] is None) == (section["bands"] is None):
        raise problem("either ratio or bands is needed", found=section.given(), allowed="one of ratio, bands")
