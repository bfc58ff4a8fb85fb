"""What a city file may hold: people, places, benefits, money, use of care, published levels."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from model.codes import AGE_BANDS, SCHEMES
from model.errors import nearest
from model.financing import indexed_premium
from model.policy.benefit_file import BenefitClass, Benefits, Share
from model.policy.leaf import Leaf, leaf, problem
from model.policy.section import (
    ByCondition,
    ByItem,
    ByScheme,
    BySeverity,
    ByTier,
    ByVisitKind,
    Label,
    Rows,
    Section,
    Texts,
)

__all__ = ["CityFile", "County", "FittedLevels", "Institution", "OutOfCity", "Target"]

Yuan = Annotated[Leaf, leaf("yuan", 0, 1e7)]
YuanPerPersonYear = Annotated[Leaf, leaf("yuan/person/year", 0, 1e6)]
Utility = Annotated[Leaf, leaf("utility", -50, 50)]
Factor = Annotated[Leaf, leaf("factor", 0, 100)]

Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Tier = Literal["primary", "secondary", "tertiary"]


# Who is insured


class EmployeeEnrolment(Section):
    """People in the employee scheme."""

    persons: Annotated[Leaf, leaf("person", 1, 2e7, "insured employees, retired ones included")]
    retired_share: Annotated[Leaf, leaf("share", 0, 1, "retired people among them")]


class ResidentEnrolment(Section):
    """People in the resident scheme."""

    persons: Annotated[Leaf, leaf("person", 1, 2e7, "insured residents")]


class Enrolment(Section):
    """People by scheme."""

    employee: EmployeeEnrolment
    resident: ResidentEnrolment


class UrbanRural(Section):
    """One amount for towns, one for the country."""

    urban: YuanPerPersonYear
    rural: YuanPerPersonYear


class Population(Section):
    """Age, sex, births, deaths, income."""

    age_shares: Annotated[Leaf, leaf("share", 0, 1, "people by five-year band, 0–4 to 80 and over", form="vector", length=17, total=1)]
    female_share: Annotated[Leaf, leaf("share", 0, 1, "women among the insured")]
    birth_rate: Annotated[Leaf, leaf("birth/person/year", 0, 0.1, "births per insured person and year")]
    mortality: Annotated[
        Leaf,
        leaf("death/person/year", 0, 1, "deaths outside simulated stays, by age band of `AGE_BANDS`", form="vector", length=len(AGE_BANDS)),
    ]
    income_mean: UrbanRural
    income_log_sd: Annotated[Leaf, leaf("log unit", 0, 3, "spread of log income per head")]
    poor_share: Annotated[Leaf, leaf("share", 0, 1, "residents entitled to medical assistance")]
    employee_income_ratio: Annotated[Leaf, leaf("factor", 0.1, 10, "employees' income to the local mean")]


# Where care is given


class County(Section):
    """A county-level unit: its people, its primary institutions, its medical group."""

    name: Name
    label: Label
    share: float = Field(gt=0, le=1, description="share of the city's people")
    urban: bool = Field(description="whether it is the city's urban core")
    townships: int = Field(ge=1, le=200, description="primary public institutions, one a catchment")
    minutes_to_city: float = Field(ge=0, le=600, description="travel to the city hospitals")
    has_group: bool = Field(description="whether a county (or district) medical group holds its heads")
    holder: Name = Field(description="institution that leads the group")
    holder_note: str = ""
    source: str = Field(min_length=1)


class Institution(Section):
    """A hospital of the city that is listed by name."""

    name: Name
    label: Label
    tier: Tier
    ownership: Literal["public", "private"]
    kind: Literal["general", "tcm", "psychiatric", "maternity"]
    county: Name
    beds: float = Field(gt=0, le=20_000, description="open beds")
    benefit_class: BenefitClass
    source: str = Field(min_length=1)


class Townships(Section):
    """The pattern of a primary institution (township hospital or community centre)."""

    beds: Annotated[Leaf, leaf("bed", 0, 1000, "open beds of each")]


class OutOfCity(Section):
    """A class of hospitals outside the city, which no local rule binds."""

    name: Name
    label: Label
    tier: Tier
    benefit_class: BenefitClass
    minutes: float = Field(ge=0, le=2000, description="travel from the city")
    source: str = Field(min_length=1)


# Where the money comes from


class EmployeeFinancing(Section):
    """Premiums on wages, and how much of them goes to personal accounts."""

    wage_base: Annotated[Leaf, leaf("yuan/person/year", 0, 1e6, "mean wage: the base of an active employee of mean income")]
    unit_rate: Annotated[Leaf, leaf("share", 0, 0.3, "employer's rate")]
    personal_rate: Annotated[Leaf, leaf("share", 0, 0.3, "employee's own rate, all to the account")]
    unit_relief: Annotated[Leaf, leaf("share", 0, 1, "what employers really pay of their premium; all of it unless given")] | None = None
    base_floor: Annotated[Leaf, leaf("factor", 0, 1, "least contribution base over the wage base; with base_cap")] | None = None
    base_cap: Annotated[Leaf, leaf("factor", 1, 100, "largest; without the two everybody is on the wage base")] | None = None
    account_unit_share: Annotated[Leaf, leaf("share", 0, 1, "part of the employer's premium put into an active employee's account")]
    account_retired: Annotated[Leaf, leaf("yuan/person/year", 0, 1e5, "credit to a retired person's account, from the employers' premiums")]

    @model_validator(mode="after")
    def _floor_and_cap(self) -> "EmployeeFinancing":
        if (self.base_floor is None) != (self.base_cap is None):
            raise problem("base_floor and base_cap come together", found=self.given(), allowed="both, or neither")
        return self


class IndexedPremium(Section):
    """A resident premium that follows income, with the subsidy in a fixed ratio to it (rules A4)."""

    income_per_head: YuanPerPersonYear
    share: Annotated[Leaf, leaf("share", 0, 0.1, "premium over income per head")]
    subsidy_ratio: Annotated[Leaf, leaf("factor", 0, 10, "subsidy over premium")]


class ResidentFinancing(Section):
    """A premium a head and the subsidy beside it, by decree or by an index."""

    premium: YuanPerPersonYear | None = None
    subsidy: YuanPerPersonYear | None = None
    indexed: IndexedPremium | None = None

    @model_validator(mode="after")
    def _decree_or_index(self) -> "ResidentFinancing":
        by_decree = [key for key in ("premium", "subsidy") if self[key] is not None]
        if len(by_decree) == (0 if self.indexed is None else 2) or len(by_decree) == 1:
            raise problem("premium and subsidy, or else indexed", found=self.given(), allowed="premium and subsidy; or indexed")
        return self

    def per_head(self, month: int) -> tuple[float, float]:
        """Premium and subsidy of a month, yuan a person and year."""
        if self.indexed is not None:
            index = self.indexed
            return indexed_premium(*(float(each.at(month)) for each in (index.income_per_head, index.share, index.subsidy_ratio)))
        assert self.premium is not None  # the schema saw to it
        assert self.subsidy is not None
        return float(self.premium.at(month)), float(self.subsidy.at(month))


class Financing(Section):
    """Income by scheme."""

    employee: EmployeeFinancing
    resident: ResidentFinancing


class GapSharing(Section):
    """Who fills a scheme's gap at the end of a settlement year, beside the fund itself (rules A6)."""

    city_share: Annotated[Leaf, leaf("share", 0, 1, "what the city pays of the gap; county governments pay the rest")]
    after_balance: Annotated[
        Leaf, leaf("name", doc="whether the fund's balance bears the year's deficit first", form="text", choices=("yes", "no"))
    ]


