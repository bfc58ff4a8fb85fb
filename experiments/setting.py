"""What one command is asked to simulate, checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from experiments.manifest import code_fingerprint, file_fingerprint, fingerprint
from model.errors import InputError, nearest

if TYPE_CHECKING:
    from model.policy.city_file import CityFile
    from model.policy.policy_file import PolicyFile, PolicyMode

MOST_YEARS = 50
MOST_SEEDS = 1000
MOST_MONTHS_BEFORE = 240


@dataclass(frozen=True)
class Setting:
    """One run, or one comparison, with nothing left to look up but files.

    Attributes:
        kind: "run" or "compare".
        city, start, conduct: names, or paths to files; `start` is the policy of the common history.
        policies: label → name or path, in the order named; the label is the policy's own name.
        baseline: label of the policy the others are compared with; None for a run.
        burn_in, switch: months before the record starts, months of common history (0 for a run).
        years: years after the switch.
        first_month: month index at which the policies start.
        sources: hashes of the city, of the starting policy and of the conduct rule, and of each policy.
    """

    kind: str
    city: str
    policies: dict[str, str]
    baseline: str | None
    start: str
    burn_in: int
    switch: int
    scale: float
    years: int
    seeds: tuple[int, ...]
    conduct: str
    claims: bool
    first_month: int
    sources: dict[str, Any]

    def asked(self) -> dict[str, Any]:
        """Return the settings by which an output folder is known again, under the manifest's keys."""
        return {
            "kind": self.kind,
            "city": _plain_reference(self.city),
            "policies": list(self.policies),
            "baseline": self.baseline,
            "from": _plain_reference(self.start),
            "burn_in": self.burn_in,
            "switch": self.switch,
            "scale": self.scale,
            "years": self.years,
            "seeds": list(self.seeds),
            "conduct": _plain_reference(self.conduct),
            "claims": self.claims,
            "files": {label: _plain_reference(name) for label, name in self.policies.items() if _is_file(name)},
        }

    def runs(self) -> list[tuple[str, str, int]]:
        """Return run id, policy label and seed of every run, seed by seed."""
        return [(f"{label}-s{seed:03d}", label, seed) for seed in self.seeds for label in self.policies]

    def run_fingerprint(self, label: str, seed: int) -> str:
        """Return the hash of everything that decides one run's results."""
        asked = {key: value for key, value in self.asked().items() if key not in ("policies", "baseline", "seeds", "files")}
        shared = {key: self.sources[key] for key in ("city", "from", "conduct", "code")}
        return fingerprint(asked, shared, label, self.sources["policies"][label], seed)

    def fingerprints(self) -> dict[str, Any]:
        """Return the hashes for the manifest: of files, of code, of each run."""
        return {**self.sources, "runs": {run_id: self.run_fingerprint(label, seed) for run_id, label, seed in self.runs()}}

    def under(self, conduct: str | Path) -> Setting:
        """Return the same comparison under another conduct rule; it keeps no claims."""
        check_conduct(conduct)
        sources = {**self.sources, "conduct": conduct_fingerprint(conduct)}
        return replace(self, conduct=str(conduct), claims=False, sources=sources)

    def whole_years(self) -> list[str]:
        """Return the calendar years wholly after the switch and wholly simulated; where there is none, those touched."""
        return whole_years(self.first_month, 12 * self.years)


