"""Cases of kind ``year``: hospitals, their cases of last year and this, a mode and its cycle; the settlement's own code pays them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from experiments.case_fields import CaseError, Field, checked_keys, quantity, read_table, told
from experiments.cases import Line, Prepared, lines_in_force
from experiments.toml_lines import Place
from model.cashbook import Owed, Payment
from model.codes import KINDS, PROVIDER_KINDS, SCHEMES, SEVERITIES, TIERS
from model.cycle import Cycle, assessed, assessment
from model.errors import InputError
from model.payment import MEASURES, RECORDED, CaseTable, GroupFacts, History, HolderFacts, get_mode
from model.payment.explanation import Explaining, Step
from model.policy.cycle_file import CYCLE
from model.policy.leaf import LeafSpec
from model.routing import Routing
from model.settlement import Instance, Settlement

if TYPE_CHECKING:
    from model.policy.policy_file import PolicyFile

Row = dict[str, Any]

KEYS: Mapping[str, bool] = {
    "policy": True,
    "mode": False,
    "date": True,
    "parameters": True,
    "cycle": True,
    "budget": True,
    "months": True,
    "hospitals": False,
    "groups": True,
    "last_year": False,
    "this_year": False,
}
"""Keys beyond those of every case, and whether they may be absent."""

HOSPITAL: Mapping[str, Field] = {
    "name": Field("name", "as you like"),
    "tier": Field("name", "level", choices=TIERS),
    "specialty": Field("name", "kind of hospital; general unless given", optional=True, choices=PROVIDER_KINDS),
    "private": Field("flag", "private owner; no unless given", optional=True),
    "local": Field("flag", "in the city; yes unless given", optional=True),
    "beds": Field("count", "open beds; 100 unless given", optional=True),
    "medical_group": Field("name", "name of its medical group, for modes that pay groups", optional=True),
    "heads_employee": Field("count", "employees assigned to it", optional=True),
    "heads_resident": Field("count", "residents assigned to it", optional=True),
    "score": Field("score", "its assessment; 100 unless given", optional=True, high=100),
}
GROUP: Mapping[str, Field] = {
    "name": Field("name", "as you like"),
    "weight": Field("factor", "cost relative to the mean, for modes that lean on the catalogue; 1 unless given", optional=True),
    "stay": Field("day", "usual stay; 7 unless given", optional=True),
    "basic": Field("flag", "simple enough for every level", optional=True),
    "operative": Field("flag", "defined by a procedure", optional=True),
    "family": Field("name", "name that groups of one disease, treated in one way, share; its own unless given", optional=True),
}
ROW: Mapping[str, Field] = {
    "hospital": Field("name", "one of the hospitals"),
    "group": Field("name", "one of the groups; the only one unless given", optional=True),
    "scheme": Field("name", "scheme of the patient; resident unless given", optional=True, choices=SCHEMES),
    "count": Field("count", "so many cases like this; 1 unless given", optional=True, low=1, high=100_000),
    "charge": Field("yuan", "total bill of one case"),
    "in_scope": Field("yuan", "part inside the catalogue; the whole bill unless given", optional=True),
    "recorded": Field("yuan", "what the pooled fund would pay item by item (记账金额)"),
    "stay": Field("day", "days in bed; 7 unless given", optional=True),
    "kind": Field("name", "kind of care; inpatient unless given", optional=True, choices=KINDS),
    "severity": Field("name", "recorded severity; mild unless given", optional=True, choices=SEVERITIES),
    "age": Field("year", "age of the patient; 50 unless given", optional=True),
    "emergency": Field("flag", "admitted as an emergency", optional=True),
    "readmission": Field("flag", "was discharged from the same group a short time before", optional=True),
    "month": Field("count", "settlement month, 1 to 12; 1 unless given", optional=True, low=1, high=12),
}
BUDGET: Mapping[str, Field] = {
    scheme: Field("yuan", f"the year's money of {scheme}s for these cases; last year's unless given", optional=True) for scheme in SCHEMES
}
HEAD: Mapping[str, Field] = {
    "date": Field("month", "month whose values of the policy hold", optional=True),
    "policy": Field("name", "a policy's name or file, whose mode with the id ``mode`` is meant", optional=True),
    "mode": Field("name", "a payment mode's name or Python file, or an id in the policy"),
    "months": Field("count", "months of the settlement year that have passed; 12, with the clearing, unless given", True, low=1, high=12),
}


TABLES: Mapping[str, Mapping[str, Field]] = {
    "": HEAD,
    "budget": BUDGET,
    "hospitals": HOSPITAL,
    "groups": GROUP,
    "last_year, this_year": ROW,
}
"""Keys by table, for the documentation."""


@dataclass(frozen=True)
class Year:
    """Books with one mode, its year begun, and the cases to come.

    ``row_of`` says from which row of the file each case is; ``month`` when it is settled, from 1; ``sources`` what a policy file says of
    the mode.
    """

    settlement: Settlement
    cases: CaseTable
    month: NDArray[np.int64]
    row_of: NDArray[np.int64]
    months: int
    hospitals: list[str]
    sources: list[Line]

    @cached_property
    def settled(self) -> Settled:
        """What the year comes to; the books are those of its end from then on."""
        return _settle(self)


@dataclass(frozen=True)
class Settled:
    """What a year came to, fen ``[hospital, scheme]``.

    ``due``: what it is owed and why; ``moved``: everything that was paid, held and released; ``carried``: owed back from later months.
    """

    units: NDArray[np.float64]
    due: Owed
    moved: Payment
    carried: NDArray[np.int64]


def prepare(raw: Mapping[str, Any], place: Place, folder: Path) -> Prepared:
    """A case that can be computed, from its table."""
    year = read_year(raw, place, folder)
    names = tuple(year.hospitals)

    def compute() -> Mapping[str, Any]:
        return results(year)

    return Prepared(compute, outputs(names), lambda: lines_of_year(year))


def outputs(names: tuple[str, ...]) -> Mapping[str, Field]:
    """What may be expected of a year with these hospitals."""

    def by_hospital(form: Any, doc: str) -> Field:
        return Field(form, doc, shape="table", choices=names)

    return {
        "units": by_hospital("point", "points (or whatever the mode counts) of its cases"),
        "value": Field("price", "yuan a point, by scheme, of modes that have one", shape="table", choices=SCHEMES),
        "owed": by_hospital("yuan", "what the fund owes it for the months that have passed"),
        "paid_monthly": by_hospital("yuan", "what it has been paid month by month"),
        "held": by_hospital("yuan", "what is owed and not yet paid before the clearing"),
        "advanced": by_hospital("yuan", "what it is lent in January, if the fund passes the gate"),
        "deposit": by_hospital("yuan", "what of that lies on its deposit account"),
        "forfeited": by_hospital("yuan", "what the clearing takes of the deposit"),
        "cleared": by_hospital("yuan", "what the clearing pays, the deposit included, or takes back"),
        "carried": by_hospital("yuan", "what the clearing leaves to be taken from the next months"),
        "paid": by_hospital("yuan", "months and clearing together"),
        "fund": Field("yuan", "what the fund pays all of them"),
    }


# Reading


def read_year(raw: Mapping[str, Any], place: Place, folder: Path) -> Year:
    """Books and cases from a table that has the keys of ``KEYS``."""
    head = read_table({key: raw[key] for key in ("policy", "mode", "date", "months") if key in raw}, HEAD, place)
    hospitals = _named_rows(raw["hospitals"], HOSPITAL, (*place, "hospitals"))
    groups = _named_rows(raw.get("groups", [{"name": "all"}]), GROUP, (*place, "groups"))
    names = [row["name"] for row in hospitals], [row["name"] for row in groups]
    past, _, _ = _cases(raw["last_year"], *names, (*place, "last_year"))
    coming, month, row_of = _cases(raw["this_year"], *names, (*place, "this_year"))
    mode, cycle = _mode(raw, head, place, folder)
    settlement = _books(mode, cycle, hospitals)
    before, cases = settlement.case_table(0, **past), settlement.case_table(0, **coming)
    base = _totals(settlement, before, np.zeros(len(before)))
    settlement.instances[0].base = base
    factor = _factor(raw.get("budget", {}), base, (*place, "budget"))
    settlement.start_year([_history(settlement, before, base, factor, hospitals, groups)])
    settlement.instances[0].score = _scores(settlement, hospitals)
    np.add.at(settlement.instances[0].last_year, (before.provider, before.scheme), np.rint(before.recorded).astype(np.int64))
    sources = _policy_lines(head, place, folder) if "policy" in head else []
    return Year(settlement, cases, month, row_of, head.get("months", 12), names[0], sources)


def _named_rows(raw: object, fields: Mapping[str, Field], place: Place) -> list[Row]:
    if not isinstance(raw, list) or not raw:
        raise CaseError("a list of tables is expected", place, found=raw)
    rows = [read_table(entry, fields, (*place, i)) for i, entry in enumerate(raw)]
    for i, row in enumerate(rows):
        if row["name"] in [other["name"] for other in rows[:i]]:
            raise CaseError("the same name twice", (*place, i, "name"), found=row["name"])
    return rows


def _cases(
    raw: object, hospitals: list[str], groups: list[str], place: Place
) -> tuple[dict[str, NDArray[Any]], NDArray[np.int64], NDArray[np.int64]]:
    """Columns of a list of cases, the month of each and the row it came from."""
    if not isinstance(raw, list) or not raw:
        raise CaseError("a list of cases is expected", place, found=raw)
    known = {
        **ROW,
        "hospital": Field("name", ROW["hospital"].doc, choices=tuple(hospitals)),
        "group": Field("name", ROW["group"].doc, optional=len(groups) == 1, choices=tuple(groups)),
    }
    rows = [read_table(entry, known, (*place, i)) for i, entry in enumerate(raw)]
    for i, row in enumerate(rows):
        scope = row.setdefault("in_scope", row["charge"])
        if not row["recorded"] <= scope <= row["charge"]:
            raise CaseError("recorded ≤ in_scope ≤ charge does not hold", (*place, i), found=raw[i])
    row_of = np.repeat(np.arange(len(rows)), [row.get("count", 1) for row in rows])
    made = {name: np.array(values)[row_of] for name, values in _columns(rows, hospitals, groups).items()}
    return made, np.array([row.get("month", 1) for row in rows])[row_of], row_of


def _columns(rows: list[Row], hospitals: list[str], groups: list[str]) -> dict[str, list[Any]]:
    """What the books are told of each row."""
    return {
        "provider": [hospitals.index(row["hospital"]) for row in rows],
        "scheme": [SCHEMES.index(row.get("scheme", "resident")) for row in rows],
        "group": [groups.index(row["group"]) if "group" in row else 0 for row in rows],
        "charge": [float(row["charge"]) for row in rows],
        "in_scope": [float(row["in_scope"]) for row in rows],
        "recorded": [float(row["recorded"]) for row in rows],
        "own_pay": [float(row["charge"] - row["in_scope"]) for row in rows],
        "stay": [row.get("stay", 7.0) for row in rows],
        "kind": [KINDS.index(row.get("kind", "inpatient")) for row in rows],
        "severity": [SEVERITIES.index(row.get("severity", "mild")) for row in rows],
        "age": [int(row.get("age", 50)) for row in rows],
        "emergency": [row.get("emergency", False) for row in rows],
        "readmission": [row.get("readmission", False) for row in rows],
    }


def _mode(raw: Mapping[str, Any], head: Row, place: Place, folder: Path) -> tuple[Any, Cycle]:
    """The mode and its cycle: those of a policy, or those written out, with what is written out above the policy's."""
    name: str = head["mode"]
    given: Row = {}
    rules: Row = {}
    if "policy" in head:
        name, given, rules = _of_policy(head, place, folder)
    elif name.endswith(".py"):
        name = str(folder / name)
    try:
        kind = get_mode(name)
    except InputError as error:
        raise CaseError(error.what, (*place, "mode"), found=error.found, allowed=error.allowed, near=error.nearest) from None
    given |= read_leaves(raw.get("parameters", {}), kind.PARAMETERS, (*place, "parameters"))
    rules |= read_leaves(raw.get("cycle", {}), CYCLE, (*place, "cycle"))
    return kind(**given), Cycle(**rules)


