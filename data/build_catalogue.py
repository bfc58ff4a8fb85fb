"""Derives data/tables/disease_groups.csv, the disease-group catalogue, from the published lists and the hand-written judgements.

    python data/build_catalogue.py            write the table and print a summary of the case mix
    python data/build_catalogue.py --check    exit with 1 if the table on disk is not what the inputs give

Standard library only and deterministic: the same inputs give the same bytes on any machine.
What each column means and where each input comes from stands in data/tables/SOURCES.md.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parent / "tables"
GROUPS, WEIGHTS, ADRGS, JUDGEMENTS, CATALOGUE = (
    "chs_drg_groups.csv",
    "ms_drg_weights.csv",
    "adrg_judgements.csv",
    "disease_group_judgements.toml",
    "disease_groups.csv",
)

BANDS = ("0_4", "5_14", "15_44", "45_59", "60_74", "75p")
CONDITIONS = ("hypertension", "diabetes", "copd", "heart_disease", "stroke", "cancer")
ITEMS = ("drug", "consumable", "test", "service")
TIERS = ("primary", "secondary", "tertiary")
CLASSES = ("without", "cc", "mcc")
SEVERITY = {"not split": "none", "without CC/MCC": "without", "with CC": "cc", "with MCC": "mcc"}
SUFFIX = {"none": "", "without": ", without CC or MCC", "cc": ", with CC", "mcc": ", with MCC"}
UPCODED_PAY = 1.4527
"""What upcoded records were paid over what they should have been (Zhou et al. 2025, 10.1016/j.socscimed.2024.117660)."""
LEAST_DEARER, MOST_DEARER = 1.1, 2.0
"""How much dearer another family's group may be for a record to be written into it (assumption)."""
COLUMNS = (
    *("code", "name_zh", "name_en", "mdc", "adrg", "partition", "severity", "weight", "stay_days"),
    *("least_tier", "simple", "acsc", "emergency_share"),
    *(f"inc_{band}" for band in BANDS),
    "female_share",
    *(f"rr_{condition}" for condition in CONDITIONS),
    *("code_up", "treat_up"),
    *(f"{item}_share" for item in ITEMS),
)

CMS_MDC = {"A": "PRE", "Y": "25", "Z": "24"} | {letter: f"{i:02d}" for i, letter in enumerate("BCDEFGHIJKLMNOPQRSTUVWX", 1)}
"""MDC letter of the Chinese list → MDC of the US table: the same order, except that HIV (25) is Y and trauma (24) is Z."""

# How a US title ends → severity classes that its group covers; the first match counts, no match means all.
ENDINGS = (
    (re.compile(r"WITHOUT CC/MCC"), {"without"}),
    (re.compile(r"WITHOUT MCC"), {"without", "cc"}),
    (re.compile(r"WITH CC/MCC"), {"cc", "mcc"}),
    (re.compile(r"(WITH|AND) MCC"), {"mcc"}),
    (re.compile(r"WITH CC"), {"cc"}),
)
LEAST_ROWS = 3
"""US rows of each severity class that an MDC and type must have for a severity shape of its own (assumption)."""
RAKING_ROUNDS = 200
SAME = 1e-9


@dataclass(frozen=True)
class UsGroup:
    """One row of the US table: where it stands, relative weight, mean days, and the severity classes it covers."""

    number: int
    mdc: str
    kind: str
    weight: float
    stay: float
    covers: frozenset[str]


@dataclass
class Group:
    """One group of the national list on its way to a row of the catalogue. ``classes``: the severity classes its cases come from."""

    code: str
    name_zh: str
    mdc: str
    adrg: str
    partition: str
    severity: str
    classes: tuple[str, ...] = ()
    weight: float = 0.0
    stay: float = 0.0
    tier: str = "primary"
    share: float = 0.0
    by_age: tuple[float, ...] = ()
    baseline: tuple[float, ...] = ()
    code_up: str = ""
    treat_up: str = ""


@dataclass(frozen=True)
class Inputs:
    """Everything the table is derived from."""

    groups: list[Group]
    us: list[UsGroup]
    adrgs: dict[str, dict[str, str]]
    judgements: dict[str, Any]


# ------------------------------------------------------------------------------------------------ reading


