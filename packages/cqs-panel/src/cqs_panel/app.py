"""What `panel serve` runs, once a session: `panel serve $(cqs app)`."""

import panel as pn

from cqs_panel.shell import dashboard, keep_local

pn.extension("tabulator")
dashboard().servable()
keep_local(pn.state.curdoc)