class EpidemicAdvance(Section):
    """Cash a fund hands to hospitals in an epidemic, outside of settlement, and takes back later (rules G2)."""

    institutions: Texts = Field(min_length=1, description="hospitals by name")
    amount: float = Field(gt=0, le=1e10, description="yuan to each")
    scheme: Literal["employee", "resident"] = Field(description="whose fund")
    month: Month = Field(description="when it is paid")
    back: Month = Field(description="when it is taken back")
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _back_after(self) -> "EpidemicAdvance":
        if self.back <= self.month:
            raise problem("an advance comes back after it was paid", at=".back", found=self.back, allowed=f"later than {self.month}")
        return self


class Gap(Section):
    """Gap sharing by scheme; a scheme that is absent bears its deficits alone."""

    employee: GapSharing | None = None
    resident: GapSharing | None = None


class Fund(Section):
    """Balances and the small funds beside the pooled one."""

    opening_balance: ByScheme[Annotated[Leaf, leaf("yuan", 0, 1e12, "pooled balance at the start of the base year")]]
    reserve_share: Annotated[Leaf, leaf("share", 0, 1, "income kept back from the budgets")]
    catastrophic_premium: Annotated[Leaf, leaf("yuan/person/year", 0, 1e4, "from a pooled fund to its second layer")]
    aid_budget: Annotated[Leaf, leaf("yuan/person/year", 0, 1e4, "assistance fund per insured person")]
    reserve_gate: ByScheme[Annotated[Leaf, leaf("month", 0, 120, "reserve below which there is an alert and nothing is advanced")]]
    gap: Gap | None = None
    interest_rate: Annotated[Leaf, leaf("share/year", 0, 0.2, "interest on a pooled balance; none unless given")] | None = None
    epidemic_advances: Rows[EpidemicAdvance] = ()


