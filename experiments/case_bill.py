"""Cases of kind ``bill``: one person's bills of a year under a city's benefits or rules written out; the model's benefits split them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments import case_year
from experiments.case_fields import CaseError, Field, checked_keys, read_table, read_value, told
from experiments.cases import Line, Prepared, lines_in_force
from experiments.toml_lines import Place
from model.benefits import MAX_AMOUNT, NO_LIMIT, BenefitRules, ClaimParts, Layer, YearToDate, split_claims
from model.bill_items import CATALOGUE_CLASSES, split_items
from model.calendar import parse_month
from model.codes import BENEFIT_CLASSES, BENEFIT_KIND, CONDITIONS, KINDS, LAYERS, REFERRALS, SCHEMES, STANDINGS
from model.continuity import is_waiting, raised_ceiling
from model.drug_benefit import diseases_of
from model.errors import InputError
from model.layers import POOR
from model.referral import ENCODINGS, penalties_of, referral_of
from model.units import FEN, PPM, ratio_to_ppm

if TYPE_CHECKING:
    from model.policy.city_file import CityFile

Row = dict[str, Any]
KEYS: Mapping[str, bool] = {"date": True, "person": False, "bill": False, "rules": False, "payment": True}
"""Keys beyond those of every case, and whether they may be absent."""

USED: Mapping[str, str] = {
    "basic": "ytd_basic_inpatient",
    "outpatient": "ytd_basic_outpatient",
    "chronic": "ytd_basic_chronic",
    "outpatient_deductible": "ytd_outpatient_deductible",
    "second_base": "ytd_residual",
    "second": "ytd_cii",
    "aid": "ytd_aid",
    "account": "account_balance",
}
"""What the year has used up before the bills, and the model's counter of it; ``account`` is what is on the personal account."""
USED_OF_ENTITLED: Mapping[str, int] = {"residual": 0} | {name: LAYERS.index(name) for name in LAYERS if name not in ("second", "aid")}
"""The same for people with a standing: the in-scope residual of basic insurance, and what the other layers have paid."""
PERSON: Mapping[str, Field] = {
    "scheme": Field("name", "insurance scheme", choices=SCHEMES),
    "retired": Field("flag", "retired employee; no unless given", optional=True),
    "conditions": Field("name", "chronic conditions, which say how chronic care is paid", True, "list", CONDITIONS),
    "unbroken_years": Field("count", "years of enrolment without a gap", optional=True, high=100),
    "months_since_return": Field("count", "full months since the cover was taken up again after a lapse", optional=True, high=1200),
    "standing": Field("name", "what entitles to layers beyond the second; ordinary unless given", optional=True, choices=STANDINGS),
    "stays": Field("count", "stays of the year before these bills", optional=True, high=255),
    **{key: Field("yuan", f"used up before these bills, see ``{key}``", optional=True) for key in (*USED, *USED_OF_ENTITLED)},
}
ITEM: Mapping[str, Field] = {
    "name": Field("name", "as you like"),
    "cost": Field("yuan", "at its catalogue price"),
    "class": Field("name", "catalogue class: A (甲类), B (乙类), C (丙类 or off the list)", optional=True, choices=("A", "B", "C")),
    "first_self": Field("share", "first paid by oneself; none in class A and all in class C", optional=True),
    "in_full": Field("flag", "whether the fund pays the rest without deductible and ratio; no unless given", optional=True),
}
BILL: Mapping[str, Field] = {
    "care": Field("name", "kind of care; inpatient unless given", optional=True, choices=KINDS),
    "place": Field("name", "class of the institution", choices=BENEFIT_CLASSES),
    "total": Field("yuan", "the whole bill; the sum of the items unless given", optional=True),
    "items": Field("name", "the bill item by item, in place of ``in_scope``", optional=True, shape="groups", inside=ITEM),
    "in_scope": Field("yuan", "part inside the catalogue after first-self-pay; the whole bill unless given", optional=True),
    "referral": Field("name", "of a stay outside the city: referred (registered) or not", optional=True, choices=REFERRALS[1:]),
    "emergency": Field("flag", "an emergency counts as referred", optional=True),
    "day_surgery": Field("flag", "a day surgery, see ``rules.day_surgery``; no unless given", optional=True),
}
OF_CASE = ("hospital", "group", "stay", "severity", "age", "emergency", "readmission", "month")
"""Keys of ``payment`` that say what case the bill is to the hospital's mode, see ``case_year.ROW``."""
UPPER: Mapping[str, Field] = {
    "deductible": Field("yuan", "a year", optional=True),
    "ratio": Field("share", "paid of what is left in scope above it", optional=True),
    "bands": Field("bands", "paid by bands of the year's base, deductible included", optional=True),
    "cap": Field("yuan", "a year", optional=True),
}
RULES: Mapping[str, Mapping[str, Field]] = {
    "stay": {
        "deductible": Field("yuan", "of a stay"),
        "deductible_later": Field("yuan", "from the second stay of a year on; as the first unless given", optional=True),
        "ratio": Field("share", "paid above the deductible", optional=True),
        "bands": Field("bands", "paid by bands of the in-scope cost, deductible included", optional=True),
        "ceiling": Field("yuan", "basic payment for stays a year", optional=True),
    },
    "outpatient": {
        "deductible": Field("yuan", "a year", optional=True),
        "ratio": Field("share", "paid above it"),
        "cap": Field("yuan", "a year", optional=True),
    },
    "chronic": {
        "ratio": Field("share", "paid of every bill"),
        "ratio_poor": Field("share", "of the poor; as everybody's unless given", optional=True),
        "cap": Field("yuan", "a year", optional=True),
    },
    "two_diseases": {
        "ratio": Field("share", "paid of every bill for hypertension or diabetes (两病用药)"),
        "cap": Field("yuan", "a year and disease", optional=True),
        "certified": Field("name", "conditions paid as chronic care instead", True, "list", CONDITIONS),
    },
    "referral": {
        "encoding": Field("name", "how the rule is written (B5)", choices=ENCODINGS),
        "referred": Field("share", "first-self-pay or points off the ratio, of the referred"),
        "unreferred": Field("share", "the same of who is not"),
        "deductible_factor": Field("factor", "on the deductible, in the encoding that has one", optional=True, high=100),
    },
    "day_surgery": {"deductible_factor": Field("factor", "on the deductible of a day surgery; 0: it bears none (E8)", high=1)},
    "continuity": {
        "after": Field("count", "unbroken years after which the cap of the second layer rises", optional=True, high=100),
        "step": Field("yuan", "by so much for each further year", optional=True),
        "limit": Field("share", "in all by no more than this part of the cap", optional=True),
        "waiting_months": Field("count", "after a lapse nothing is paid for so long; the poor do not wait", optional=True, high=120),
    },
    "retired": {
        "stay_ratio_added": Field("share", "points added for stays", optional=True),
        "stay_deductible_factor": Field("factor", "on the deductible of a stay", optional=True, high=1),
        "outpatient_ratio_added": Field("share", "points added for visits", optional=True),
        "outpatient_deductible": Field("yuan", "a year", optional=True),
    },
    "second": {
        "base": Field("name", "what it looks at", choices=("residual", "above_ceiling")),
        "deductible": Field("yuan", "a year"),
        "bands": Field("bands", "paid by bands of the year's base, deductible included"),
        "cap": Field("yuan", "a year", optional=True),
    },
    **{name: UPPER for name in LAYERS if name != "second"},
}
ORDER = Field("name", "layers above the basic one, first payer first; the legal order unless given", True, "list", LAYERS)
PARTS: Mapping[str, tuple[str, str, str]] = {
    "deductible": ("起付标准以下", "under the deductible", "B2"),
    "basic": ("基本医保", "basic insurance", "B2"),
    "second": ("大病保险或大额补助", "catastrophic or large-expense layer", "B4"),
    "supplement": ("公务员或企业补充医疗", "supplement of civil servants or of an enterprise", "B6"),
    "poor_supplement": ("困难群众大病补充保险", "supplementary catastrophic insurance of the poor", "B6"),
    "fourth": ("医保帮扶（第四次报销）", "fourth reimbursement", "B6"),
    "aid": ("医疗救助", "medical assistance", "B6"),
    "tilt": ("倾斜救助", "tilt aid", "B6"),
    "account": ("个人账户", "personal account", "B7"),
    "patient": ("个人现金", "paid by the patient", "B3"),
}