def read_inputs(tables: Path) -> Inputs:
    """Reads the four files and checks that they speak of the same ADRGs."""
    groups = [
        Group(row["code"], row["name_zh"], row["mdc_letter"], row["adrg"], row["partition"], SEVERITY[row["severity"]])
        for row in rows_of(tables / GROUPS)
    ]
    us = [us_group(row) for row in rows_of(tables / WEIGHTS) if row["relative_weight"] != "."]
    adrgs = {row["adrg"]: row for row in rows_of(tables / ADRGS)}
    judgements = tomllib.loads((tables / JUDGEMENTS).read_text(encoding="utf-8"))
    difference = {group.adrg for group in groups} ^ set(adrgs)
    if difference:
        raise SystemExit(f"{ADRGS} and {GROUPS} do not name the same ADRGs: {', '.join(sorted(difference))}")
    return Inputs(groups, us, adrgs, judgements)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file as dictionaries; lines that begin with # are comments."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def us_group(row: dict[str, str]) -> UsGroup:
    """A row of the US table with the severity classes read from its title."""
    covers = next((classes for ending, classes in ENDINGS if ending.search(row["title"])), set(CLASSES))
    weight, stay = float(row["relative_weight"]), float(row["arithmetic_mean_los_days"])
    return UsGroup(int(row["ms_drg"]), row["mdc"], row["type"], weight, stay, frozenset(covers))


# ------------------------------------------------------------------------------------------------ severity, weight, stay


def place_severity(inputs: Inputs) -> None:
    """Which severity classes each group's cases come from: a split that an ADRG has not is counted with its milder neighbour.

    An ADRG with CC and without, but no MCC, counts its heaviest cases with CC.
    """
    present: dict[str, set[str]] = defaultdict(set)
    for group in inputs.groups:
        present[group.adrg].add(group.severity)
    for group in inputs.groups:
        group.classes = tuple(c for c in CLASSES if home_of(c, present[group.adrg]) == group.severity)


def home_of(severity_class: str, present: set[str]) -> str:
    """The split of an ADRG in which cases of a severity class are found."""
    if present == {"none"}:
        return "none"
    milder = [c for c in CLASSES[: CLASSES.index(severity_class) + 1] if c in present]
    return milder[-1] if milder else min(present, key=CLASSES.index)


def severity_shape(us: Iterable[UsGroup], field: str) -> dict[tuple[str, str], dict[str, float]]:
    """Mean of ``weight`` or ``stay`` by severity class relative to no complication, for each (MDC, type) and for ("", type) pooled."""
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in us:
        if len(row.covers) == 1:
            for place in ((row.mdc, row.kind), ("", row.kind)):
                found[place][next(iter(row.covers))].append(getattr(row, field))
    return {
        place: {c: mean(by_class[c]) / mean(by_class["without"]) for c in CLASSES}
        for place, by_class in found.items()
        if all(len(by_class[c]) >= LEAST_ROWS for c in CLASSES)
    }


def set_weight_and_stay(inputs: Inputs) -> None:
    """US weight and stay of every group; in each ADRG a heavier split is dearer and longer by at least the set step."""
    severity = inputs.judgements["severity"]
    factor = inputs.judgements["stay_factor"]
    shapes = {field: severity_shape(inputs.us, field) for field in ("weight", "stay")}
    for group in inputs.groups:
        shares = severity[group.partition]
        for field, step in (("weight", severity["least_weight_step"]), ("stay", severity["least_stay_step"])):
            by_class = class_values(inputs, group, field, shapes[field], step)
            cases = sum(shares[c] for c in group.classes)
            setattr(group, field, sum(shares[c] * by_class[c] for c in group.classes) / cases)
        group.stay *= float(factor.get(group.mdc, 1))


def class_values(
    inputs: Inputs, group: Group, field: str, shapes: dict[tuple[str, str], dict[str, float]], step: float
) -> dict[str, float]:
    """Weight or stay of each severity class of the group's ADRG, from the matched US rows."""
    matched = matched_rows(inputs, group)
    shares = inputs.judgements["severity"][group.partition]
    values: dict[str, float] = {}
    for severity_class in CLASSES:
        rows = [row for row in matched if severity_class in row.covers] or matched
        value = mean([transferred(row, severity_class, field, shapes, shares) for row in rows])
        least = step * max(values.values(), default=0.0)
        values[severity_class] = max(value, least)
    return values


