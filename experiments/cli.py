"""The command line: reads options, calls what does the work, says what went wrong in one message."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from model.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from experiments.running import Progress
    from experiments.showing import Words
    from experiments.store import Results
    from experiments.texts import Language

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_TABLE_WIDTH = 150

app = typer.Typer(
    name="yibao",
    help="A policy laboratory for Chinese medical insurance: what a change of payment does to cost, conduct and care.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
check_app = typer.Typer(
    help="Check a city against its published levels, a policy file, cases, a payment mode or a conduct rule.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
explain_app = typer.Typer(help="Every parameter in force: value, unit, date, source.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(check_app, name="check")
app.add_typer(explain_app, name="explain")

Quiet = Annotated[bool, typer.Option("--quiet", help="Print errors only.")]
Lang = Annotated[str | None, typer.Option("--lang", help="zh or en; the environment's unless given.", show_default=False)]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False)]
City = Annotated[str, typer.Option("--city", help="A city's name or a path to its TOML file.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
BurnIn = Annotated[int, typer.Option("--burn-in", help="Months before the record, in which providers find their conduct.")]
Scale = Annotated[float, typer.Option("--scale", help="Share of the people simulated; 1 is the whole city.")]
Conduct = Annotated[
    str,
    typer.Option(
        "--conduct",
        help="How providers revise their conduct: a rule's name or Python file, a mix such as best_response=0.6,imitation=0.4, "
        "or a TOML table of rules by tier and ownership.",
    ),
]
Claims = Annotated[bool, typer.Option("--claims", help="Keep every claim, with the truth beside the record.")]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes; -1 is one a core. Results do not depend on it.")]


def main() -> None:
    """Run the command line and leave with its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Carry out a command; 0 done, 1 a run failed, 2 bad input, 130 interrupted."""
    from experiments.failures import RunError

    try:
        code = app(list(arguments), prog_name="yibao", standalone_mode=False)
    except InputError as error:
        return _fail(str(error), BAD_INPUT)
    except typer.TyperException as error:
        return _fail(error.format_message(), BAD_INPUT)
    except RunError as error:
        return _fail(str(error), FAILED)
    except typer.Abort:
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left: nothing is wrong, and nobody listens
        sys.stderr.close()
        return DONE
    if code == INTERRUPTED:  # what typer makes of a KeyboardInterrupt
        return _fail("interrupted; finished runs are kept", INTERRUPTED)
    return code if isinstance(code, int) else DONE


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"yibao {installed('yibao')}")
        raise typer.Exit


@app.command()
def run(
    city: City,
    out: Out,
    policy: Annotated[str | None, typer.Option("--policy", help="A policy's name or file; the city's own unless given.")] = None,
    burn_in: BurnIn = 12,
    scale: Scale = 0.02,
    years: Annotated[int, typer.Option("--years", help="Years from the base year on.")] = 3,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every random draw.")] = 1,
    conduct: Conduct = "best_response",
    claims: Claims = False,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Simulate one policy with one seed."""
    from experiments.running import simulate
    from experiments.showing import show_run

    language = _language(lang)
    with _progress(quiet, language) as progress:
        results = simulate(
            city,
            policy,
            scale=scale,
            years=years,
            seed=seed,
            burn_in=burn_in,
            conduct=conduct,
            claims=claims,
            out=out,
            command=_command(),
            progress=progress,
        )
    _finish(results, show_run, out, quiet, language)


