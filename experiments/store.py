"""The output folder: each finished run written whole or not at all, and never over another command's results."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.manifest import differences
from model.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
INDICATORS = "indicators.parquet"
COMPARISON = "comparison.csv"
ROBUSTNESS = "robustness.csv"
REPORT = "report.html"
RUNS = "runs"
CLAIMS = "claims"
CONDUCTS = "conducts"
OURS = (MANIFEST, INDICATORS, COMPARISON, ROBUSTNESS, REPORT, RUNS, CLAIMS, CONDUCTS)
COLUMNS = ("run_id", "policy", "seed", "period", "unit_type", "unit", "indicator", "value")
_TEXT = frozenset(COLUMNS) - {"seed", "value"}
_FINGERPRINT = b"yibao_fingerprint"
_SCRATCH = ".scratch-"


@dataclass(frozen=True)
class Results:
    """What an output folder holds; its tables are read when they are asked for, and then kept.

    Attributes:
        folder: where it lies.
        manifest: what was asked, and on what.
    """

    folder: Path
    manifest: dict[str, Any]

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Every run's indicators, text as categories; while the command has not finished, of the runs that have."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        text = [name for name in COLUMNS if name in _TEXT]
        tables = [pq.read_table(part, read_dictionary=text).replace_schema_metadata() for part in _parts(self.folder)]
        frame: pd.DataFrame = pa.concat_tables(tables).unify_dictionaries().to_pandas()
        return frame

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """The comparison with the baseline; empty for a single run."""
        import pandas as pd

        path = self.folder / COMPARISON
        return pd.read_csv(path, dtype={"unit": str, "period": str}) if path.exists() else pd.DataFrame()

    @cached_property
    def robustness(self) -> pd.DataFrame:
        """What other conduct rules make of the findings; empty where none was asked for."""
        return read_robustness(self.folder)

    def loaded(self) -> Results:
        """Read all tables now, for a folder that will be gone."""
        _ = self.indicators, self.comparison, self.robustness
        return self


@dataclass(frozen=True)
class Store:
    """An output folder that one command may write to."""

    folder: Path

    def run_path(self, run_id: str) -> Path:
        """Return where a run's indicators are kept."""
        return self.folder / RUNS / f"{run_id}.parquet"

    def claims_path(self, run_id: str) -> Path:
        """Return where a run's claims are kept."""
        return self.folder / CLAIMS / f"{run_id}.parquet"

    def holds(self, run_id: str, fingerprint: str) -> bool:
        """Say whether this very run, by its fingerprint, is already finished here."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            metadata = pq.read_schema(self.run_path(run_id)).metadata or {}
        except (OSError, pa.ArrowInvalid):
            return False
        return bool(metadata.get(_FINGERPRINT) == fingerprint.encode())

    def save_run(self, run_id: str, frame: pd.DataFrame, fingerprint: str) -> None:
        """Write one finished run's indicators, with the fingerprint by which it is known again."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"seed": pa.int32(), "value": pa.float64()}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
        plain = frame[list(COLUMNS)].astype(dict.fromkeys(_TEXT, "str"))
        table = pa.Table.from_pandas(plain, schema=schema, preserve_index=False)
        with replacing(self.run_path(run_id)) as path:
            pq.write_table(table.replace_schema_metadata({_FINGERPRINT: fingerprint}), path, compression="zstd")

    def save_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest."""
        write_text(self.folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")

    def save_comparison(self, comparison: pd.DataFrame) -> None:
        """Write the comparison, in plain UTF-8 and to eight significant digits."""
        self._save_csv(COMPARISON, comparison)

    def save_robustness(self, table: pd.DataFrame) -> None:
        """Write what other conduct rules make of the findings, as the comparison is written."""
        self._save_csv(ROBUSTNESS, table)

    def _save_csv(self, name: str, table: pd.DataFrame) -> None:
        with replacing(self.folder / name) as path:
            table.to_csv(path, index=False, float_format="%.8g")

    def collect(self, run_ids: Sequence[str]) -> None:
        """Join finished runs into one indicators file, run by run, so that memory does not grow with their number."""
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.run_path(run_ids[0])).remove_metadata()
        with replacing(self.folder / INDICATORS) as path, pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for run_id in run_ids:
                writer.write_table(pq.read_table(self.run_path(run_id)).replace_schema_metadata())

    def discard_outdated(self, run_ids: Sequence[str]) -> None:
        """Remove what this command will write anew: runs and claims by name, and the tables joined from them."""
        for run_id in run_ids:
            self.run_path(run_id).unlink(missing_ok=True)
            self.claims_path(run_id).unlink(missing_ok=True)
        for name in (INDICATORS, COMPARISON, ROBUSTNESS, REPORT):
            (self.folder / name).unlink(missing_ok=True)

    def retreat(self) -> None:
        """Take back a command that turned out impossible: its manifest, and the folders, where nothing else is in them."""
        if any(self.folder.glob(f"{RUNS}/*.parquet")):
            return
        (self.folder / MANIFEST).unlink(missing_ok=True)
        for folder in (self.folder / RUNS, self.folder / CLAIMS, self.folder):
            with suppress(OSError):
                folder.rmdir()

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Lend a folder for what runs hand to each other, gone afterwards; what a killed process left goes too."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(f"{_SCRATCH}*"):
            if not _alive(left.name.removeprefix(_SCRATCH)):
                shutil.rmtree(left, ignore_errors=True)
        folder = self.folder / f"{_SCRATCH}{os.getpid()}"
        folder.mkdir(exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            for half in [*self.folder.glob(f"{RUNS}/.*"), *self.folder.glob(f"{CLAIMS}/.*")]:
                half.unlink(missing_ok=True)


def open_store(folder: Path, asked: Mapping[str, Any]) -> Store:
    """Return the folder, or say why this command may not write there; nothing is left written.

    The folder may be missing, may hold nothing of ours, or the same command's results; never another's.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("the output folder is a file", file=str(folder))
    present = [name for name in OURS if (folder / name).exists()]
    if present:
        _check_same(folder, present, asked)
    _check_writable(folder)
    return Store(folder)