def _policy(written: str, place: Place, folder: Path) -> PolicyFile:
    """A policy by name, or from a file beside the case file."""
    from model.policy.loader import load_policy

    try:
        return load_policy(folder / written if written.endswith(".toml") else written)
    except InputError as error:
        raise CaseError(str(error), (*place, "policy"), found=written) from None


def _policy_lines(head: Row, place: Place, folder: Path) -> list[Line]:
    """What the policy says of the mode and of the budget, with the sources."""
    policy = _policy(head["policy"], place, folder)
    return lines_in_force(policy, head.get("date", 0), lambda path: path.startswith((f"mode[{head['mode']}].", "budget.")))


def _of_policy(head: Row, place: Place, folder: Path) -> tuple[str, Row, Row]:
    """Kind, parameters and cycle of a policy's mode, in force in the month of the case."""
    policy = _policy(head["policy"], place, folder)
    ids = [mode.id for mode in policy.modes]
    if head["mode"] not in ids:
        raise CaseError("unknown mode of the policy", (*place, "mode"), found=head["mode"], allowed=ids)
    entry, month = policy.mode(head["mode"]), head.get("date", 0)
    path = policy.kind_path(entry)
    name = entry.kind if path is None else str(path)
    declared = get_mode(name).PARAMETERS
    given = {key: declared[key].read(leaf.at(month)) for key, leaf in entry.parameters.items()}
    return name, given, {key: leaf.at(month) for key, leaf in entry.cycle.items()}


