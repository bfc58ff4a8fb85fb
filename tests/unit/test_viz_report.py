"""The report: what it says agrees with the comparison, whatever kind of folder it is made from."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.robustness import survival
from experiments.showing import HEADLINES
from experiments.store import COMPARISON, INDICATORS, REPORT, Store
from model.errors import InputError
from tests.viz_examples import manifest, write_folder
from viz import formats
from viz.contents import contents_of, read_contents
from viz.report import render, write_report
from viz.robustness import told_robustness
from viz.sentences import findings
from viz.tables import difference_table, level_table

PAIR = ("ffs", "dip")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison of two policies, three seeds, two years."""
    return write_folder(tmp_path_factory.mktemp("report") / "pair", PAIR, seeds=3, years=2)


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    """Its report, in Chinese first."""
    return write_report(folder, "zh").read_text(encoding="utf-8")


class Addresses(HTMLParser):
    """Collects everything a page would fetch, and its element names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.opened: list[str] = []
        self.names: set[str] = set()
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.opened.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.names.add(value)
            if name == "src" or (name == "href" and tag == "link"):
                self.fetched.append(value or "")
            if name == "href" and tag == "a":
                self.targets.append(value or "")


def test_the_report_fetches_nothing_and_its_links_lead_somewhere(html: str) -> None:
    found = Addresses(html)
    assert all(address.startswith("data:") for address in found.fetched)
    assert all(target.startswith("#") and target[1:] in found.names for target in found.targets)
    assert "url(http" not in html
    assert found.opened.count("svg") == 14
    assert "Content-Security-Policy" in html


def test_both_languages_are_there_and_the_one_asked_for_comes_first(folder: Path, html: str) -> None:
    assert html.index('lang="zh-CN"') < html.index('lang="en" data-title')
    assert re.search(r'<div class="page" lang="en"[^>]* hidden>', html)
    english = render(read_contents(folder), "en")
    assert re.search(r'<div class="page" lang="zh-CN"[^>]* hidden>', english)
    assert english.startswith("<!DOCTYPE html>")


def test_the_line_on_the_data_stands_first_and_again_with_the_method(html: str) -> None:
    assert html.count("这是模拟结果，不是预测。") >= 2
    assert html.count("This is a simulation, not a forecast.") >= 2


def test_numbers_are_those_of_the_comparison(folder: Path, html: str) -> None:
    table = pd.read_csv(folder / COMPARISON)
    row = table[(table["indicator"] == "cost_per_admission") & (table["unit_type"] == "city") & (table["period"] == "2022-2023")].iloc[0]
    assert formats.relative(row["relative_pct"]) in html
    assert formats.bare_interval(row["ci_low"], row["ci_high"], "yuan", "zh") in html
    assert formats.plain(row["mean_baseline"], "yuan") in html


def test_sentences_say_what_is_lower_higher_and_not_to_be_told(folder: Path) -> None:
    contents = read_contents(folder)
    told = {finding.question: finding for finding in findings(contents.comparison, contents.period, "ffs", "en")}
    assert len(told) == 4
    cost = next(sentence for sentence in told["What does it cost?"].sentences if sentence.opening.startswith("Cost per admission"))
    assert re.search(r"below the baseline: DIP −\d+\.\d% \(−\d+\.\d% to −\d+\.\d%\)\.$", cost.text)
    gap = told["Do hospitals game it?"].sentences[0]
    assert "above the baseline: DIP +" in gap.text
    access = told["Do patients get care?"].sentences[-1]
    assert "the interval crosses zero" in access.text


def test_a_difference_that_cannot_be_told_carries_no_arrow_and_no_judgement(folder: Path) -> None:
    for _, rows in difference_table(read_contents(folder), "zh").groups:
        for row in rows:
            for cell in row.cells[1:]:
                assert bool(cell.arrow) == (cell.kind != "unsure")
                assert bool(cell.word) == (cell.kind in ("better", "worse"))


def test_one_seed_has_no_interval_and_says_so(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "one", PAIR, seeds=1, years=1)
    page = write_report(folder, "en").read_text(encoding="utf-8")
    assert "one simulation only, so no interval" in page
    assert "nan" not in re.sub(r"base64,[^\"]+", "", page).lower().replace("finance", "")


def test_a_single_run_has_levels(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "run", ("dip",), seeds=1, years=1)
    contents = read_contents(folder)
    assert contents.baseline is None
    assert contents.switch is None
    assert level_table(contents, "en").groups
    page = write_report(folder, "en").read_text(encoding="utf-8")
    assert "All results" in page
    assert "What came out" not in page


def test_an_unfinished_folder_is_reported_from_the_runs_there_are(folder: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    shutil.copytree(folder, part)
    for name in (INDICATORS, COMPARISON, REPORT):
        (part / name).unlink(missing_ok=True)
    (part / "runs" / "dip-s003.parquet").unlink()
    known = manifest(PAIR, 3, 2) | {"finished": None, "wall_seconds": None}
    (part / "manifest.json").write_text(json.dumps(known), encoding="utf-8")
    page = write_report(part, "en").read_text(encoding="utf-8")
    assert "has not finished" in page
    assert read_contents(part).comparison["n_seeds"].max() == 2


def test_a_users_own_policy_is_named_as_its_file_says_and_nothing_in_it_becomes_markup(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    source = (Path(__file__).parents[2] / "data" / "policies" / "dip.toml").read_text(encoding="utf-8")
    source = re.sub(r"^name = .*$", 'name = "own"', source, count=1, flags=re.MULTILINE)
    source = re.sub(r"^label = .*$", 'label = { zh = "<script>甲</script>", en = "<b>own</b>" }', source, count=1, flags=re.MULTILINE)
    own.write_text(source, encoding="utf-8")
    found = read_contents(folder)
    renamed = found.indicators.assign(policy=found.indicators["policy"].astype(str).replace("dip", "own"))
    known = dict(found.manifest) | {"policies": ["ffs", "own"], "files": {"own": str(own)}}
    page = render(contents_of(known, renamed, pd.DataFrame()), "zh")
    assert "<script>甲" not in page
    assert "&lt;script&gt;甲" in page
    assert "<b>own" not in page


def test_a_policy_file_that_is_gone_leaves_its_name(folder: Path) -> None:
    found = read_contents(folder)
    renamed = found.indicators.assign(policy=found.indicators["policy"].astype(str).replace("dip", "lost"))
    known = dict(found.manifest) | {"policies": ["ffs", "lost"], "files": {"lost": "nowhere/lost.toml"}}
    assert "lost" in render(contents_of(known, renamed, pd.DataFrame()), "en")


def test_what_cannot_be_reported_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        write_report(tmp_path)
    Store(tmp_path).save_manifest(manifest(PAIR))
    with pytest.raises(InputError, match="no run has finished"):
        write_report(tmp_path)
    (tmp_path / INDICATORS).write_bytes(b"not a table")
    with pytest.raises(InputError, match="cannot be read"):
        write_report(tmp_path)
    with pytest.raises(InputError, match="klingon"):
        write_report(tmp_path, "klingon")
    assert not (tmp_path / REPORT).exists()


def test_every_chinese_character_of_the_page_is_in_its_font(html: str) -> None:
    import base64
    from io import BytesIO

    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    packed = re.search(r"data:font/woff;base64,([A-Za-z0-9+/=]+)", html)
    assert packed is not None
    with TTFont(BytesIO(base64.b64decode(packed.group(1)))) as font:
        known = set(font.getBestCmap())
    chinese = {ord(character) for character in html if "\u4e00" <= character <= "\u9fff"}
    assert np.all([code in known for code in chinese])
    assert len(html) < 4_000_000


def test_what_survives_another_conduct_rule_has_a_section_of_its_own(folder: Path, html: str) -> None:
    assert 'id="zh-robustness"' not in html
    contents = read_contents(folder)
    assert told_robustness(contents, "zh") is None
    own = contents.comparison
    other = own.assign(difference=-own["difference"], ci_low=-own["ci_high"], ci_high=-own["ci_low"])
    contents = replace(contents, robustness=survival({"best_response": own, "steady": own, "imitation": other}, HEADLINES, contents.period))
    page = render(contents, "en")
    assert all(target.startswith("#") and target[1:] in Addresses(page).names for target in Addresses(page).targets)
    words = " ".join(re.sub(r"<[^>]+>", " ", page[page.index('id="en-robustness"') :]).split())
    assert re.search(r"Cost per admission \(yuan\) ▼ holds under 1 of 2 Imitation of better-off peers: reversed", words)
    assert "Steady: of" in words
    assert "模仿" not in words[:400]
    told = told_robustness(contents, "zh")
    assert told is not None
    cost = next(row for _, rows in told.table.groups for row in rows if row.label.startswith("次均住院费用"))
    assert [(cell.main, cell.below, cell.kind) for cell in cost.cells] == [("1/2 成立", "模仿同行：相反", "worse")]