def checked(
    kind: str,
    *,
    city: str | Path,
    policies: Sequence[str | Path],
    baseline: str | Path | None,
    start: str | Path | None,
    burn_in: int,
    switch: int,
    scale: float,
    years: int,
    seeds: int | Sequence[int],
    conduct: str | Path,
    claims: bool,
) -> Setting:
    """Return the setting, or raise `InputError` for the first thing in it that cannot be."""
    from model.policy.loader import load_city, load_policy

    city_file = load_city(city)
    named = _by_label(policies)
    chosen = _baseline(kind, baseline, named)
    start = city_file.own_policy if start is None else start
    _check_range("--burn-in", burn_in, 0, MOST_MONTHS_BEFORE, "months")
    _check_range("--switch", switch, 0, MOST_MONTHS_BEFORE, "months")
    _check_range("--years", years, 1, MOST_YEARS, "years")
    check_people(scale, city_file)
    numbers = check_seeds(seeds)
    check_conduct(conduct)
    return Setting(
        kind=kind,
        city=str(city),
        policies={label: str(name) for label, (name, _) in named.items()},
        baseline=chosen,
        start=str(start),
        burn_in=burn_in,
        switch=switch,
        scale=float(scale),
        years=years,
        seeds=numbers,
        conduct=str(conduct),
        claims=claims,
        first_month=city_file.base_year * 12 + switch,
        sources={
            "code": code_fingerprint(),
            "city": fingerprint(repr(city_file)),
            "from": policy_fingerprint(load_policy(start)),
            "conduct": conduct_fingerprint(conduct),
            "policies": {label: policy_fingerprint(policy) for label, (_, policy) in named.items()},
        },
    )


def checked_single(
    city: str | Path,
    policy: str | Path,
    *,
    burn_in: int,
    scale: float,
    years: int,
    seeds: int | Sequence[int],
    conduct: str | Path = "best_response",
    claims: bool = False,
) -> Setting:
    """Return the setting of one policy from the base year on, its own history before it."""
    return checked(
        "run",
        city=city,
        policies=[policy],
        baseline=None,
        start=policy,
        burn_in=burn_in,
        switch=0,
        scale=scale,
        years=years,
        seeds=seeds,
        conduct=conduct,
        claims=claims,
    )


def check_people(scale: float, city: CityFile) -> None:
    """Refuse a scale that is no share of the city or leaves too few people."""
    from model.city import check_scale

    check_scale(scale, city.persons)


def check_seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """Return seeds 1 to N for a number N, or the given ones; refuse what cannot be."""
    if isinstance(seeds, int):
        _check_range("--seeds", seeds, 1, MOST_SEEDS, "seeds")
        return tuple(range(1, seeds + 1))
    numbers = tuple(seeds)
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError("seeds must be some, each once", path="--seeds", found=list(numbers))
    for number in numbers:
        check_seed(number)
    return numbers


def check_seed(seed: int) -> None:
    """Refuse a seed that is no whole number of 63 bits."""
    _check_range("--seed", seed, 0, 2**63 - 1, "")


def check_conduct(conduct: str | Path) -> None:
    """Refuse conduct that is neither a known rule, nor a file that defines one, nor a mixture of such."""
    from agents.conduct import get_conducts

    get_conducts(str(conduct))


def titles_of_conduct(name: str) -> dict[Literal["zh", "en"], str]:
    """Return a conduct rule's title in both languages; what is no single rule, or no longer there, is called what it was asked for as."""
    from agents.conduct import get_conduct_class

    try:
        rule = get_conduct_class(name)
    except InputError:
        return {"zh": name, "en": name}
    return {"zh": rule.label_zh, "en": rule.label_en}


def conduct_fingerprint(conduct: str | Path) -> str:
    """Return the names of shipped rules as they are given, else a hash of who follows which rule and of the files they rest on."""
    from agents.conduct import read_mixture

    mixture = read_mixture(str(conduct))
    if not mixture.files:
        return str(conduct)
    return fingerprint([sorted(part.shares.items()) for part in mixture.parts], [file_fingerprint(path) for path in mixture.files])


def conduct_label(conduct: str) -> str:
    """Return what conduct is called in tables and folders: a file by its name alone.

    >>> conduct_label("rules/uphill.py"), conduct_label("steady=0.5, imitation=0.5")
    ('uphill', 'steady=0.5,imitation=0.5')
    """
    return Path(conduct).stem if _is_file(conduct) else conduct.replace(" ", "")


def under_others(setting: Setting, conducts: Sequence[str | Path]) -> dict[str, Setting]:
    """Return the same comparison under each further conduct rule, by its label; refuse one that is named twice."""
    found: dict[str, Setting] = {}
    for conduct in conducts:
        label = conduct_label(str(conduct))
        if label in (*found, conduct_label(setting.conduct)):
            raise InputError("the same conduct rule twice", path="--also-conduct", found=label)
        found[label] = setting.under(conduct)
    return found


