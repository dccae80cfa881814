"""Runs once per session: `panel serve $(cqs app) --address 127.0.0.1`."""  # noqa: INP001 - Bokeh reads this folder as it is

import panel as pn

from cqs_panel.guard.router import install, refusal
from cqs_panel.shell import dashboard, keep_local

late = install()  # app_hooks.py did it, unless this file is served alone
pn.extension("tabulator")
keep_local(pn.state.curdoc)  # before anything is made: a stylesheet that is shared later would stay as it was made
context = pn.state.curdoc.session_context
why = refusal(context.request) if late and context and context.request else None
(dashboard() if why is None else pn.pane.Str(f"Refused: {why}.")).servable()
keep_local(pn.state.curdoc)