# How care is used


class Elasticity(Section):
    """Response of care sought to the price the patient pays."""

    outpatient: Annotated[Leaf, leaf("elasticity", -5, 0)]
    inpatient: Annotated[Leaf, leaf("elasticity", -5, 0)]


class Utilisation(Section):
    """Levels of use, cost, stay and catalogue scope."""

    admissions_per_100: ByScheme[Annotated[Leaf, leaf("admission/100 persons/year", 0, 100)]]
    visits_per_head: ByScheme[ByVisitKind[Annotated[Leaf, leaf("visit/person/year", 0, 100)]]]
    cost_per_admission: ByScheme[ByTier[Yuan]]
    cost_per_visit: ByTier[ByVisitKind[Yuan]]
    stay_days: ByScheme[Annotated[Leaf, leaf("day", 0.1, 365)]]
    in_scope_share: ByScheme[ByTier[Share]]
    in_scope_share_outpatient: ByScheme[Share]
    tier_share: ByScheme[ByTier[Share]]
    out_of_city_share: ByScheme[Annotated[Leaf, leaf("share", 0, 1, "admissions outside the city")]]
    visit_tier_share: ByTier[Share]
    elasticity: Elasticity

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Utilisation":
        for name, shares in (*self.tier_share.items(), ("visit_tier_share", self.visit_tier_share)):
            total = sum(part.history[0].value for _, part in shares.items())
            if abs(total - 1) > 1e-6:
                at = f".{name}" if name == "visit_tier_share" else f".tier_share.{name}"
                raise problem("the shares must sum to 1", at=at, found=round(total, 9), allowed=1)
        return self


class LevelConstants(Section):
    """A constant of the choice of a level of care, out of the city included."""

    primary: Utility
    secondary: Utility
    tertiary: Utility
    out_of_city: Utility


class Choice(Section):
    """Weights of the nested choice of level and facility."""

    cost_per_yuan: Annotated[Leaf, leaf("utility/yuan", -1, 0, "of the patient's own payment")]
    travel_per_minute: BySeverity[Annotated[Leaf, leaf("utility/minute", -1, 0)]]
    waiting: Annotated[Leaf, leaf("utility", -20, 0, "of a unit of bed occupancy above 0.8")]
    quality: BySeverity[Annotated[Leaf, leaf("utility", 0, 50, "of one unit of perceived quality")]]
    nest: Annotated[Leaf, leaf("factor", 0.01, 1, "dissimilarity within a level: 1 is a plain logit")]
    constant: ByScheme[LevelConstants]
    visit_constant: ByScheme[LevelConstants]


class Prices(Section):
    """Change of prices in time, and what of them is not variable cost."""

    growth: Annotated[Leaf, leaf("share/year", -0.5, 0.5, "growth of standard charges")]
    margin: ByItem[Annotated[Leaf, leaf("share", -1, 1, "part of the charge that is not variable cost")]]
    item: ByItem[Annotated[Leaf, leaf("factor", 0.1, 10, "charge of an item over its price in the catalogue, at equal cost")]] | None = None


PREVALENCE = leaf("share", 0, 1, "people with it by age band of `AGE_BANDS`", form="vector", length=len(AGE_BANDS))


class Chronic(Section):
    """Chronic conditions: how common, how well controlled."""

    prevalence: ByCondition[Annotated[Leaf, PREVALENCE]]
    control_share: Annotated[Leaf, leaf("share", 0, 1, "chronic patients whose disease is controlled")]


class DialysisTerms(Section):
    """Failure of the kidneys and what a session of haemodialysis costs."""

    prevalence: Annotated[Leaf, leaf("share", 0, 0.1, "on dialysis, by age band of `AGE_BANDS`", form="vector", length=len(AGE_BANDS))]
    deaths_added: Annotated[Leaf, leaf("death/person/year", 0, 1, "deaths on dialysis beyond those of others of the age")]
    sessions: Annotated[Leaf, leaf("session/month", 0, 31, "mean sessions of a person")]
    charge: Yuan
    in_scope_share: Share


