"""Runs of the model: one history a seed, forked into its policies, on all cores; each finished run kept at once."""

from __future__ import annotations

import gc
import os
import pickle
import re
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import cloudpickle

from experiments import manifest as record
from experiments.failures import RunError
from experiments.setting import Setting, check_seed, checked, checked_single, conduct_label, under_others
from experiments.store import CONDUCTS, Results, Store, appending, open_store, read_results, read_yearly
from model.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Told the months simulated so far and the months there are in all."""
Load = Callable[..., Any]
"""Makes a city: `City.load`, or a stand-in with its arguments."""

_TICKS = "months"
_POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Done:
    """How one task in a worker ended.

    Attributes:
        run_id: of the run, or of the history.
        process, peak_mib: the process that did it and the most memory it has held.
        error: what went wrong, None if nothing did.
        bad_input: whether what went wrong was the user's input.
    """

    run_id: str
    process: int
    peak_mib: float
    error: str | None = None
    bad_input: bool = False


def compare(
    city: str | Path,
    policies: Sequence[str | Path],
    *,
    baseline: str | None = None,
    start: str | Path | None = None,
    burn_in: int = 12,
    switch: int = 12,
    scale: float = 0.02,
    years: int = 3,
    seeds: int | Sequence[int] = 4,
    conduct: str | Path = "best_response",
    also_conduct: Sequence[str | Path] = (),
    claims: bool = False,
    jobs: int = -1,
    out: str | Path | None = None,
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> Results:
    """Compare policies from one common history a seed, paired by seed, and return tables; keep them in `out` if given.

    The history runs under `start` (the city's own policy unless given) for `switch` months after `burn_in` months
    in which providers find their conduct; then each policy starts from the same state and runs for `years`.
    `seeds` is a number N (seeds 1 to N) or the seeds themselves; `jobs` processes work, -1 for one a core, and the
    results do not depend on it. The whole is done again under each rule of `also_conduct`, and `Results.robustness`
    says which findings survive it.
    """
    setting = checked(
        "compare",
        city=city,
        policies=policies,
        baseline=baseline,
        start=start,
        burn_in=burn_in,
        switch=switch,
        scale=scale,
        years=years,
        seeds=seeds,
        conduct=conduct,
        claims=claims,
    )
    others = under_others(setting, also_conduct)
    return _into(out, setting, jobs, command or ("experiments.compare",), progress, others)


def run(
    *,
    city: str | Path = "yuncheng",
    policy: str | Path | None = None,
    scale: float = 0.02,
    years: int = 1,
    seed: int = 1,
    burn_in: int = 12,
    conduct: str | Path = "best_response",
) -> dict[str, float]:
    """Run one policy with one seed and return its outcomes: each city-wide indicator, its mean over the years."""
    results = simulate(city, policy, scale=scale, years=years, seed=seed, burn_in=burn_in, conduct=conduct)
    return outcomes(results.indicators)


def simulate(
    city: str | Path,
    policy: str | Path | None = None,
    *,
    scale: float = 0.02,
    years: int = 1,
    seed: int = 1,
    burn_in: int = 12,
    conduct: str | Path = "best_response",
    claims: bool = False,
    out: str | Path | None = None,
    command: Sequence[str] = (),
    progress: Progress | None = None,
) -> Results:
    """Run one policy (the city's own unless given) from the base year with one seed and return its tables."""
    check_seed(seed)
    policy = _own_policy(city) if policy is None else policy
    setting = checked_single(city, policy, burn_in=burn_in, scale=scale, years=years, seeds=[seed], conduct=conduct, claims=claims)
    return _into(out, setting, 1, command or ("experiments.simulate",), progress)


def outcomes(indicators: pd.DataFrame) -> dict[str, float]:
    """Return each city-wide indicator of a table, its mean over the table's years."""
    rows = indicators[indicators["unit_type"] == "city"]
    rows = rows[rows["period"].astype(str).str.fullmatch(r"\d{4}")]
    means = rows.groupby(rows["indicator"].astype(str), sort=False)["value"].mean()
    return {str(name): float(value) for name, value in means.items()}


def execute(
    setting: Setting,
    store: Store,
    *,
    jobs: int = -1,
    command: Sequence[str] = (),
    progress: Progress | None = None,
    load: Load | None = None,
) -> None:
    """Do the runs of a setting that the folder does not hold yet, then join them; keep what is finished whatever happens.

    Raises:
        RunError: some run failed; the others are kept, joined and compared.
    """
    if jobs == 0 or jobs < -1:
        raise InputError("not a number of processes", path="--jobs", found=jobs, allowed="1 or more, or -1 for one a core")
    began = time.monotonic()
    manifest = record.fresh(command, setting.asked(), setting.fingerprints())
    missing = _missing(setting, store)
    ended: list[Done] = []
    try:
        with store.scratch() as scratch:
            store.save_manifest(manifest)
            if missing:
                store.discard_outdated([run_id for run_id, _, _ in missing])
            if missing and load is None:
                warm_up()
            plan = _Plan(setting, store, scratch, load)
            watching = _watching(scratch / _TICKS, months_of(setting, missing), progress)
            with watching, workers_ended(), closing(plan.carry_out(missing, jobs)) as ends:
                for done in ends:
                    ended.append(done)
                    if done.bad_input:
                        raise InputError(str(done.error))
    except InputError:
        store.retreat()
        raise
    except BaseException:
        _join(setting, store)
        raise
    failed = [done for done in ended if done.error is not None]
    manifest.update(wall_seconds=round(time.monotonic() - began, 2), peak_mib=_peak(ended))
    if not failed:
        manifest.update(finished=record.now())
    _join(setting, store)
    store.save_manifest(manifest)
    if failed:
        raise RunError("\n".join(f"{done.run_id}: {done.error}" for done in failed))


def execute_all(
    setting: Setting,
    others: Mapping[str, Setting],
    store: Store,
    *,
    jobs: int = -1,
    command: Sequence[str] = (),
    progress: Progress | None = None,
    load: Load | None = None,
) -> None:
    """Do a comparison, then the same under other conduct rules in folders of their own, and say which findings survive.

    Raises:
        RunError: some run failed under some rule; all others are kept, and so is what can be said of the findings.
    """
    stores = {label: open_store(store.folder / CONDUCTS / _folder_name(label), other.asked()) for label, other in others.items()}
    plans = [(setting, store), *((others[label], stores[label]) for label in others)]
    months = [months_of(one, _missing(one, place)) for one, place in plans]
    failed: list[str] = []
    for number, (one, place) in enumerate(plans):
        try:
            execute(one, place, jobs=jobs, command=command, progress=_part_of(progress, months, number), load=load)
        except RunError as error:
            failed.append(str(error) if one is setting else f"{one.conduct}: {error}")
    if others:
        _judge(setting, store, stores)
    if failed:
        raise RunError("\n".join(failed))


def _judge(setting: Setting, store: Store, stores: Mapping[str, Store]) -> None:
    """Write which findings survive the other rules, as far as their comparisons are there."""
    from experiments.robustness import survival
    from experiments.showing import HEADLINES, longest_period

    folders = {conduct_label(setting.conduct): store.folder} | {label: other.folder for label, other in stores.items()}
    found = {label: Results(folder, {}).comparison for label, folder in folders.items()}
    known = {label: table for label, table in found.items() if not table.empty}
    if len(known) > 1 and next(iter(known)) == conduct_label(setting.conduct):
        period = longest_period(next(iter(known.values()))["period"])
        store.save_robustness(survival(known, HEADLINES, period))


def _folder_name(label: str) -> str:
    return re.sub(r"[^\w.=,-]", "_", label)


def _part_of(progress: Progress | None, months: Sequence[int], number: int) -> Progress | None:
    """Return a progress display for one of several comparisons that moves the bar of all of them."""
    if progress is None:
        return None
    before, whole = sum(months[:number]), sum(months)
    return lambda done, _: progress(before + done, whole)


def run_history(plan: _Plan, seed: int) -> Done:
    """Simulate one seed's common history and leave the city in the scratch folder; to be called in a worker."""
    setting, run_id = plan.setting, f"history-s{seed:03d}"

    def work() -> None:
        city = plan.city(seed)
        with _claims_of(plan, run_id) as keep:
            plan.advance(city, setting.switch, keep, run_id)
        with plan.history_path(seed).open("wb") as file:
            cloudpickle.dump(city, file)  # classes of a user's own mode or conduct file go by value

    return _done(run_id, work)


def run_policy(plan: _Plan, run_id: str, label: str, seed: int) -> Done:
    """Simulate one policy from its seed's history (or, for a single run, from the start) and keep its tables."""
    setting = plan.setting

    def work() -> None:
        if setting.kind == "run":
            city = plan.city(seed)
        else:
            with plan.history_path(seed).open("rb") as file:
                city = pickle.load(file)
            city.switch_policy(setting.policies[label])
        with _claims_of(plan, run_id) as keep:
            plan.advance(city, 12 * setting.years, keep, run_id)
        frame = _with_keys(city, run_id, label, seed)
        plan.store.save_run(run_id, frame, setting.run_fingerprint(label, seed))

    return _done(run_id, work)


def months_of(setting: Setting, missing: Sequence[tuple[str, str, int]]) -> int:
    """Return the months that the missing runs take in all."""
    seeds = {seed for _, _, seed in missing}
    return len(seeds) * (setting.burn_in + setting.switch) + len(missing) * 12 * setting.years


def _missing(setting: Setting, store: Store) -> list[tuple[str, str, int]]:
    """Return the runs that the folder does not hold yet."""
    return [run for run in setting.runs() if not store.holds(run[0], setting.run_fingerprint(*run[1:]))]


@dataclass(frozen=True)
class _Plan:
    """What every task of one command shares; travels to the workers."""

    setting: Setting
    store: Store
    scratch: Path
    load: Load | None

    def city(self, seed: int) -> Any:
        """Make the city of one seed, after its burn-in."""
        setting = self.setting
        load = self.load or _load_city
        city = load(
            setting.city,
            setting.start,
            scale=setting.scale,
            seed=seed,
            burn_in=setting.burn_in,
            conduct=setting.conduct,
            claims=setting.claims,
        )
        self.tick(setting.burn_in)
        return city

    def advance(self, city: Any, months: int, keep: Callable[[pd.DataFrame], None] | None, run_id: str) -> None:
        """Run months, telling of each, and hand over the claims of each year so that they do not pile up."""
        for month in range(1, months + 1):
            city.run_for(1)
            self.tick(1)
            if keep is not None and (month % 12 == 0 or month == months):
                keep(city.claims().assign(run_id=run_id))

    def tick(self, months: int) -> None:
        """Count months for the progress display: a byte each, which the system appends in one piece."""
        with (self.scratch / _TICKS).open("ab") as file:
            file.write(b"." * months)

    def history_path(self, seed: int) -> Path:
        """Return where a seed's history waits for its policies."""
        return self.scratch / f"history-s{seed:03d}.pickle"

    def carry_out(self, missing: Sequence[tuple[str, str, int]], jobs: int) -> Generator[Done]:
        """Do histories, then policies; a seed whose history failed has no policies."""
        lost: set[str] = set()
        if self.setting.kind == "compare":
            seeds = sorted({seed for _, _, seed in missing})
            for done in in_parallel(run_history, [(self, seed) for seed in seeds], jobs):
                if done.error is not None:
                    lost.add(done.run_id)
                yield done
        ready = [run for run in missing if f"history-s{run[2]:03d}" not in lost]
        yield from in_parallel(run_policy, [(self, *run) for run in ready], jobs)


@contextmanager
def workers_ended() -> Iterator[None]:
    """End the worker processes when the block is left, however it is left.

    Loky replaces a worker that has grown much, as one does that meets its first city; its warning of that says nothing to a user.
    """
    from joblib.externals.loky import get_reusable_executor

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
        try:
            yield
        finally:
            get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


def in_parallel[R](function: Callable[..., R], arguments: Sequence[tuple[Any, ...]], jobs: int) -> Generator[R]:
    """Call a function with each tuple of arguments, in up to `jobs` processes, and yield results as they come.

    Several processes have one Numba thread each; a single one is this process, with all threads. They stay for the
    next call, until `workers_ended`.
    """
    from joblib import Parallel, delayed, effective_n_jobs, parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    workers = min(effective_n_jobs(jobs), len(arguments))
    if workers <= 1:
        for given in arguments:
            yield function(*given)
        return
    with parallel_config("loky", inner_max_num_threads=1, initializer=_as_worker, initargs=(os.getpid(),)):
        pool = Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1, pre_dispatch=workers)
        try:
            yield from pool(delayed(function)(*given) for given in arguments)
        except TerminatedWorkerError:
            raise RunError(
                "a worker process was ended from outside, most likely for lack of memory: try fewer --jobs or a smaller --scale"
            ) from None


def _as_worker(parent: int) -> None:
    """Make a worker leave with its parent, and leave Ctrl-C to it: the parent ends its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _done(run_id: str, work: Callable[[], None]) -> Done:
    """Do one task's work; tell how it ended instead of raising, so that one failure loses nothing else."""
    error: str | None = None
    bad_input = False
    try:
        work()
    except InputError as wrong:
        error, bad_input = str(wrong), True
    except Exception as wrong:  # whatever a model or a plug-in raises fails this run only, and is told
        place = traceback.extract_tb(wrong.__traceback__)[-1]
        error = f"{type(wrong).__name__}: {wrong} ({Path(place.filename).name}, line {place.lineno})"
    finally:
        gc.collect()  # a city is a cycle of references: without this, sweeps grow without bound
    return Done(run_id, os.getpid(), record.peak_mib(), error, bad_input)


def _load_city(*args: Any, **kwargs: Any) -> Any:
    from model.city import City

    return City.load(*args, **kwargs)


def warm_up() -> None:
    """Compile the kernels into the cache on disk, once, before workers start."""
    from model.warming import warm_up as compile_all

    compile_all()


def _with_keys(city: Any, run_id: str, label: str, seed: int) -> pd.DataFrame:
    """Return a city's monthly and yearly rows with the keys of their run."""
    import pandas as pd

    rows = pd.concat([city.tables.monthly, city.tables.yearly], ignore_index=True)
    keyed: pd.DataFrame = rows.assign(run_id=run_id, policy=label, seed=seed)
    return keyed


def _claims_of(plan: _Plan, run_id: str) -> Any:
    return appending(plan.store.claims_path(run_id)) if plan.setting.claims else nullcontext()


def _join(setting: Setting, store: Store) -> None:
    """Join the runs that are finished and compare them, where the baseline and another are among them."""
    from experiments.comparison import compare_paired

    finished = [run for run in setting.runs() if store.holds(run[0], setting.run_fingerprint(*run[1:]))]
    if not finished:
        return
    run_ids = [run_id for run_id, _, _ in finished]
    store.collect(run_ids)
    labels = {label for _, label, _ in finished}
    if setting.baseline in labels and len(labels) > 1:
        yearly = read_yearly([store.run_path(run_id) for run_id in run_ids])
        store.save_comparison(compare_paired(yearly, setting.baseline, years=setting.whole_years()))


def _peak(ended: Iterable[Done]) -> float:
    """Return the most memory all processes together may have held, in MiB: the sum of what each held at most."""
    most = {os.getpid(): record.peak_mib()}
    for done in ended:
        most[done.process] = max(most.get(done.process, 0.0), done.peak_mib)
    return round(sum(most.values()), 1)


@contextmanager
def _watching(ticks: Path, total: int, progress: Progress | None) -> Iterator[None]:
    """Tell `progress` of the months in the tick file a few times a second, from a thread of its own."""
    if progress is None or not total:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            progress(min(_size(ticks), total), total)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        progress(min(_size(ticks), total), total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _into(
    out: str | Path | None,
    setting: Setting,
    jobs: int,
    command: Sequence[str],
    progress: Progress | None,
    others: Mapping[str, Setting] | None = None,
) -> Results:
    """Carry out a setting, and it under other rules, in a folder, or in one that is gone once its tables are read."""
    if out is None:
        with TemporaryDirectory(prefix="yibao-") as folder:
            return _into(folder, setting, jobs, command, progress, others).loaded()
    store = open_store(Path(out), setting.asked())
    execute_all(setting, others or {}, store, jobs=jobs, command=command, progress=progress)
    return read_results(store.folder)


def _own_policy(city: str | Path) -> str:
    from model.policy.loader import load_city

    return load_city(city).own_policy