@app.command()
def compare(
    city: City,
    policies: Annotated[str, typer.Option("--policies", help="Names or files, separated by commas; the first is the baseline.")],
    out: Out,
    baseline: Annotated[str | None, typer.Option("--baseline", help="The policy to compare with.", show_default=False)] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Policy of the common history; the city's own unless given.", show_default=False)
    ] = None,
    burn_in: BurnIn = 12,
    switch: Annotated[int, typer.Option("--switch", help="Months of common history before the policies start.")] = 12,
    scale: Scale = 0.02,
    years: Annotated[int, typer.Option("--years", help="Years after the switch.")] = 3,
    seeds: Annotated[int, typer.Option("--seeds", help="Number of seeds, 1 to N.")] = 4,
    conduct: Conduct = "best_response",
    also_conduct: Annotated[
        list[str] | None,
        typer.Option(
            "--also-conduct",
            help="Do all of it again under these conduct rules, separated by commas (a mix by an option of its own), "
            "and say which findings survive.",
            show_default=False,
        ),
    ] = None,
    claims: Claims = False,
    jobs: Jobs = -1,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Compare policies from one common history a seed, paired by seed."""
    from experiments import compare as compare_policies
    from experiments.showing import show_comparison

    language = _language(lang)
    with _progress(quiet, language) as progress:
        results = compare_policies(
            city,
            _listed(policies),
            baseline=baseline,
            start=start,
            burn_in=burn_in,
            switch=switch,
            scale=scale,
            years=years,
            seeds=seeds,
            conduct=conduct,
            also_conduct=[rule for given in also_conduct or [] for rule in ([given] if "=" in given else _listed(given))],
            claims=claims,
            jobs=jobs,
            out=out,
            command=_command(),
            progress=progress,
        )
    _finish(results, show_comparison, out, quiet, language)


@app.command()
def calibrate(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study's name (levels, conduct) or a path to its TOML file.")],
    city: Annotated[str | None, typer.Option("--city", help="Another city than the study's; levels are written to its file.")] = None,
    variant: Annotated[
        str | None, typer.Option("--variant", help="Conduct: the rule for outliers that DIP has in the place; the study's unless given.")
    ] = None,
    trials: Annotated[int | None, typer.Option("--trials", help="Conduct: simulated trials at most; kept ones count.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Conduct: behaviour file to write; the project's own unless given.")] = None,
    jobs: Jobs = -1,
    quiet: Quiet = False,
    lang: Lang = None,
) -> int:
    """Fit a city's levels to its targets, or the conduct of providers to published effects, and write what was found into its file."""
    from experiments.calibration import CONDUCT, kind_of, study_path
    from experiments.calibration import calibrate as fit

    if kind_of(study) != CONDUCT:
        for option, given in (("--variant", variant), ("--trials", trials), ("--out", out)):
            if given is not None:
                raise InputError("only a fit of conduct has this option", path=option, found=str(given))
        return fit(study, city=city, jobs=jobs, console=_console(quiet), lang=_language(lang))
    from experiments.conduct_fit import calibrate_conduct

    return calibrate_conduct(
        study_path(study), city=city, variant=variant, trials=trials, out=out, jobs=jobs, console=_console(quiet), lang=_language(lang)
    )


@check_app.command("city")
def check_city(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE")],
    scale: Scale = 0.04,
    seeds: Annotated[int, typer.Option("--seeds", help="Number of seeds, 1 to N.")] = 4,
    burn_in: BurnIn = 12,
    jobs: Jobs = -1,
    quiet: Quiet = False,
    lang: Lang = None,
) -> int:
    """Simulate the base year and put it beside the published levels; exit 1 where a fitted one is off by more than 5 %."""
    from experiments.checking import check_levels, simulated_levels

    language = _language(lang)
    with _progress(quiet, language) as progress:
        levels = simulated_levels(name, scale=scale, seeds=seeds, burn_in=burn_in, jobs=jobs, progress=progress)
    about = {"seeds": seeds, "scale": f"{scale:.3g}"}
    return check_levels(name, levels, about, console=_console(quiet), lang=language)


@check_app.command("policy")
def check_policy(file: Annotated[str, typer.Argument(metavar="FILE")], quiet: Quiet = False, lang: Lang = None) -> None:
    """Read a policy file strictly, with the modes it names and their parameters."""
    from experiments.checking import check_policy as check

    check(file, console=_console(quiet), lang=_language(lang))


@check_app.command("mode")
def check_mode(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.py")],
    quiet: Quiet = False,
    lang: Lang = None,
) -> int:
    """Ask a payment mode all that the contract of modes asks; exit 1 and what was found where it does not keep it."""
    from experiments.contract_showing import check_mode as check

    return check(name, _console(quiet), _language(lang))


@check_app.command("conduct")
def check_conduct(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.py")],
    quiet: Quiet = False,
    lang: Lang = None,
) -> int:
    """Ask a conduct rule all that the contract of rules asks; exit 1 and what was found where it does not keep it."""
    from experiments.contract_showing import check_conduct as check

    return check(name, _console(quiet), _language(lang))


@check_app.command("cases")
def check_cases(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH…", help="Case files, or folders of them.", show_default=False)] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules that a case may name, and leave.")] = False,
    quiet: Quiet = False,
    lang: Lang = None,
) -> int:
    """Compute cases that a clerk wrote down; exit 1 and a table of differences where one does not come out as expected."""
    from experiments import case_showing

    if rules:
        case_showing.list_rules(_console(quiet), _language(lang))
        return DONE
    if not paths:
        raise InputError("no case file is named", path="PATH", allowed="files or folders; --rules lists the rules")
    return case_showing.check_cases(paths, _console(quiet), _language(lang))


