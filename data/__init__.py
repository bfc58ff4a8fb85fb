"""Where the shipped data files live, whether run from a checkout or from an installed package."""

from importlib.resources import as_file, files
from pathlib import Path

__all__ = ["folder"]


def folder(*parts: str) -> Path:
    """Path of a file or folder under `data/`, e.g. `folder("cities", "yuncheng.toml")`."""
    with as_file(files(__name__)) as root:
        return Path(root).joinpath(*parts)
