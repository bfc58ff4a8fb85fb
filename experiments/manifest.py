"""The record of a command: what was asked, on which versions, from which files, and how long it took."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

KEYS = (
    "command",
    "versions",
    "seeds",
    "city",
    "policies",
    "baseline",
    "from",
    "burn_in",
    "switch",
    "conduct",
    "fingerprints",
    "scale",
    "years",
    "started",
    "finished",
    "wall_seconds",
    "peak_mib",
)
IDENTITY = ("kind", "city", "policies", "baseline", "from", "burn_in", "switch", "scale", "years", "seeds", "conduct", "claims", "files")
_LIBRARIES = ("yibao", "numpy", "numba", "pandas", "pyarrow", "mesa", "networkx", "scipy", "joblib")
_CODE = ("model", "agents")
_ROOT = Path(__file__).resolve().parent.parent


def fresh(command: Sequence[str], asked: Mapping[str, Any], fingerprints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a command that is about to start: everything but its end."""
    return {
        "command": " ".join(command),
        "versions": versions(),
        **{key: asked[key] for key in IDENTITY},
        "fingerprints": dict(fingerprints),
        "started": now(),
        "finished": None,
        "wall_seconds": None,
        "peak_mib": None,
    }


def differences(found: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Say in which settings a folder's manifest differs from what is asked now; results do not depend on the rest."""
    said = []
    for key in IDENTITY:
        old, new = found.get(key), json.loads(json.dumps(asked[key]))
        if old != new:
            said.append(f"{key} is {_brief(old)} there, {_brief(new)} here")
    return said


def fingerprint(*parts: Any) -> str:
    """Return a short hash of plain values: equal for equal values, on any machine."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_fingerprint(path: Path) -> str:
    """Return a short hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


@cache
def code_fingerprint() -> str:
    """Return a short hash of everything that turns settings into results: the model's code, its tables, its libraries."""
    digest = hashlib.sha256()
    for path in _result_making_files():
        digest.update(path.relative_to(_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    digest.update(fingerprint([_version(name) for name in ("numpy", "numba")]).encode())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions of Python, the machine's kind and the libraries results rest on."""
    found = {name: _version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "platform": platform.platform(terse=True), **found}


def now() -> str:
    """Return the time as UTC text to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def peak_mib() -> float:
    """Return the most memory this process has held so far, in MiB.

    Linux's own high-water mark is preferred: what getrusage reports survives exec and so can be the parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (1024 if platform.system() != "Darwin" else 1024**2), 1)


def _result_making_files() -> list[Path]:
    code = [path for folder in _CODE for path in (_ROOT / folder).rglob("*.py")]
    tables = [path for path in (_ROOT / "data" / "tables").rglob("*") if path.is_file()]
    return sorted([*code, *tables])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _brief(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