TABLES: Mapping[str, Mapping[str, Field]] = {
    "": {"date": Field("month", "month whose rules of a city hold", optional=True)},
    "person": PERSON,
    "bill": BILL,
    "bill.items": ITEM,
    "rules": {
        "city": Field("name", "a city's name or file, in place of all other rules", optional=True),
        "order": ORDER,
    },
    **{f"rules.{name}": part for name, part in RULES.items()},
}
"""Keys by table, for the documentation."""
FACTOR = Field("factor", "on the deductible")
COVERED = Field("share", "part of the in-scope cost that basic insurance and all layers pay")
OUTPUTS: Mapping[str, Field] = {key: Field("yuan", en) for key, (_, en, _) in PARTS.items()} | {"covered": COVERED}


def prepare(raw: Mapping[str, Any], place: Place, folder: Path) -> Prepared:
    """A case that can be computed, from its table."""
    person = read_table(raw["person"], PERSON, (*place, "person"))
    several = isinstance(raw["bill"], list)
    written, at = (raw["bill"] if several else [raw["bill"]]), (*place, "bill")
    bills = [_bill(bill, (*at, i) if several else at) for i, bill in enumerate(written)]
    rules = _rules(raw, person, place, folder)
    year = None
    if "payment" in raw:
        if several:
            raise CaseError("payment follows one bill, not several", (*place, "payment"))
        year = _year(raw["payment"], person, bills[0], _split(rules, person, bills), (*place, "payment"), folder)
    outputs = {key: replace(field, shape="list", length=len(bills)) if several else field for key, field in OUTPUTS.items()}

    def compute() -> Mapping[str, Any]:
        parts = _split(rules, person, bills)
        values: dict[str, list[Any]] = {key: [int(v) for v in _part(parts, key)] for key in PARTS}
        values["covered"] = parts.covered([bill["in_scope"] + bill["in_full"] for bill in bills]).tolist()
        if several:
            return values
        paid = {} if year is None else dict(case_year.results(year))
        return {key: value[0] for key, value in values.items()} | paid

    def explain() -> list[Line]:
        lines = _lines(rules, person, bills) + ([] if year is None else _lines_of_payment(year))
        return lines + _sources(raw, place, folder, person, bills) + ([] if year is None else year.sources)

    if year is not None:
        outputs |= case_year.outputs(tuple(year.hospitals))
    return Prepared(compute, outputs, explain)