def policy_fingerprint(policy: PolicyFile) -> str:
    """Return the hash of a policy and of the Python files its modes are taken from."""
    paths = [policy.kind_path(mode) for mode in policy.modes]
    return fingerprint(repr(policy), [file_fingerprint(path) for path in paths if path is not None and path.exists()])


def whole_years(first_month: int, months: int) -> list[str]:
    """Return the calendar years that lie wholly within `months` from a month index; where there is none, those touched.

    >>> whole_years(2022 * 12, 24)
    ['2022', '2023']
    >>> whole_years(2021 * 12 + 6, 24)
    ['2022']
    >>> whole_years(2021 * 12 + 6, 12)
    ['2021', '2022']
    """
    end = first_month + months
    whole = range(-(-first_month // 12), end // 12)
    touched = range(first_month // 12, (end - 1) // 12 + 1)
    return [str(year) for year in (whole or touched)]


def _by_label(policies: Sequence[str | Path]) -> dict[str, tuple[str | Path, PolicyFile]]:
    """Load the policies; each is known by its own name from here on."""
    from model.policy.loader import load_policy

    if not policies:
        raise InputError("no policy is named", path="--policies")
    named: dict[str, tuple[str | Path, PolicyFile]] = {}
    for name in policies:
        policy = load_policy(name)
        check_modes(policy)
        if policy.name in named:
            raise InputError("the same policy twice", path="--policies", found=policy.name)
        named[policy.name] = (name, policy)
    return named


def check_modes(policy: PolicyFile) -> None:
    """Refuse a policy whose modes are not there, are given what they do not declare or what does not go together, or pay nobody."""
    from model.payment import get_mode
    from model.settlement import Instance
    from model.setup import cycle_of

    paying_groups = set()
    for mode in policy.modes:
        path = policy.kind_path(mode)
        kind = get_mode(mode.kind if path is None else str(path))
        policy.check_parameters(mode, kind.PARAMETERS)
        for month in mode.starts:
            try:
                if Instance(mode.id, mode.made(kind, month), cycle_of(mode, month)).by_group:
                    paying_groups.add(mode.id)
            except InputError as error:
                raise _of_mode(error, policy, mode) from None
    policy.check_holders(paying_groups)


def _of_mode(error: InputError, policy: PolicyFile, mode: PolicyMode) -> InputError:
    """What a mode or a cycle says of values that do not go together, with the file and the place."""
    of_mode = f"mode[{mode.id}]"
    where = of_mode if error.path is None else error.path if error.path.startswith("mode[") else f"{of_mode}.{error.path}"
    return InputError(error.what, file=policy.file, path=where, found=error.found, allowed=error.allowed, nearest=error.nearest)


def _baseline(kind: str, baseline: str | Path | None, named: dict[str, tuple[str | Path, PolicyFile]]) -> str | None:
    """Return the label of the policy to compare with: the first unless another of those named is asked for."""
    if kind == "run":
        return None
    if len(named) < 2:
        raise InputError("a comparison needs at least two policies", path="--policies", found=list(named))
    if baseline is None:
        return next(iter(named))
    for label, (name, _) in named.items():
        if str(baseline) in (label, str(name)):
            return label
    raise InputError(
        "the baseline is not among the policies",
        path="--baseline",
        found=str(baseline),
        allowed=list(named),
        nearest=nearest(str(baseline), named),
    )


def _check_range(option: str, value: int, low: int, high: int, what: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError("out of range", path=option, found=value, allowed=f"{low} to {high} {what}".rstrip())


def _is_file(name: str | Path) -> bool:
    return str(name).endswith((".toml", ".py"))


def _plain_reference(name: str) -> str:
    """Return a name as it is and a path in full, so that one file is one thing wherever the command was given."""
    return str(Path(name).resolve()) if _is_file(name) else name