def matched_rows(inputs: Inputs, group: Group) -> list[UsGroup]:
    """The US rows named for the group's ADRG, or all of the same MDC and type where none is named."""
    named = numbers_of(inputs.adrgs[group.adrg]["cms"])
    kind = "MED" if group.partition == "medical" else "SURG"
    place = (CMS_MDC[group.mdc], kind)
    rows = [row for row in inputs.us if row.number in named or (not named and (row.mdc, row.kind) == place)]
    if not rows:
        raise SystemExit(f"{ADRGS}: row {group.adrg}, column cms: no such MS-DRG")
    return rows


def numbers_of(text: str) -> set[int]:
    """``"004 064-066"`` → {4, 64, 65, 66}."""
    spans = [[int(end) for end in part.split("-")] for part in text.split()]
    return {number for span in spans for number in range(span[0], span[-1] + 1)}


def transferred(row: UsGroup, to: str, field: str, shapes: dict[tuple[str, str], dict[str, float]], shares: dict[str, float]) -> float:
    """A US row's weight or stay for one severity class: the row's own where it covers that class alone, else spread by the MDC's shape."""
    shape = shapes.get((row.mdc, row.kind)) or shapes[("", row.kind)]
    covered = sum(shares[c] * shape[c] for c in row.covers) / sum(shares[c] for c in row.covers)
    return float(getattr(row, field)) * shape[to] / covered


# ------------------------------------------------------------------------------------------------ volume by age


def set_volume(inputs: Inputs) -> None:
    """Share of all cases, incidence by age among everybody, and the incidence of people without chronic conditions."""
    reference = inputs.judgements["reference"]
    people, target = reference["age_share"], reference["admissions_by_age"]
    admissions = sum(p * t for p, t in zip(people, target, strict=True))
    volumes = case_volumes(inputs)
    start = [age_shape(inputs, group) for group in inputs.groups]
    incidence = rake(start, [volume * admissions for volume in volumes], people, target)
    for group, volume, by_age in zip(inputs.groups, volumes, incidence, strict=True):
        group.share = volume
        group.by_age = tuple(by_age)
        risk = mean_risk(relative_risk(inputs, group), reference["prevalence"])
        group.baseline = tuple(cases / factor for cases, factor in zip(by_age, risk, strict=True))


def case_volumes(inputs: Inputs) -> list[float]:
    """Share of each group in all cases: the ADRG's volume times the shares of its severity classes."""
    shares = inputs.judgements["severity"]
    cases = [float(inputs.adrgs[group.adrg]["cases"]) * sum(shares[group.partition][c] for c in group.classes) for group in inputs.groups]
    return [case / sum(cases) for case in cases]


def age_shape(inputs: Inputs, group: Group) -> list[float]:
    """Relative incidence by age of a group before raking: its ADRG's profile, tilted to the old for heavier splits."""
    profile = inputs.judgements["profiles"][inputs.adrgs[group.adrg]["profile"]]
    tilt = inputs.judgements["severity"].get(f"age_tilt_{group.severity}", [1.0] * len(BANDS))
    return [float(p) * float(t) for p, t in zip(profile, tilt, strict=True)]


def rake(start: list[list[float]], cases: Sequence[float], people: Sequence[float], target: Sequence[float]) -> list[list[float]]:
    """Scales rows (groups) and columns (age bands) in turn until both the groups' cases and all admissions per head by age are met.

    Zeros stay zero, so that births stay with women of child-bearing age and newborn disease with newborns.
    """
    table = [list(row) for row in start]
    for _ in range(RAKING_ROUNDS):
        for row, case in zip(table, cases, strict=True):
            factor = case / sum(p * cell for p, cell in zip(people, row, strict=True))
            row[:] = [cell * factor for cell in row]
        sums = [sum(column) for column in zip(*table, strict=True)]
        if max(abs(s / t - 1) for s, t in zip(sums, target, strict=True)) < SAME:
            break
        for row in table:
            row[:] = [cell * t / s for cell, t, s in zip(row, target, sums, strict=True)]
    return table


def relative_risk(inputs: Inputs, group: Group) -> list[float]:
    """Relative risks of the group by condition: its ADRG's if named, else its MDC's."""
    risks = inputs.judgements["relative_risk"]
    return [float(risk) for risk in risks.get(group.adrg, risks[group.mdc])]