def _bill(written: object, at: Place) -> Row:
    """A bill with its parts by the catalogue: ``in_scope``, ``own_pay``, and ``in_full``, which the fund pays beside the ratio."""
    bill = read_table(written, BILL, at)
    if "items" not in bill:
        if "total" not in bill:
            raise CaseError("missing key: total", at, allowed="total, or items")
        if bill.setdefault("in_scope", bill["total"]) > bill["total"]:
            raise CaseError("more in scope than in all", (*at, "in_scope"), found=told(bill["in_scope"], BILL["in_scope"]))
        return bill | {"in_full": 0, "own_pay": bill["total"] - bill["in_scope"]}
    if "in_scope" in bill:
        raise CaseError("either in_scope or items", at, found=sorted(bill))
    items = bill["items"]
    first = [_first_self(item, (*at, "items", i)) for i, item in enumerate(items)]
    in_scope, own = split_items([item["cost"] for item in items], first)
    in_full = np.array([item.get("in_full", False) for item in items])
    total = sum(item["cost"] for item in items)
    if bill.setdefault("total", total) != total:
        raise CaseError(
            "the items do not sum to the bill", (*at, "total"), found=told(total, BILL["total"]), allowed=told(bill["total"], BILL["total"])
        )
    return bill | {"in_scope": int(in_scope[~in_full].sum()), "in_full": int(in_scope[in_full].sum()), "own_pay": int(own.sum())}