@app.command()
def replicate(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[IDS]", help="Studies by id; all unless named.", show_default=False)] = None,
    city: City = "yuncheng",
    scale: Scale = 0.02,
    seeds: Annotated[int, typer.Option("--seeds", help="Number of seeds, 1 to N; 3 at least.")] = 6,
    out: Annotated[Path, typer.Option("--out", help="Folder for validation.md, answers.csv and the simulated series.")] = Path(
        "out/validation"
    ),
    page: Annotated[Path | None, typer.Option("--page", help="Write the page of all studies to this file too.", show_default=False)] = None,
    jobs: Jobs = -1,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Repeat published studies on simulated reforms; what is simulated is kept, so that an interrupted command goes on."""
    from experiments.replication import write_validation

    language = _language(lang)
    with _progress(quiet, language) as progress:
        write_validation(ids or (), city=city, scale=scale, seeds=seeds, out=out, file=page, jobs=jobs, progress=progress)
    if not quiet:
        _console().print(_say("written", language, folder=out, files="validation.md, answers.csv"))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    form: Annotated[str, typer.Option("--format", help="html")] = "html",
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Write a folder's report anew."""
    from experiments.store import REPORT, read_manifest

    if form != "html":
        raise InputError("unknown format", path="--format", found=form, allowed=["html"])
    language = _language(lang)
    read_manifest(folder)
    _write_report(folder, language)
    if not quiet:
        typer.echo(_say("report_written", language, file=folder / REPORT))


@app.command("app")
def open_app(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", show_default=False)] = None,
    port: Annotated[int, typer.Option("--port", help="0 is any that is free.")] = 0,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    lang: Lang = None,
) -> int:
    """Open the page in a browser, on its own or with the results in a folder."""
    if not 0 <= port <= 65535:
        raise InputError("out of range", path="--port", found=port, allowed="0 to 65535")
    from viz.launch import run as launch

    return launch(folder, port=port, host=host, lang=_language(lang))


@explain_app.command("city")
def explain_city(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE")],
    policy: Annotated[str | None, typer.Option("--policy", help="Another policy than the city's own.", show_default=False)] = None,
    on: Annotated[str | None, typer.Option("--on", help="Month, such as 2021-07; the base year's January unless given.")] = None,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Print every parameter in force: value, unit, date, source."""
    from experiments.explaining import explain

    if not quiet:
        for line in explain(name, policy, on, _language(lang)):
            typer.echo(line)


@explain_app.command("case")
def explain_case(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A case file.")],
    case_id: Annotated[str | None, typer.Option("--id", help="One case of the file; all unless given.", show_default=False)] = None,
    quiet: Quiet = False,
    lang: Lang = None,
) -> None:
    """Print the whole way of a case: every layer, point, coefficient and payment, with rule and source."""
    from experiments.case_showing import show_cases

    show_cases(file, case_id, _console(quiet), _language(lang))


def _lists(kind: str, help_text: str) -> None:
    """Add a command that lists what there is of a kind, one line each, or shows one."""

    @app.command(kind, help=help_text)
    def show(name: Name = None, quiet: Quiet = False, lang: Lang = None) -> None:
        from experiments import explaining

        lines = explaining.list_all(kind, _language(lang)) if name is None else explaining.describe(kind, name, _language(lang))
        if not quiet:
            for line in lines:
                typer.echo(line)


_lists("cities", "List cities, or show one.")
_lists("policies", "List policies, or show one.")
_lists("modes", "List payment modes, or show one.")
_lists("conducts", "List the rules by which providers revise their conduct, or show one.")
_lists("indicators", "List indicators, or show one.")
_lists("studies", "List published effects that can be repeated, or show one.")


def _listed(text: str) -> list[str]:
    """Return names separated by commas."""
    return [name for part in text.split(",") if (name := part.strip())]


def _language(lang: str | None) -> Language:
    from experiments.texts import checked_language, usual_language

    return usual_language() if lang is None else checked_language(lang)


def _say(key: str, lang: Language, **values: object) -> str:
    from experiments.texts import say

    return say(key, lang, **values)


def _console(quiet: bool = False) -> Console:
    """Return where tables go: as wide as the terminal, or wide enough where there is none."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _TABLE_WIDTH, highlight=False, markup=False, quiet=quiet)


@contextmanager
def _progress(quiet: bool, lang: Language) -> Iterator[Progress | None]:
    """Lend a function that moves a bar on the terminal; None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_say("compiling", lang), total=None)

        def move(done: int, total: int) -> None:
            key = "progress" if done else "compiling"
            bar.update(task, completed=done, total=total, description=_say(key, lang))

        yield move


def _words() -> Words:
    """Return what things are called and how numbers are written: as in the report."""
    from experiments.showing import Words
    from viz import formats, labels

    return Words(
        titled=labels.titled,
        indicator=labels.indicator,
        place=labels.place,
        policy=labels.policy,
        level=formats.plain,
        change=formats.bare_difference,
    )


def _write_report(folder: Path, lang: Language) -> None:
    from viz.report import write_report

    write_report(folder, lang)


def _finish(results: Results, show: Callable[..., None], folder: Path, quiet: bool, lang: Language) -> None:
    """Write the report and, unless quiet, show the results and say where they are."""
    _write_report(folder, lang)
    if not quiet:
        console = _console()
        show(results, console, lang, _words())
        _tell_written(console, folder, lang)


def _tell_written(console: Console, folder: Path, lang: Language) -> None:
    from experiments.store import OURS

    names = [name for name in OURS if (folder / name).exists()]
    console.print(_say("written", lang, folder=folder, files=", ".join(names)))


def _command() -> list[str]:
    return ["yibao", *sys.argv[1:]]


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat the wish to end us like Ctrl-C, so that finished runs are kept and workers end."""
    raise KeyboardInterrupt
