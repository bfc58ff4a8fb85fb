"""Starts the page: a free port, no telemetry, scripts from this machine, and nothing left running afterwards."""

from __future__ import annotations

import os
import socket
import sys
import webbrowser
from pathlib import Path
from typing import Any

from model.errors import InputError
from viz.labels import LANGUAGES, Language, checked_language, text

APP = "viz.app"
SCRIPTS = "@widgetti/solara-vuetify-app@10.1.1"
ASSETS_VARIABLE = "SOLARA_ASSETS_PROXY_CACHE_DIR"
FOLDER_VARIABLE = "YIBAO_APP_FOLDER"
LANGUAGE_VARIABLE = "YIBAO_APP_LANGUAGE"
SETTINGS = {
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_VARIANT": "light",  # with "auto" Solara 1.64.1 leaves out the element it mounts in
    "SOLARA_THEME_TITLE": "yibao",
    "SOLARA_MODE": "production",
    "SOLARA_KERNEL_CULL_TIMEOUT": "1h",
}
"""Solara's own settings, which it reads when it is first imported; whoever sets one beforehand keeps it."""


def run(directory: str | Path | None = None, port: int | None = None, host: str = "127.0.0.1", lang: str | None = None) -> int:
    """Serve the page until it is interrupted, and return 0.

    Args:
        directory: an output folder to open beside the simulation.
        port: 0 or None for any that is free.
        host: the address to listen on; only this machine can reach 127.0.0.1.
        lang: language the page opens in; visitors may turn it.

    Raises:
        InputError: no such folder, or the port is taken.
    """
    language = LANGUAGES[0] if lang is None else checked_language(lang)
    folder = None if directory is None else _checked_folder(Path(directory))
    listening = _listen(host, port or 0, language)
    try:
        set_environment(folder, language)
        if not assets_found():
            print(text("app.no_assets", language), file=sys.stderr)
        _serve(listening, f"http://{_shown(host)}:{listening.getsockname()[1]}", language)
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()
    return 0


def set_environment(folder: Path | None, language: Language) -> None:
    """Tell Solara and the page, before they are imported, how to behave and what to show."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    os.environ["SOLARA_APP"] = APP
    os.environ[LANGUAGE_VARIABLE] = language
    os.environ.pop(FOLDER_VARIABLE, None)
    if folder is not None:
        os.environ[FOLDER_VARIABLE] = str(folder)


def assets_found() -> bool:
    """Say whether the page's scripts are on this machine, so that nothing is fetched from the internet."""
    named = os.environ.get(ASSETS_VARIABLE)
    place = Path(named) if named else Path(sys.prefix) / "share" / "solara" / "cdn"
    return (place / SCRIPTS).is_dir()


def _checked_folder(folder: Path) -> Path:
    from experiments.store import read_manifest

    read_manifest(folder)
    return folder.resolve()


def _listen(host: str, port: int, language: Language) -> socket.socket:
    """Take the port at once, so that nobody else can between looking and serving."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise InputError("not an address to listen on", path="--host", found=f"{host}: {error.strerror}") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise InputError(text("app.port_taken", language, port=port), path="--port", found=f"{port}: {error.strerror}") from None
    return listening


def _serve(listening: socket.socket, url: str, language: Language) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Says where the page is as soon as it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            print(text("app.serving", language, url=url), flush=True)
            _open_browser(url)

    options: dict[str, Any] = {"log_level": "error", "access_log": False, "timeout_graceful_shutdown": 2, "ws_max_size": 64 * 2**20}
    Server(uvicorn.Config("solara.server.starlette:app", **options)).run(sockets=[listening])


def _open_browser(url: str) -> None:
    """Open the visitor's browser where somebody sits before a screen."""
    has_screen = sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if has_screen and sys.stdout.isatty():
        webbrowser.open(url)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else "127.0.0.1" if host in ("0.0.0.0", "localhost") else host