def _first_self(item: Row, at: Place) -> int:
    """Share of an item that is first paid by oneself, in ppm."""
    usual = CATALOGUE_CLASSES.get(item.get("class", "B"))
    if "first_self" not in item and usual is None:
        raise CaseError("missing key: first_self", at, allowed="a share; only classes A and C have one of their own")
    given = ratio_to_ppm(item["first_self"]) if "first_self" in item else usual
    if usual is not None and given != usual:
        raise CaseError("class A has no first-self-pay, class C nothing else", (*at, "first_self"), found=item["first_self"])
    assert given is not None
    return given


def _year(written: object, person: Row, bill: Row, parts: ClaimParts, place: Place, folder: Path) -> case_year.Year:
    """The settlement year of the hospital's mode, with this bill as the last of its cases."""
    table = checked_keys(written, {**case_year.KEYS, "this_year": True, **dict.fromkeys(OF_CASE, True)}, place)
    row = {key: table[key] for key in OF_CASE if key in table} | {"scheme": person["scheme"]}
    money = {"charge": bill["total"], "in_scope": bill["in_scope"], "recorded": int(parts.basic[0])}
    row |= {key: Decimal(fen) / FEN for key, fen in money.items()}
    others = table.get("this_year", [])
    if not isinstance(others, list):
        raise CaseError("a list of cases is expected", (*place, "this_year"), found=others)
    return case_year.read_year({**table, "this_year": [*others, row]}, place, folder)


def _lines_of_payment(year: case_year.Year) -> list[Line]:
    """From the case to its points and money, then what its hospital is owed and paid."""
    last = len(year.cases) - 1
    hospital = year.hospitals[int(year.cases.provider[last])]
    # the year is settled first: a case's own way ends with what the year makes of a point
    money = case_year.lines_of_money(year, [hospital])
    return case_year.lines_of_case(year, last) + money


def _rules(raw: Mapping[str, Any], person: Row, place: Place, folder: Path) -> BenefitRules:
    """A city's benefits in the month of the case, or those written out."""
    from model.setup import benefits_of

    written, at = raw["rules"], (*place, "rules")
    month = read_table({key: raw[key] for key in ("date",) if key in raw}, TABLES[""], place).get("date")
    if isinstance(written, dict) and "city" in written:
        head = read_table(written, {"city": Field("name", "a city's name or file")}, at)
        if month is None:
            raise CaseError("missing key: date", place, allowed="the month whose rules of the city hold")
        return benefits_of(_city(head["city"], folder, at), month)
    known = checked_keys(written, {"city": True, "order": True, **dict.fromkeys(RULES, True)}, at)
    order = read_value(known["order"], ORDER, (*at, "order")) if "order" in known else list(LAYERS)
    given = {key: read_table(part, RULES[key], (*at, key)) for key, part in known.items() if key != "order"}
    missing = [name for name in LAYERS if name in given and name not in order]
    if missing or len(set(order)) < len(order):
        raise CaseError("every layer stands once in the order", (*at, "order"), found=order, allowed=missing or None)
    rules = _written(given, at).changed(layers=[_layer(name, given[name], (*at, name)) for name in order if name in given])
    return _by_enrolment(rules, given.get("continuity", {}), person)


def _by_enrolment(rules: BenefitRules, terms: Row, person: Row) -> BenefitRules:
    """The rules for who waits after a lapse, or has been enrolled without a gap."""
    returned, exempt = person.get("months_since_return"), POOR[STANDINGS.index(person.get("standing", "ordinary"))]
    if returned is not None and is_waiting(returned, months=terms.get("waiting_months", 0), exempt=exempt):
        return BenefitRules.none()
    years, limit = person.get("unbroken_years", 0), ratio_to_ppm(terms.get("limit", 1.0))
    raised = []
    for layer in rules.layers:
        cap = int(layer.cap.max())
        if layer.name == "second" and cap < NO_LIMIT:
            cap = raised_ceiling(cap, years, after=terms.get("after", 0), step=terms.get("step", 0), limit_ppm=limit)
        raised.append(replace(layer, cap=cap))
    return rules.changed(layers=raised)


def _city(name: str, folder: Path, at: Place) -> CityFile:
    """A city by name, or from a file beside the case file."""
    from model.policy.loader import load_city

    try:
        return load_city(folder / name if name.endswith(".toml") else name)
    except InputError as error:
        raise CaseError(str(error), (*at, "city"), found=name) from None


