"""Writes the pages that are made from the registries and the settings: the data dictionary, the sources, the glossary's tables.

Run ``python docs/generate.py`` after a change; with ``--check`` it writes nothing and fails if a page is not what it would write.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from agents.conduct import get_conduct, list_conducts
from experiments import case_bill, case_year, robustness
from experiments.case_fields import Field
from experiments.case_rule import all_rules
from experiments.comparison import COLUMNS, ROUNDING
from model import codes
from model.care import CHANNELS, HIGHEST, LOWEST, NEUTRAL
from model.cases import FLAG_NAMES
from model.decisions import Decision
from model.indicators import INDICATORS, LEVELS, SUMS
from model.ledger import AccountKind, Memo
from model.payment import get_mode, list_modes
from model.people import PERSON
from model.policy import (
    BehaviourFile,
    CityFile,
    Leaf,
    LeafSpec,
    PolicyFile,
    list_cities,
    list_policies,
    load_behaviour,
    load_city,
    load_policy,
    walk,
)
from model.policy.cycle_file import CYCLE
from model.policy.section import Section
from viz.labels import formula

DOCS = Path(__file__).parent
NOTE = "This page is made by `docs/generate.py`. Do not edit it; run the script.\n"
FEW = 6
"""Places listed one by one; where a reason stands behind more, they are counted."""

TABLE_COLUMNS = {
    "period": "month `2021-07` in monthly tables, year `2021` in yearly ones",
    "unit_type": "what kind of unit the row is about",
    "unit": "which one of that kind",
    "indicator": "a name of the list below",
    "value": "number in the indicator's unit; a row is left out where the indicator does not exist",
}

COMPARISON_COLUMNS = {
    "indicator": "a name of the list above",
    "unit_type": "as in the tables of results",
    "unit": "as in the tables of results",
    "period": "a year, or several as `2022-2024`: the mean over them",
    "policy": "the policy that is compared",
    "baseline": "the policy it is compared with",
    "mean_baseline": "mean over seeds under the baseline, in the indicator's unit",
    "mean_policy": "mean over seeds under the policy",
    "difference": "mean over seeds of policy less baseline, seed by seed",
    "ci_low": "lower end of the 95 % interval of the difference (Student's t over seeds); empty with fewer than two seeds",
    "ci_high": "upper end of it",
    "relative_pct": f"the difference in per cent of the baseline's size; empty where that is nothing but rounding (below {ROUNDING:g})",
    "n_seeds": "seeds that have a finite value under both",
}

ROBUSTNESS_COLUMNS = {
    **dict.fromkeys(("indicator", "unit_type", "unit", "period", "policy", "baseline"), "as in the comparison"),
    "conduct": "the conduct rule; the first of each difference is the comparison's own",
    **dict.fromkeys(("difference", "ci_low", "ci_high", "relative_pct", "n_seeds"), "as in the comparison, under this rule"),
    "verdict": "under the comparison's own rule `clear` where the interval excludes zero, else `unclear`. "
    "Under another a clear one `holds` (clear, same sign), keeps the `same_sign` without being clear, is `lost`, or is `reversed` "
    "(clear, other sign); one that was not clear `appears` (is clear now) or stays `unclear`",
}

UNIT_TYPES = {
    "city": "the whole city",
    "county": "county of the *patient*; for people, need and care alike",
    "tier": "tier of the institution",
    "scheme": "the patient's insurance scheme",
    "scheme_tier": "scheme and tier, written `resident/primary`",
    "income_fifth": "the patient's fifth of income, `1` poorest",
    "severity": "true severity of the stay",
    "ownership": "ownership of the institution",
    "kind": "kind of care",
    "provider": "one institution, by its name in the city file",
}

CLAIM_COLUMNS = {
    "month": "month of the claim, `YYYY-MM`",
    "person": "the person's address (uid)",
    "provider": "institution",
    "tier": "tier of the institution",
    "county": "county of the patient",
    "kind": "kind of care that a stay of the written group is",
    "group_true": "disease group that the patient has",
    "group_coded": "disease group that was written down",
    "severity": "true severity",
    "points_true": "units the payment mode gives for the group that was treated",
    "points_coded": "units the payment mode gives for the group as coded",
    "charge": "whole charge, fen",
    "drug": "part of the charge for drugs, fen",
    "consumable": "part for consumables, fen",
    "test": "part for tests, fen",
    "service": "part for services, fen",
    "class_a": "part in class A of the catalogue (甲类), fen",
    "class_b": "part in class B (乙类), fen",
    "class_c": "part outside the catalogue (丙类、自费), fen",
    "fund_basic": "what the pooled fund records, fen; what it really pays follows from the payment mode",
    "second_layer": "catastrophic or large-expense layer, fen",
    "supplement": "supplements: of civil servants, of the poor, fourth reimbursement (医保帮扶), fen",
    "aid": "medical assistance, tilt aid included, fen",
    "account": "personal account, fen",
    "patient": "paid by the patient in cash, fen",
    "stay_days": "days of the stay",
    "upgraded": "a procedure beyond need was really done (升级诊疗)",
    "upcoded": "written into the adjacent dearer group (高套)",
    "split": "half of a divided stay (分解住院)",
    "low_threshold": "an outpatient without need for a bed (低标准入院)",
    "shifted": "charges were moved outside the catalogue (转嫁费用)",
    "audited": "looked at by an auditor",
    "recovered": "found distorted; money was taken back",
    "referred": "steered here by the patient's medical group",
    "returned": "found by the institution itself; money was given back (自查自纠)",
}

CHANNEL_WORDS = {
    "intensity_outpatient": ("门诊诊疗强度", "services of a visit over clinically standard services"),
    "intensity_mild": ("轻症诊疗强度", "services of a mild stay over clinically standard services"),
    "intensity_moderate": ("中等病情诊疗强度", "the same of a stay of moderate severity"),
    "intensity_severe": ("重症诊疗强度", "the same of a severe stay"),
    "coding": ("高编高套（高套分值）", "share of eligible cases written into the adjacent dearer group"),
    "treatment": ("升级诊疗", "share of eligible cases given a procedure that moves them into a dearer group"),
    "splitting": ("分解住院", "share of eligible stays discharged and readmitted"),
    "threshold": ("低标准入院", "share of marginal outpatients admitted"),
    "selection": ("推诿重症", "share of costly cases turned away"),
    "shift": ("转嫁费用", "share of in-scope charges moved outside the catalogue"),
    "stay": ("住院天数（提前出院、压床）", "days of a stay over its usual days"),
    "drug": ("药品用量倾斜", "drugs of a stay over their part of the standard bill, less one; services take the balance"),
    "consumable": ("耗材用量倾斜", "the same of consumables"),
    "test": ("检查检验倾斜", "the same of tests"),
}

FORM_WORDS = {
    "yuan": "amount",
    "price": "price",
    "share": "share",
    "factor": "number",
    "point": "points",
    "count": "whole number",
    "day": "days",
    "year": "age",
    "score": "score",
    "flag": "truth",
    "name": "text",
    "month": "month",
    "bands": "bands of money",
    "steps": "bands of shares",
}

GENERIC_KEYS = {
    "ByScheme": "*scheme*",
    "ByTier": "*tier*",
    "ByOwnership": "*ownership*",
    "BySeverity": "*severity*",
    "ByVisitKind": "*visit kind*",
    "ByCondition": "*condition*",
    "ByItem": "*item*",
    "ByBenefitClass": "*benefit class*",
    "ByAuditedChannel": "*audited channel*",
}

Page = Callable[[str], str]


# Small things


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def cell(value: object) -> str:
    """Text of one cell; bars and line breaks would end it."""
    return re.sub(r"\s+", " ", str(value)).replace("|", "\\|").strip()


def code(text: object) -> str:
    """Text in the type of code, or nothing."""
    return f"`{text}`" if str(text) else ""


def number(value: object) -> str:
    """A number as one would write it."""
    return f"{value:,.10g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def section(title: str, text: str, body: str = "") -> str:
    """A heading, what it is about, and its table."""
    return f"\n## {title}\n\n{text}\n" + (f"\n{body}" if body else "")


# What is written in the sources beside a name


def member_words(kind: type) -> dict[str, str]:
    """The text below each member of an enumeration, or behind it as a comment."""
    source = inspect.getsource(kind)
    words = {name: text.strip() for name, text in re.findall(r"^\s+([A-Z_0-9]+) = [^#\n]+?\s+# (.+)$", source, re.MULTILINE)}
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    for first, second in zip(body.body, body.body[1:], strict=False):
        if isinstance(first, ast.Assign) and isinstance(second, ast.Expr) and isinstance(second.value, ast.Constant):
            target = first.targets[0]
            assert isinstance(target, ast.Name)
            words[target.id] = str(second.value.value)
    return words


# Settings


def schema_rows(model: type[Section], path: str = "") -> Iterator[tuple[str, LeafSpec | str, str]]:
    """Each key below a table: dotted path, what it may hold (a leaf's rule, or words), and its meaning."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        if model.__name__.startswith("By") and "[" in model.__name__:
            key = GENERIC_KEYS[model.__name__.split("[")[0]]
        where = f"{path}.{key}".lstrip(".")
        yield from _field_rows(field.annotation, [*field.metadata], where, field.description or "")
        if key.startswith("*"):
            return


def _field_rows(annotation: Any, metadata: list[Any], where: str, words: str) -> Iterator[tuple[str, LeafSpec | str, str]]:
    spec = next((item for item in metadata if isinstance(item, LeafSpec)), None)
    if spec is not None:
        yield where, spec, spec.doc or words
        return
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if hasattr(origin, "__value__"):  # Rows[T], an alias of Annotated[tuple[T, ...], …]
        yield from schema_rows(inner[0], f"{where}[ ]")
    elif isinstance(annotation, type) and issubclass(annotation, Section):
        yield from schema_rows(annotation, where)
    elif type(None) in inner:
        for option in inner:
            if option is not type(None):
                yield from _field_rows(*_without_annotated(option), where, words)
    elif origin is typing.Annotated:
        yield from _field_rows(*_without_annotated(annotation), where, words)
    elif where.endswith("parameters"):
        yield f"{where}.*name*", "as the mode declares", "one parameter of the mode"
    else:
        yield where, _plain(annotation), words


def _without_annotated(annotation: Any) -> tuple[Any, list[Any]]:
    if typing.get_origin(annotation) is typing.Annotated:
        first, *rest = typing.get_args(annotation)
        return first, rest
    return annotation, []


def _plain(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return "one of " + ", ".join(typing.get_args(annotation))
    names = {str: "text", float: "number", int: "whole number", bool: "true or false"}
    if typing.get_origin(annotation) is dict:
        return "texts by key"
    return names.get(annotation, "list of texts")


def allowed(spec: LeafSpec | str) -> str:
    """What a setting may hold, in words."""
    if isinstance(spec, str):
        return spec
    if spec.form == "text":
        return "one of " + ", ".join(spec.choices)
    if spec.form == "names":
        return f"a list of {', '.join(spec.choices) or 'names'}"
    if spec.form == "bands":
        return "bands [from, to, ratio]"
    words = spec.range_text()
    if spec.form == "vector":
        words = f"{spec.length or 'some'} numbers, each {words}"
    if spec.form == "integer":
        words = f"whole number, {words}"
    return words + (f"; together {spec.total:g}" if spec.total is not None else "")


def settings_table(model: type[Section]) -> str:
    """Every key of a settings file."""
    rows = (
        (code(path), code(spec.unit or "") if isinstance(spec, LeafSpec) else "", allowed(spec), words)
        for path, spec, words in schema_rows(model)
    )
    return table(("key", "unit", "allowed", "meaning"), rows)


# The data dictionary


def data_dictionary(_: str) -> str:
    """Codes, columns, indicators, modes, settings."""
    parts = [
        f"# Data dictionary (数据字典)\n\n{NOTE}\nMoney in columns is whole fen (分). Money in indicators and settings is yuan (元).\n",
        _tables(),
        _indicators(),
        _comparison(),
        _claims(),
        _people(),
        _codes(),
        _conduct(),
        _modes(),
        _rules(),
        section(
            "City file",
            "One row a key. A word between stars (`*scheme*`) stands for one of the codes above. `[ ]` is a row of a list.",
            settings_table(CityFile),
        ),
        section("Policy file", "The parameters of a mode are those the mode declares (see above).", settings_table(PolicyFile)),
        section(
            "Settlement cycle",
            "Keys of `[mode.cycle]` in a policy file. Each may be absent; then the rule is not in force.",
            table(
                ("key", "unit", "allowed", "meaning"),
                ((code(key), code(spec.unit or ""), allowed(spec), spec.doc) for key, spec in CYCLE.items()),
            ),
        ),
        section("Behaviour file", "`data/behaviour.toml`: how providers weigh and learn, and who watches.", settings_table(BehaviourFile)),
        _decisions(),
        _accounts(),
        section(
            "Disease-group catalogue",
            "Columns of `data/tables/disease_groups.csv` stand in [data/tables/SOURCES.md](../data/tables/SOURCES.md).",
        ),
    ]
    return "".join(parts)


def _tables() -> str:
    text = "`city.tables.monthly`, `city.tables.yearly` and, with run, policy and seed beside, `indicators.parquet`."
    columns = table(("column", "meaning"), ((code(name), words) for name, words in TABLE_COLUMNS.items()))
    units = table(("unit_type", "meaning"), ((code(name), words) for name, words in UNIT_TYPES.items()))
    sums = ", ".join(f"`{name}`" for name in SUMS)
    levels = ", ".join(f"`{name}`" for name in LEVELS)
    after = f"\nEvery indicator is computed from these additive sums, so that years and units add up ({levels} is a level): {sums}.\n"
    return section("Tables of results", text, f"{columns}\n{units}{after}")


def _indicators() -> str:
    better = {1: "more", -1: "less", 0: "depends"}
    rows = (
        (code(one.name), one.label_zh, one.label_en, one.unit, one.formula, formula(one.name, "zh"), better[one.better], one.source)
        for one in INDICATORS.values()
    )
    head = ("name", "中文", "English", "unit", "formula", "公式", "better", "source")
    text = "Sources such as `rules E9` and `T14` are explained in [odd.md](odd.md#rule-codes)."
    return section("Indicators", text, table(head, rows))


def _comparison() -> str:
    rows = ((code(name), COMPARISON_COLUMNS[name]) for name in COLUMNS)
    whole = section("Comparison", "`comparison.csv`: each policy against the first, paired by seed.", table(("column", "meaning"), rows))
    text = "`robustness.csv`, from `--also-conduct`: the comparison's main rows under each conduct rule, over the years since the switch."
    rows = ((code(name), ROBUSTNESS_COLUMNS[name]) for name in robustness.COLUMNS)
    return whole + section("Findings under other conduct rules", text, table(("column", "meaning"), rows))


def _claims() -> str:
    text = "`city.claims()` and `claims/*.parquet`: inpatient claims, the truth beside the record."
    return section("Claims", text, table(("column", "meaning"), ((code(name), words) for name, words in CLAIM_COLUMNS.items())))


def _people() -> str:
    def bound(value: float | None) -> str:
        return "" if value is None else number(value)

    rows = ((code(c.name), code(c.dtype), c.unit, bound(c.low), bound(c.high), c.doc) for c in PERSON)
    text = f"`city.people`: one array a column, one row a person, {sum(c.dtype.itemsize for c in PERSON)} bytes a row."
    return section("People", text, table(("column", "type", "unit", "least", "most", "meaning"), rows))


def _codes() -> str:
    lists = (
        "SCHEMES",
        "TIERS",
        "OWNERSHIPS",
        "KINDS",
        "SEVERITIES",
        "CONDITIONS",
        "BENEFIT_CLASSES",
        "LAYERS",
        "STANDINGS",
        "PROVIDER_KINDS",
        "SEXES",
        "AGE_BANDS",
    )
    rows = ((code(name), ", ".join(f"{at} `{value}`" for at, value in enumerate(getattr(codes, name)))) for name in lists)
    return section(
        "Codes",
        "Small integers in columns; from `model/codes.py`. Age bands are given by their first year of age.",
        table(("list", "codes"), rows),
    )


def _conduct() -> str:
    ends = zip(NEUTRAL, LOWEST, HIGHEST, strict=True)
    rows = ((code(name), *CHANNEL_WORDS[name], *(f"{x:g}" for x in three)) for name, three in zip(CHANNELS, ends, strict=True))
    text = f"`city.staff.conduct[provider, channel]`. Flags on claims that they leave: {', '.join(code(name) for name in FLAG_NAMES)}."
    return section("Channels of conduct", text, table(("channel", "中文", "meaning", "neutral", "least", "most"), rows))


def _modes() -> str:
    # made, since traits may follow from parameters
    modes = [get_mode(name)() for name in list_modes()]
    rows = (
        (
            code(m.name),
            m.label_zh,
            m.label_en,
            m.traits.held_by,
            m.traits.heads,
            "yes" if m.traits.exhausts_budget else "",
            "yes" if m.traits.outflow else "",
            inspect.getdoc(m),
        )
        for m in modes
    )
    first = table(("mode", "中文", "English", "owed to", "own heads", "exhausts budget", "outflow deducted", "what is owed"), rows)
    params = ((code(m.name), code(key), code(spec.unit), allowed(spec), spec.doc) for m in modes for key, spec in m.PARAMETERS.items())
    second = table(("mode", "parameter", "unit", "allowed", "meaning"), params)
    return section("Payment modes", "Found in `model/payment/`.", f"{first}\n{second}")


def _rules() -> str:
    rows = ((code(r.name), r.label_zh, r.label_en, r.summary) for r in (get_conduct(name) for name in list_conducts()))
    return section("Conduct rules", "Found in `agents/conduct/`.", table(("rule", "中文", "English", "what it does"), rows))


def _decisions() -> str:
    words = member_words(Decision)
    rows = ((int(one), code(one.name), words.get(one.name, "")) for one in Decision)
    return section(
        "Random decisions",
        "The third part of a random number's address (seed, decision, month, who).",
        table(("number", "decision", "what"), rows),
    )


def _accounts() -> str:
    words = member_words(Memo)
    kinds = ", ".join(code(kind.name) for kind in AccountKind)
    rows = ((code(memo.name), words.get(memo.name, "")) for memo in Memo)
    return section("Ledger", f"Kinds of account: {kinds}. Why money moves:", table(("memo", "usual way"), rows))


# The sources


def sources(_: str) -> str:
    """Every setting's source, file by file; values that calibration found are left to the files."""
    head = (
        f"# Sources (数据来源)\n\n{NOTE}\n"
        "Every value of a settings file names its source: a key of the file's own list, or `assumption: why`.\n"
        "`yibao explain city NAME` prints each value with its source. Here the sources are listed, and behind them what rests on them.\n"
        "“Re-verify” means that only a copy was read. Values in a city's `[fitted]` section come from the calibration and are not listed.\n"
        "The disease-group tables have their own page: [data/tables/SOURCES.md](../data/tables/SOURCES.md).\n"
    )
    about = "How providers weigh and learn, what acts reach, who watches, what treatment does to health."
    parts = [*map(_city, list_cities()), *map(_policy, list_policies()), _file("Behaviour", "data/behaviour.toml", load_behaviour(), about)]
    return head + "".join(parts)


def _city(name: str) -> str:
    city = load_city(name)
    about = f"Data status: {city.data_status.en}\n\n{city.data_status.zh}"
    return _file(f"City {city.label.en} ({city.label.zh})", f"data/cities/{name}.toml", city, about)


def _policy(name: str) -> str:
    policy = load_policy(name)
    about = f"{policy.description.en}\n\n{policy.description.zh}"
    return _file(f"Policy {policy.label.en} ({policy.label.zh})", f"data/policies/{name}.toml", policy, about)


def _file(title: str, file: str, settings: Section, about: str) -> str:
    by_source = _places(settings)
    known: Mapping[str, str] = settings["sources"]
    used = {key: [place for source, places in by_source.items() if _key(source) == key for place in places] for key in known}
    listed = table(("key", "source", "values that rest on it"), ((code(key), known[key], _several(used[key])) for key in known))
    reasons = {source.split(":", 1)[1].strip(): places for source, places in by_source.items() if _key(source) == "assumption"}
    assumed = table(("why", "assumed values"), ((why, _several(places)) for why, places in reasons.items()))
    return section(title, f"`{file}`. {about}", listed + (f"\nAssumptions:\n\n{assumed}" if reasons else ""))


def _places(settings: Section) -> dict[str, list[str]]:
    """Where each source stands, with the value where it is a plain one."""
    found: dict[str, list[str]] = {}
    for path, leaf in walk(settings):
        if not path.startswith("fitted."):
            for entry in leaf.history:
                found.setdefault(entry.source, []).append(f"`{path}`{_value(leaf, entry.value)}")
    return found


def _value(leaf: Leaf, value: object) -> str:
    unit = "" if leaf.unit == "indicator's unit" else f" {leaf.unit}"
    return "" if isinstance(value, tuple) else f" {number(value)}{unit}"


def _key(source: str) -> str:
    return re.split(r"[:;]", source)[0].strip()


def _several(places: list[str]) -> str:
    if len(places) <= FEW:
        return "; ".join(places)
    return f"{'; '.join(places[: FEW - 1])} … and {len(places) - FEW + 1} more"


# The glossary's tables


def glossary(present: str) -> str:
    """The page as it is, its marked tables made anew."""
    made = {
        "indicators": table(("中文", "English", "code"), ((i.label_zh, i.label_en, code(i.name)) for i in INDICATORS.values())),
        "channels": table(("中文", "code", "meaning"), ((CHANNEL_WORDS[name][0], code(name), CHANNEL_WORDS[name][1]) for name in CHANNELS)),
        "modes": table(
            ("中文", "English", "code"), ((m.label_zh, m.label_en, code(m.name)) for m in (get_mode(name) for name in list_modes()))
        ),
    }
    for name, body in made.items():
        present = _between(present, f"<!-- begin {name} -->\n", f"<!-- end {name} -->", f"\n{body}\n")
    return present


def _between(page: str, begin: str, end: str, body: str) -> str:
    """The page with what stands between two marks replaced."""
    if page.count(begin) != 1 or page.count(end) != 1:
        raise SystemExit(f"the page must hold {begin.strip()} and {end} once each")
    before, rest = page.split(begin)
    return before + begin + body + end + rest.split(end)[1]


# The tables of case files


def cases(present: str) -> str:
    """The page as it is, its marked tables made anew."""
    made = {
        "bill": _fields_table(case_bill.TABLES) + _outputs_table(case_bill.OUTPUTS),
        "year": _fields_table(case_year.TABLES) + _outputs_table(case_year.outputs(())),
        "rules": table(
            ("rule", "section", "what it does", "given", "expect"),
            ((code(name), r.code, f"{r.en} ({r.zh})", _named(r.given), _named(r.gives)) for name, r in all_rules().items()),
        ),
    }
    for name, body in made.items():
        present = _between(present, f"<!-- begin {name} -->\n", f"<!-- end {name} -->", f"\n{body}\n")
    return present


def _fields_table(tables: Mapping[str, Mapping[str, Field]]) -> str:
    rows = ((code(f"{name}.{key}".lstrip(".")), *_field(field)) for name, fields in tables.items() for key, field in fields.items())
    return table(("key", "holds", "may be absent", "meaning"), rows)


def _field(field: Field) -> tuple[str, str, str]:
    holds = " or ".join(code(choice) for choice in field.choices) if field.choices else FORM_WORDS[field.form]
    return holds, "yes" if field.optional else "", field.doc


def _outputs_table(fields: Mapping[str, Field]) -> str:
    rows = ((code(key), FORM_WORDS[field.form], field.doc) for key, field in fields.items())
    return "\nWhat may be expected:\n\n" + table(("expect", "holds", "meaning"), rows)


def _named(fields: Mapping[str, Field]) -> str:
    shapes = {"one": "", "list": ", list", "table": ", by name", "groups": ", rows"}
    return "; ".join(
        f"`{key}`{'?' if field.optional else ''} ({FORM_WORDS[field.form]}{shapes[field.shape]})" for key, field in fields.items()
    )


PAGES: dict[str, Page] = {"data-dictionary.md": data_dictionary, "sources.md": sources, "glossary.md": glossary, "cases.md": cases}


def stale() -> dict[str, str]:
    """Pages that are not what the script would write, with what it would write."""
    wrong = {}
    for name, page in PAGES.items():
        file = DOCS / name
        present = file.read_text(encoding="utf-8") if file.exists() else ""
        wanted = page(present)
        if wanted != present:
            wrong[name] = wanted
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Write the stale pages, or with ``--check`` only tell them."""
    found = stale()
    for name, text in found.items():
        print(f"{'stale' if '--check' in arguments else 'written'}: docs/{name}")
        if "--check" not in arguments:
            (DOCS / name).write_text(text, encoding="utf-8")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