def mean_risk(risks: Sequence[float], prevalence: dict[str, list[float]]) -> list[float]:
    """Mean over the reference people of each band of the product of relative risks, conditions taken as independent."""
    means = [1.0] * len(BANDS)
    for condition, risk in zip(CONDITIONS, risks, strict=True):
        means = [m * (1 + share * (risk - 1)) for m, share in zip(means, prevalence[condition], strict=True)]
    return means


# ------------------------------------------------------------------------------------------------ neighbours, tiers, items


def set_tiers(inputs: Inputs) -> None:
    """Least tier able to treat: the ADRG's, but at least secondary with a major complication."""
    for group in inputs.groups:
        tier = inputs.adrgs[group.adrg]["least_tier"]
        group.tier = "secondary" if tier == "primary" and group.severity == "mcc" else tier


def normalise(groups: list[Group]) -> None:
    """Weights with mean one over the case mix, rounded as they are written; days rounded."""
    level = sum(group.share * group.weight for group in groups)
    for group in groups:
        group.weight = round(group.weight / level, 4)
        group.stay = round(group.stay, 2)


def set_neighbours(inputs: Inputs) -> None:
    """What a case could be written up to, and the operation a medical case could be given."""
    by_adrg: dict[str, list[Group]] = defaultdict(list)
    for group in inputs.groups:
        by_adrg[group.adrg].append(group)
    for group in inputs.groups:
        dearer = [other for other in by_adrg[group.adrg] if other.weight > group.weight]
        group.code_up = min(dearer, key=lambda other: other.weight).code if dearer else other_family(inputs, group)
        named = inputs.adrgs[group.adrg]["treat_to"].split()
        operations = [other for adrg in named for other in by_adrg[adrg]]
        check_operations(group, named, operations)
        dearer = [other for other in operations if other.weight > group.weight]
        group.treat_up = min(dearer, key=lambda other: (other.weight, other.code)).code if dearer else ""


def other_family(inputs: Inputs, group: Group) -> str:
    """Code of the group of another ADRG that the dearest split of one could be written into; none if there is none.

    Another principal diagnosis of the same MDC and partition, for a record cannot claim an operation that was not done; as severe if there
    is one, and about as much dearer as upcoded records were found to be paid.
    """
    ratio = {other.code: other.weight / group.weight for other in inputs.groups}
    near = [
        other
        for other in inputs.groups
        if (other.mdc, other.partition) == (group.mdc, group.partition)
        and other.adrg != group.adrg
        and LEAST_DEARER <= ratio[other.code] <= MOST_DEARER
    ]
    alike = [other for other in near if other.severity == group.severity] or near
    return min(alike, key=lambda other: (abs(ratio[other.code] - UPCODED_PAY), other.code)).code if alike else ""


def check_operations(group: Group, named: list[str], operations: list[Group]) -> None:
    """A case can be moved only from a medical into an operative group of its own MDC that a county hospital can give."""
    fits = all(other.mdc == group.mdc and other.partition != "medical" and other.tier != "tertiary" for other in operations)
    if named and (group.partition != "medical" or not operations or not fits):
        raise SystemExit(f"{ADRGS}: row {group.adrg}, column treat_to: {' '.join(named)} does not fit")


def item_shares(inputs: Inputs, group: Group) -> list[float]:
    """Shares of the charge by item, to three decimals; service takes the rounding."""
    base = inputs.judgements["items"]["base"][group.partition]
    tilt = inputs.judgements["items"]["tilt"].get(group.mdc, [1.0] * len(ITEMS))
    tilted = [b * t for b, t in zip(base, tilt, strict=True)]
    first = [round(part / sum(tilted), 3) for part in tilted[:-1]]
    return [*first, round(1 - sum(first), 3)]


# ------------------------------------------------------------------------------------------------ writing


def derive(tables: Path = TABLES) -> tuple[Inputs, str]:
    """The inputs with every group worked out, and the text of the catalogue."""
    inputs = read_inputs(tables)
    place_severity(inputs)
    set_weight_and_stay(inputs)
    set_volume(inputs)
    set_tiers(inputs)
    normalise(inputs.groups)
    set_neighbours(inputs)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(catalogue_row(inputs, group) for group in inputs.groups)
    return inputs, text.getvalue()