# What is published about it, and what was fitted to it


class Target(Section):
    """One published level, against which the simulated one is put."""

    id: Name
    indicator: Name
    unit_type: Literal["city", "county", "tier", "scheme", "scheme_tier", "kind", "ownership", "provider"]
    unit: str
    value: float
    fit: bool = Field(description="whether the calibration may use it")
    source: str = Field(min_length=1)
    note: str = ""


class FittedLevels(Section):
    """Multipliers and constants found by the calibration; absent ones are neutral."""

    admission_scale: ByScheme[Factor] | None = None
    visit_scale: ByScheme[ByVisitKind[Factor]] | None = None
    cost_level: ByScheme[ByTier[Factor]] | None = None
    visit_cost_level: ByTier[Factor] | None = None
    choice_constant: ByScheme[LevelConstants] | None = None
    visit_choice_constant: ByScheme[LevelConstants] | None = None
    stay_scale: ByScheme[Factor] | None = None
    in_scope_scale: ByScheme[ByTier[Factor]] | None = None


class CityFile(Section):
    """A city: everything the model is told about it."""

    name: Name
    label: Label
    base_year: int = Field(ge=2000, le=2100)
    own_policy: str = Field(min_length=1, description="policy the city had in its base year")
    data_status: Label
    counties: Rows[County] = Field(min_length=1)
    institutions: Rows[Institution] = Field(min_length=1)
    out_of_city: Rows[OutOfCity] = Field(min_length=1)
    targets: Rows[Target]
    sources: dict[str, str]
    townships: Townships
    enrolment: Enrolment
    population: Population
    benefits: Benefits
    financing: Financing
    fund: Fund
    utilisation: Utilisation
    choice: Choice
    prices: Prices
    chronic: Chronic
    dialysis: DialysisTerms | None = None
    fitted: FittedLevels | None = None

    @model_validator(mode="after")
    def _rows_agree(self) -> "CityFile":
        places = [county.name for county in self.counties]
        hospitals = {house.name: house for house in self.institutions}
        for i, house in enumerate(self.institutions):
            if house.county not in places:
                raise problem("unknown county", at=f".institutions[{i}].county", found=house.county, allowed=places)
        for i, county in enumerate(self.counties):
            lead = hospitals.get(county.holder)
            if lead is None or lead.county != county.name or not self.is_member(lead):
                allowed = [h.name for h in self.institutions if h.county == county.name and self.is_member(h)]
                raise problem("no such holder", at=f".counties[{i}].holder", found=county.holder, allowed=allowed)
        _once(self.counties, "counties")
        _once((*self.institutions, *self.out_of_city), "institutions")
        for i, advance in enumerate(self.fund.epidemic_advances):
            for j, name in enumerate(advance.institutions):
                if name not in hospitals:
                    at = f".fund.epidemic_advances[{i}].institutions[{j}]"
                    raise problem("unknown institution", at=at, found=name, allowed=[*hospitals], near=nearest(name, hospitals))
        for i, target in enumerate(self.targets):
            if target.id in [t.id for t in self.targets[:i]]:
                raise problem("the same id twice", at=f".targets[{i}].id", found=target.id)
        total = sum(county.share for county in self.counties)
        if abs(total - 1) > 1e-3:
            raise problem("the shares must sum to 1", at=".counties.share", found=round(total, 6), allowed=1)
        return self

    @property
    def persons_by_scheme(self) -> list[int]:
        """Insured people of the base year in the order of `SCHEMES`."""
        return [int(self.enrolment[scheme].persons.at(self.base_year * 12)) for scheme in SCHEMES]

    @property
    def persons(self) -> int:
        """Insured people of the base year."""
        return sum(self.persons_by_scheme)

    def county(self, name: str) -> County:
        """The county-level unit of that name."""
        return next(county for county in self.counties if county.name == name)

    def is_member(self, institution: Institution) -> bool:
        """Whether a listed hospital belongs to its county's medical group: public, county or primary class."""
        local = institution.benefit_class in ("county", "primary")
        return institution.ownership == "public" and local and self.county(institution.county).has_group


def _once(rows: tuple[Any, ...], where: str) -> None:
    names = [row.name for row in rows]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise problem("the same name twice", at=f".{where}[{i}].name", found=name)