def read_leaves(raw: object, declared: Mapping[str, LeafSpec], place: Place) -> Row:
    """Values of a mode or cycle as a policy would hold them, but bare; what is left out keeps the mode's own default."""
    table = checked_keys(raw, dict.fromkeys(declared, True), place)
    found = {}
    for key, value in table.items():
        spec, at = declared[key], (*place, key)
        bare = float(quantity(value, Field("share", ""), at)[0]) if spec.unit == "share" and isinstance(value, str) else _undecimal(value)
        try:
            found[key] = spec.check_value(bare)
        except PydanticCustomError as error:
            about = error.context or {}
            raise CaseError(about["what"], at, found=about["found"], allowed=about["allowed"], near=about["nearest"]) from None
    return found


def _undecimal(value: Any) -> Any:
    if isinstance(value, list):
        return [_undecimal(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


# Books


def _books(mode: Any, cycle: Cycle, hospitals: list[Row]) -> Settlement:
    """The settlement's books with one mode that covers everything."""
    groups = sorted({row["medical_group"] for row in hospitals if "medical_group" in row})
    member = np.array([groups.index(row["medical_group"]) if "medical_group" in row else -1 for row in hospitals], dtype=np.int16)
    n, spare = len(hospitals), [0] * len(groups)
    holders = HolderFacts(
        tier=np.array([*(TIERS.index(row["tier"]) for row in hospitals), *(1 for _ in groups)], dtype=np.int8),
        specialty=np.array([*(PROVIDER_KINDS.index(row.get("specialty", "general")) for row in hospitals), *spare], dtype=np.int8),
        private=np.array([*(row.get("private", False) for row in hospitals), *spare], dtype=bool),
        local=np.array([*(row.get("local", True) for row in hospitals), *(1 for _ in groups)], dtype=bool),
        beds=np.array([*(row.get("beds", 100) for row in hospitals), *spare], dtype=float),
    )
    return Settlement([Instance("mode", mode, cycle)], Routing.alone(n, 1), member, holders, len(groups))


def _scores(settlement: Settlement, hospitals: list[Row]) -> NDArray[np.float64]:
    """Score of every account: a hospital's own, a group's the mean of its members'."""
    scores = np.full(settlement.n_holders, 100.0)
    scores[: len(hospitals)] = [float(row.get("score", 100)) for row in hospitals]
    for group in np.flatnonzero(settlement.with_members):
        scores[settlement.n_providers + group] = scores[: len(hospitals)][settlement.provider_group == group].mean()
    return scores


def _totals(settlement: Settlement, cases: CaseTable, units: NDArray[np.float64]) -> NDArray[np.float64]:
    instance, nobody = np.zeros(len(cases), dtype=np.int8), np.full(len(cases), -1)
    return settlement.totals(instance, cases.provider, cases.scheme, nobody, cases.measures(units))[0]


def _factor(raw: object, base: NDArray[np.float64], place: Place) -> NDArray[np.float64]:
    """Money of the year over last year's, by scheme."""
    budget = read_table(raw, BUDGET, place)
    recorded = base[..., MEASURES.index("recorded")].sum(axis=0)
    factor = np.ones(len(SCHEMES))
    for scheme, money in budget.items():
        s = SCHEMES.index(scheme)
        if recorded[s] <= 0:
            raise CaseError("a budget needs recorded money of last year to be shared by", (*place, scheme), found=float(money) / 100)
        factor[s] = money / recorded[s]
    return factor


def _history(
    settlement: Settlement,
    before: CaseTable,
    base: NDArray[np.float64],
    factor: NDArray[np.float64],
    hospitals: list[Row],
    groups: list[Row],
) -> History:
    heads = np.zeros((settlement.n_holders, len(SCHEMES)))
    heads[: len(hospitals)] = [[row.get(f"heads_{scheme}", 0) for scheme in SCHEMES] for row in hospitals]
    for group in range(settlement.n_holders - settlement.n_providers):
        members = np.flatnonzero(settlement.provider_group == group)
        heads[settlement.n_providers + group] = heads[members].sum(axis=0)
    facts = GroupFacts(
        code=tuple(row["name"] for row in groups),
        weight=np.array([row.get("weight", 1.0) for row in groups]),
        stay=np.array([row.get("stay", 7.0) for row in groups]),
        kind=np.full(len(groups), KINDS.index("inpatient"), dtype=np.int8),
        basic=np.array([row.get("basic", False) for row in groups]),
        operative=np.array([row.get("operative", False) for row in groups]),
        family=_families(groups),
    )
    own = settlement.own_heads(settlement.instances[0], heads)
    return History(before, (), base, factor, own, settlement.holders, facts, 0)


def _families(groups: list[Row]) -> NDArray[np.int64]:
    """A number for each family named; a group without one is its own."""
    names = [row.get("family", row["name"]) for row in groups]
    return np.array([names.index(name) for name in names])


# Settling


def _settle(year: Year) -> Settled:
    """Accrue and pay month by month, as the simulation does, clear after the twelfth, and pay what the clearing left waiting."""
    books, shape = year.settlement, (len(year.hospitals), len(SCHEMES))
    instance = books.instances[0]
    only = np.zeros(len(year.cases), dtype=np.int8)
    units = books.units_of(only, year.cases)
    moved = books.advance(np.ones(len(SCHEMES), dtype=bool))[0]
    points = np.zeros(shape)
    for month in range(1, year.months + 1):
        mine = np.flatnonzero(year.month == month)
        now = year.cases.take(mine)
        recorded = np.zeros(shape)
        np.add.at(recorded, (now.provider, now.scheme), now.recorded)
        units[mine] = books.reviewed(only[mine], now, units[mine], month == 12)
        points += instance.late
        books.accrue([_totals(books, now, units[mine])], [recorded])
        moved += books.pay_month(books.elapsed == 12)[0]
    while instance.book.waiting:
        moved += books.pay_month(False)[0]
    np.add.at(points, (year.cases.provider, year.cases.scheme), units)
    return Settled(points, instance.due, moved, instance.book.debt)


def results(year: Year) -> Mapping[str, Any]:
    """What a year came to, by the names of ``outputs``."""

    def by_hospital(money: NDArray[Any]) -> dict[str, Any]:
        return {name: money[i].sum().item() for i, name in enumerate(year.hospitals)}

    settled = year.settled
    due, moved = settled.due, settled.moved
    return {
        "units": by_hospital(settled.units),
        "value": _values(year),
        "owed": by_hospital(due.granted),
        "paid_monthly": by_hospital(moved.monthly),
        "held": by_hospital(due.granted - moved.monthly),
        "advanced": by_hospital(moved.advanced),
        "deposit": by_hospital(moved.held),
        "forfeited": by_hospital(moved.forfeited),
        "cleared": by_hospital(moved.clearing + moved.released),
        "carried": by_hospital(settled.carried),
        "paid": by_hospital(moved.cash),
        "fund": int(moved.cash.sum()),
    }


def _values(year: Year) -> dict[str, float]:
    """Fen a point by scheme, where the mode tells one."""
    instance = year.settlement.instances[0]
    tell = getattr(instance.mode, "value", None)
    if tell is None:
        return dict.fromkeys(SCHEMES, 0.0)
    pool = instance.year_totals.sum(axis=0)
    return {scheme: float(value) for scheme, value in zip(SCHEMES, tell(pool, instance.terms, year.months / 12), strict=True)}


# Explaining


def lines_of_year(year: Year) -> list[Line]:
    """The way of every row of this year's cases, then what each hospital is owed and paid."""
    money = lines_of_money(year, year.hospitals)
    rows = np.unique(year.row_of, return_index=True)[1]
    return [line for row in rows for line in lines_of_case(year, int(row))] + money + year.sources


def lines_of_case(year: Year, at: int) -> list[Line]:
    """The steps that the mode tells of one case, or its units where it tells none."""
    books, case = year.settlement, year.cases.take(np.array([at]))
    instance = books.instances[0]
    hospital = year.hospitals[int(case.provider[0])]
    pool = instance.year_totals.sum(axis=0, keepdims=True)
    lines = [Line(f"{hospital}：病例", f"{hospital}: a case of", _written(Step("", "", float(case.charge[0]), "fen", "")))]
    if isinstance(instance.mode, Explaining):
        return lines + [
            Line(step.label_zh, step.label_en, _written(step), step.rule)
            for step in instance.mode.explain(case, pool, instance.terms, books.elapsed / 12)
        ]
    units = float(books.units_of(np.zeros(1, dtype=np.int8), case)[0])
    name = instance.mode.label_zh, instance.mode.label_en
    return [*lines, Line(f"{name[0]}：计量", f"{name[1]}: units", told(units, Field("point", "")), instance.mode.summary)]


def lines_of_money(year: Year, hospitals: list[str]) -> list[Line]:
    """What the hospitals named are owed, and the way of their money through the cycle."""
    values = [
        Line(f"分值单价（{scheme}）", f"value of a point ({scheme})", told(value, Field("price", "")), "E9")
        for scheme, value in results(year)["value"].items()
        if value
    ]
    ways = [line for name in hospitals for line in [*_lines_of_clearing(year, name), *_lines_of_paying(year, name)]]
    return values + ways


def _lines_of_clearing(year: Year, name: str) -> list[Line]:
    """From the mode's entitlement to what a clearing grants: of the rules that are in force, by scheme, for the account that is owed."""
    books = year.settlement
    instance, at = books.instances[0], year.hospitals.index(name)
    cycle, holder = instance.cycle, int(instance.holder_of(books.provider_group)[at])
    lines, money, share = [], Field("price", ""), Field("share", "", high=None)
    if cycle.assesses:
        lines.append(Line(f"{name}：考核得分", f"{name}: assessment score", f"{instance.score[holder]:g}", "E12"))
    if not cycle.grants_other:
        return lines
    coefficient = assessment(instance.score[holder], cycle)
    for s, scheme in enumerate(SCHEMES):
        entitled, recorded = books.entitled(instance)[holder, s], instance.year_totals[holder, s, RECORDED]
        if not entitled and not recorded:
            continue
        payable = float(assessed(entitled, coefficient))
        steps = [("按付费方式应付", "entitled by the mode", told(float(entitled), money), "E9")]
        if cycle.assessment_low != 1 or cycle.assessment_high != 1:
            steps.append(("考核系数 K", "assessment coefficient K", told(float(coefficient), share), "E12"))
            steps.append(("考核后应付 B", "payable B", told(payable, money), "E12"))
        if (cycle.retention_from or cycle.shares_overruns) and payable > 0:
            steps.append(("记账金额 A", "recorded A", told(float(recorded), money), "E11"))
            steps.append(("A/B", "A/B", told(float(recorded / payable), share), "E11"))
            steps.append(("清算档位", "band", _band(float(recorded / payable), cycle), "E11"))
        lines += [Line(f"{name}（{scheme}）：{zh}", f"{name} ({scheme}): {en}", value, rule) for zh, en, value, rule in steps]
    return lines


def _band(ratio: float, cycle: Cycle) -> str:
    """Which part of the bands a ratio of recorded to payable money falls into."""
    if ratio < cycle.retention_from:
        return f"< {cycle.retention_from:.0%}: A"
    if ratio <= 1 or not cycle.shares_overruns:
        return "B"
    return f"B + {cycle.overrun_share:.0%} × (min(A, {cycle.overrun_to:.0%} B) − B)"


def _lines_of_paying(year: Year, name: str) -> list[Line]:
    """Owed, paid by month, held, released and cleared; what is nothing for want of a rule is not told."""
    found, cycle = results(year), year.settlement.instances[0].cycle
    labels = {
        "owed": ("应付", "owed", "E9–E11"),
        "advanced": ("年初预付（年末归还）", "advanced in January, returned in December", "G1"),
        "paid_monthly": ("按月拨付", "paid by month", "E10"),
        "held": ("清算前未付（含保证金）", "held before the clearing", "E10"),
        "deposit": ("其中保证金", "of that on the deposit account", "E10"),
        "forfeited": ("扣除保证金", "deposit forfeited", "E12"),
        "cleared": ("年度清算（含返还保证金）", "clearing, released deposit included", "E13"),
        "carried": ("结转以后月份扣回", "to be taken from the next months", "E13"),
    }
    if not cycle.deposit_share:
        labels["held"] = ("清算前未付", "held before the clearing", "E10")
        labels["cleared"] = ("年度清算", "clearing", "E13")
        del labels["deposit"], labels["forfeited"]
    if not cycle.advance_months:
        del labels["advanced"]
    if not cycle.claws_back_later:
        del labels["carried"]
    lines = [
        Line(f"{name}：{zh}", f"{name}: {en}", told(found[key][name], Field("yuan", "")), rule) for key, (zh, en, rule) in labels.items()
    ]
    if cycle.clearing_lag and year.months == 12:
        lines.append(Line(f"{name}：清算推迟月数", f"{name}: months until the clearing is paid", str(cycle.clearing_lag), "E13"))
    return lines


def _written(step: Step) -> str:
    """A step's value with its unit."""
    if isinstance(step.value, str):
        return step.value
    forms = {"fen": "price", "share": "share", "point": "point", "factor": "factor", "day": "day", "year": "year", "case": "factor"}
    field = Field(forms[step.unit], "")  # type: ignore[arg-type]
    return told(step.value, field)