def read_results(folder: Path) -> Results:
    """Open an output folder in which at least one run has finished."""
    results = Results(folder, read_manifest(folder))
    if not _parts(folder):
        raise InputError("no run has finished in this folder", file=str(folder))
    return results


def read_robustness(folder: Path) -> pd.DataFrame:
    """Read what other conduct rules make of a folder's findings; empty where none was asked for."""
    import pandas as pd

    path = folder / ROBUSTNESS
    return pd.read_csv(path, dtype={"unit": str, "period": str}) if path.exists() else pd.DataFrame()


def _parts(folder: Path) -> list[Path]:
    """Return the files that hold a folder's indicators: the joined one, else the finished runs'."""
    joined = folder / INDICATORS
    return [joined] if joined.exists() else sorted((folder / RUNS).glob("*.parquet"))


def read_yearly(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the yearly rows of run files, text as categories: all that a comparison needs of them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    text = [name for name in COLUMNS if name in _TEXT]
    parts = [pq.read_table(path, filters=pc.utf8_length(pc.field("period")) == 4) for path in paths]
    table = pa.concat_tables([part.replace_schema_metadata() for part in parts])
    coded = [table[name].dictionary_encode() if name in text else table[name] for name in COLUMNS]
    frame: pd.DataFrame = pa.table(coded, names=list(COLUMNS)).unify_dictionaries().to_pandas()
    return frame


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read an output folder's manifest."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("not an output folder of yibao: it has no manifest.json", file=str(folder)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"the manifest cannot be read: {error}", file=str(path)) from None
    if not isinstance(manifest, dict):
        raise InputError("the manifest is not a JSON object", file=str(path))
    return manifest


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Lend a temporary path; move it onto `path` in one step when all went well, else remove it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def appending(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Lend a function that appends tables, one or more, to a Parquet file that is in place when all went well."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writers: list[pq.ParquetWriter] = []

    def append(frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if not writers:
            writers.append(pq.ParquetWriter(temporary, table.schema, compression="zstd"))
        writers[0].write_table(table.cast(writers[0].schema))

    with replacing(path) as temporary:
        try:
            yield append
        finally:
            for writer in writers:
                writer.close()


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _check_same(folder: Path, present: Sequence[str], asked: Mapping[str, Any]) -> None:
    """Refuse a folder whose results another command made."""
    if MANIFEST not in present:
        raise InputError(
            f"the output folder holds {', '.join(present)} without a manifest.json: not known to be this command's",
            file=str(folder),
        )
    different = differences(read_manifest(folder), asked)
    if different:
        raise InputError(f"the output folder holds a different run: {'; '.join(different)}; name another folder", file=str(folder))


def _check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to, by trying it in the nearest folder above that exists."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryDirectory(prefix=".yibao-", dir=place):
            pass
    except OSError as error:
        raise InputError(f"the output folder cannot be written to: {error.strerror}", file=str(folder)) from None


def _alive(pid: str) -> bool:
    """Say whether a process of this number runs on this machine."""
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