def _sources(raw: Mapping[str, Any], place: Place, folder: Path, person: Row, bills: list[Row]) -> list[Line]:
    """What a city's file says of the benefits of this scheme and of these classes, with the sources."""
    if "city" not in raw["rules"]:
        return []
    start = f"benefits.{person['scheme']}."
    others = set(BENEFIT_CLASSES) - {bill["place"] for bill in bills}
    city = _city(raw["rules"]["city"], folder, (*place, "rules"))
    month = parse_month(raw["date"])
    return lines_in_force(city, month, lambda path: path.startswith(start) and not others & set(path.split(".")))


def _written(given: Row, at: Place) -> BenefitRules:
    """Rules that hold for every scheme and class alike."""
    tables: dict[str, Any] = {}
    if "stay" in given:
        stay = given["stay"]
        low, high, ppm = _bands(stay, 0, (*at, "stay"))
        tables |= {"inpatient_from": low, "inpatient_to": high, "inpatient_ppm": ppm}
        tables |= {"inpatient_deductible": stay["deductible"], "inpatient_ceiling": stay.get("ceiling", NO_LIMIT)}
        tables["inpatient_later"] = stay.get("deductible_later", stay["deductible"])
    if "outpatient" in given:
        visit = given["outpatient"]
        tables |= {"outpatient_deductible": visit.get("deductible", 0), "outpatient_ppm": ratio_to_ppm(visit["ratio"])}
        tables["outpatient_cap"] = visit.get("cap", NO_LIMIT)
    if "chronic" in given:
        chronic = given["chronic"]
        ratios = [chronic.get("ratio_poor", chronic["ratio"]) if is_poor else chronic["ratio"] for is_poor in POOR]
        tables |= {"chronic_ppm": [ratio_to_ppm(ratio) for ratio in ratios], "chronic_cap": chronic.get("cap", NO_LIMIT)}
    if "two_diseases" in given:
        drugs = given["two_diseases"]
        tables |= {"drugs_ppm": ratio_to_ppm(drugs["ratio"]), "drugs_cap": drugs.get("cap", MAX_AMOUNT)}
        tables["drug_diseases"] = diseases_of(drugs.get("certified", ()))
    if "referral" in given:
        tables |= _penalties(given["referral"], (*at, "referral"))
    if "day_surgery" in given:
        tables["day_surgery_factor_ppm"] = ratio_to_ppm(given["day_surgery"]["deductible_factor"])
    return BenefitRules.none().changed(**tables).with_retired(**_of_retired(given.get("retired", {})))


def _penalties(rule: Row, at: Place) -> dict[str, Any]:
    """Tables of what a stay outside costs more."""
    if (rule["encoding"] == "deductible_and_cut") != ("deductible_factor" in rule):
        raise CaseError("deductible_factor belongs to deductible_and_cut", at, found=rule["encoding"])
    referred, unreferred = ratio_to_ppm(rule["referred"]), ratio_to_ppm(rule["unreferred"])
    found = penalties_of(rule["encoding"], referred, unreferred, rule.get("deductible_factor", 1.0))
    return {"referral_first_ppm": found.first_self, "referral_cut_ppm": found.cut, "referral_factor_ppm": found.factor}


def _of_retired(rule: Row) -> dict[str, int]:
    """Terms of retired employees as the model takes them."""
    names = {
        "stay_ratio_added": "stay_ratio_added_ppm",
        "stay_deductible_factor": "stay_deductible_ppm",
        "outpatient_ratio_added": "outpatient_ratio_added_ppm",
    }
    terms = {names[key]: ratio_to_ppm(value) for key, value in rule.items() if key in names}
    return terms | ({"outpatient_deductible": rule["outpatient_deductible"]} if "outpatient_deductible" in rule else {})


def _layer(name: str, given: Row, at: Place) -> Layer:
    """A layer above the basic one, for whoever it is for."""
    deductible = given.get("deductible", 0)
    low, high, ppm = _bands(given, deductible, at)
    above = given.get("base") == "above_ceiling"
    return Layer(name=name, low=low, high=high, ppm=ppm, deductible=deductible, cap=given.get("cap", NO_LIMIT), above_ceiling=above)


