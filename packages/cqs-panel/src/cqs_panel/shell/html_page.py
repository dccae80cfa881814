"""The HTML page: what its browser loads, and how.

Material's script is the largest, and it draws everything. Panel asks for it only when the browser has the document, and
has a library that supports older browsers read it and wrap it, as all modules: nothing is shown for as long as that
takes. Here it is asked for with all others, and browsers run modules themselves.

Material's sheet of icons brings its font, Roboto, without saying which characters are in which of its files. Browsers
then load eighteen of them, one after the other, and lay out the page after each. Another sheet says it.
"""

from __future__ import annotations

import panel_material_ui as pmui
from panel_material_ui.base import FONT_CSS

from cqs_panel.shell.building import BUILDING_JS

_TEMPLATE = """
{% extends "base.html" %}
{% block preamble %}{{ super() }}
<script>
{
  window.esmsInitOptions = {skip: "/panel-material-ui[.]bundle[.]js"}  // where other modules import it
  let shim
  Object.defineProperty(window, "importShim", {  // the library sets it; it is for modules with names to resolve
    get: () => shim,
    set: (made) => { shim = new Proxy(made, {apply: (of, self, [url, ...more]) =>
      import(url).catch(() => of.call(self, url, ...more))}) },
  })
}
</script>
<link rel="modulepreload" href="BUNDLE">
{% endblock %}
{% block postamble %}{{ super() }}<script>WAIT</script>{% endblock %}
""".replace("WAIT", BUILDING_JS)
FONT_CSS.clear()


def template() -> str:
    """The Jinja template of the page, for the session that is being opened."""
    bundle = pmui.Page._render_esm(server=True)  # noqa: SLF001 - as Panel tells the browser
    return _TEMPLATE.replace("BUNDLE", bundle)
