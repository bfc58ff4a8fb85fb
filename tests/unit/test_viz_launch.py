"""The launcher: what it refuses, what it tells Solara, and whether the page's scripts are found."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from model.errors import InputError
from viz import launch


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting behind."""
    for name in (*launch.SETTINGS, launch.FOLDER_VARIABLE, launch.LANGUAGE_VARIABLE, launch.ASSETS_VARIABLE, "SOLARA_APP"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=str(port)):
            launch.run(port=port)


def test_what_is_no_output_folder_or_address_or_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        launch.run(tmp_path)
    with pytest.raises(InputError, match="--host"):
        launch.run(host="999.1.1.1")
    with pytest.raises(InputError, match="fr"):
        launch.run(lang="fr")


def test_solara_is_told_before_it_is_imported_and_a_users_setting_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOLARA_KERNEL_CULL_TIMEOUT", "5m")
    launch.set_environment(tmp_path, "en")
    assert os.environ["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] == "False"
    assert os.environ["SOLARA_MODE"] == "production"
    assert os.environ["SOLARA_KERNEL_CULL_TIMEOUT"] == "5m"
    assert os.environ[launch.FOLDER_VARIABLE] == str(tmp_path)
    launch.set_environment(None, "zh")
    assert launch.FOLDER_VARIABLE not in os.environ
    assert os.environ[launch.LANGUAGE_VARIABLE] == "zh"


def test_the_pages_scripts_are_looked_for_where_solara_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(launch.ASSETS_VARIABLE, str(tmp_path))
    assert not launch.assets_found()
    (tmp_path / launch.SCRIPTS).mkdir(parents=True)
    assert launch.assets_found()


def test_the_scripts_looked_for_are_those_solaras_own_page_asks_for() -> None:
    from importlib.util import find_spec

    found = find_spec("solara")
    assert found is not None
    assert found.origin is not None
    template = Path(found.origin).parent / "server" / "templates" / "solara.html.j2"
    assert launch.SCRIPTS in template.read_text(encoding="utf-8")