def _bands(given: Row, deductible: int, at: Place) -> tuple[list[int], list[int], list[int]]:
    """Ends and ratios of bands, or of the one ratio above the deductible."""
    if ("ratio" in given) == ("bands" in given):
        raise CaseError("either ratio or bands", at, found=sorted(given))
    bands = given.get("bands") or ((deductible, float("inf"), given["ratio"]),)
    ends = [NO_LIMIT if high == float("inf") else int(high) for _, high, _ in bands]
    return [int(low) for low, _, _ in bands], ends, [ratio_to_ppm(ratio) for _, _, ratio in bands]


def _split(rules: BenefitRules, person: Row, bills: list[Row]) -> ClaimParts:
    """The bills in order, by the code of the simulation."""
    n = len(bills)
    ytd = YearToDate.zeros(1)
    for key, counter in USED.items():
        getattr(ytd, counter)[0] = person.get(key, 0)
    before = {"residual": person.get("second_base", 0)} | person
    for key, column in USED_OF_ENTITLED.items():
        ytd.entitled.used[0, column] = before.get(key, 0)
    ytd.ytd_stays[0] = person.get("stays", 0)
    same = np.zeros(n, dtype=np.int64)
    parts = split_claims(
        rules,
        person_row=same,
        scheme=same + SCHEMES.index(person["scheme"]),
        standing=same + STANDINGS.index(person.get("standing", "ordinary")),
        benefit_class=np.array([BENEFIT_CLASSES.index(bill["place"]) for bill in bills]),
        kind=np.array([BENEFIT_KIND[KINDS.index(bill.get("care", "inpatient"))] for bill in bills]),
        in_scope=np.array([bill["in_scope"] for bill in bills]),
        own_pay=np.array([bill["own_pay"] for bill in bills]),
        ytd=ytd,
        retired=same + person.get("retired", False),
        conditions=same + sum(1 << CONDITIONS.index(name) for name in set(person.get("conditions", ()))),
        day_surgery=np.array([bill.get("day_surgery", False) for bill in bills]),
        referral=referral_of(
            np.array(["referral" in bill for bill in bills]),
            np.array([bill.get("emergency", False) for bill in bills]),
            np.array([bill.get("referral") == "referred" for bill in bills]),
        ),
    )
    return replace(parts, basic=parts.basic + np.array([bill["in_full"] for bill in bills]))


def _lines(rules: BenefitRules, person: Row, bills: list[Row]) -> list[Line]:
    """Bill by bill: the split by the catalogue, then every layer in the order in which it pays, as on the slip of a one-stop settlement."""
    parts, money = _split(rules, person, bills), Field("yuan", "")
    lines = []
    for i, bill in enumerate(bills):
        for item in bill.get("items", ()):
            lines.append(Line(item["name"], item["name"], told(item["cost"], money), ""))
        lines += [
            Line("医疗总费用", "total bill", told(bill["total"], money), ""),
            Line("政策范围内", "in scope", told(bill["in_scope"], money), "B3"),
            Line("目录外及先行自付", "outside the catalogue and first-self-pay", told(bill["own_pay"], money), "B3"),
        ]
        if bill.get("day_surgery"):
            factor = float(rules.day_surgery_factor_ppm[SCHEMES.index(person["scheme"])] / PPM)
            lines.append(Line("日间手术起付标准系数", "day surgery: factor on the deductible", told(factor, FACTOR), "E8"))
        if bill["in_full"]:
            lines.append(
                Line("统筹全额支付项目（计入基本医保）", "paid in full, part of basic insurance", told(bill["in_full"], money), "B3")
            )
        order = ("deductible", "basic", *parts.names, "account", "patient")
        lines += [Line(*PARTS[key][:2], told(int(_part(parts, key)[i]), money), PARTS[key][2]) for key in order]
        share = told(float(parts.covered([b["in_scope"] + b["in_full"] for b in bills])[i]), COVERED)
        lines.append(Line("政策范围内实际报销比例", "share of the in-scope cost that is paid", share, "B6"))
    return lines


def _part(parts: ClaimParts, key: str) -> NDArray[np.int64]:
    found: NDArray[np.int64] = parts.of(key) if key in LAYERS else getattr(parts, key)
    return found
