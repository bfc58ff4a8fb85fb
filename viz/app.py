"""The page: which parts there are and at which address. Started by `viz.launch`, or by `solara run viz.app`."""

from __future__ import annotations

import solara

from viz.pages import results, simulate
from viz.pages.shell import Layout

routes = [
    solara.Route(path="/", component=simulate.Page, label="home", layout=Layout),
    solara.Route(path="results", component=results.Page, label="results"),
]