def catalogue_row(inputs: Inputs, group: Group) -> dict[str, str]:
    """One row of the catalogue, every cell as it is written."""
    adrg = inputs.adrgs[group.adrg]
    mild = group.severity in ("none", "without")
    female = adrg["female_share"] or inputs.judgements["female_share"][group.mdc]
    row: dict[str, object] = {
        "code": group.code,
        "name_zh": group.name_zh,
        "name_en": adrg["name_en"] + SUFFIX[group.severity],
        "mdc": group.mdc,
        "adrg": group.adrg,
        "partition": group.partition,
        "severity": group.severity,
        "weight": f"{group.weight:.4f}",
        "stay_days": f"{group.stay:.2f}",
        "least_tier": group.tier,
        "simple": int(adrg["simple"] == "1" and mild),
        "acsc": adrg["acsc"],
        "emergency_share": adrg["emergency_share"],
        "female_share": f"{float(female):g}",
        "code_up": group.code_up,
        "treat_up": group.treat_up,
    }
    row |= {f"inc_{band}": f"{cases:.6g}" for band, cases in zip(BANDS, group.baseline, strict=True)}
    row |= {f"rr_{c}": f"{risk:g}" for c, risk in zip(CONDITIONS, relative_risk(inputs, group), strict=True)}
    row |= {f"{item}_share": f"{share:.3f}" for item, share in zip(ITEMS, item_shares(inputs, group), strict=True)}
    return {column: str(row[column]) for column in COLUMNS}


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean."""
    return sum(values) / len(values)


# ------------------------------------------------------------------------------------------------ summary


def summary(inputs: Inputs) -> str:
    """What the case mix looks like, to be read by whoever changes a judgement."""
    groups = inputs.groups
    flags = {group.code: catalogue_row(inputs, group) for group in groups}
    lines = [f"{len(groups)} groups, {len(inputs.adrgs)} ADRGs"]
    for key in ("mdc", "partition", "severity", "least_tier", "simple", "acsc"):
        lines.append(f"by {key}: share of cases, mean weight, mean days")
        for value in sorted({flags[group.code][key] for group in groups}):
            part = [group for group in groups if flags[group.code][key] == value]
            lines.append(f"  {value:<10} {total(part):6.2%} {average(part, 'weight'):7.3f} {average(part, 'stay'):6.2f}")
    lines.append(f"all: mean weight {average(groups, 'weight'):.4f}, mean days {average(groups, 'stay'):.2f}")
    charge = sum(g.share * g.weight for g in groups)
    for i, item in enumerate(ITEMS):
        share = sum(g.share * g.weight * item_shares(inputs, g)[i] for g in groups) / charge
        lines.append(f"{item} share of charges {share:.3f}")
    emergency = sum(g.share * float(flags[g.code]["emergency_share"]) for g in groups)
    female = sum(g.share * float(flags[g.code]["female_share"]) for g in groups)
    lines.append(f"emergency share {emergency:.3f}, women {female:.3f}")
    written, treated = total([g for g in groups if g.code_up]), total([g for g in groups if g.treat_up])
    lines.append(f"with a coding neighbour {written:.3f}, with a treatment neighbour {treated:.3f}")
    for title, attribute in (("everybody", "by_age"), ("people without chronic conditions", "baseline")):
        sums = [sum(column) for column in zip(*(getattr(g, attribute) for g in groups), strict=True)]
        lines.append(f"admissions by age, {title}: " + " ".join(f"{value:.3f}" for value in sums))
    return "\n".join(lines)


def total(groups: Iterable[Group]) -> float:
    """Share of these groups in all cases."""
    return sum(group.share for group in groups)


def average(groups: Sequence[Group], field: str) -> float:
    """Mean weight or stay over the cases of these groups."""
    return sum(group.share * float(getattr(group, field)) for group in groups) / total(groups)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the table, or with ``--check`` compares it; returns the exit code."""
    parser = argparse.ArgumentParser(description="Derive the disease-group catalogue.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if the table on disk is stale")
    options = parser.parse_args(arguments)
    inputs, text = derive()
    path = TABLES / CATALOGUE
    if not options.check:
        path.write_text(text, encoding="utf-8", newline="")
        print(summary(inputs))
        return 0
    if path.is_file() and path.read_bytes() == text.encode():
        return 0
    print(f"{path.name} is not what its inputs give: run python data/build_catalogue.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
