"""What `panel serve` runs, once a session: `panel serve $(cqs app)`."""

import panel as pn

from cqs_panel.shell import dashboard

pn.extension("tabulator")
dashboard().servable()
