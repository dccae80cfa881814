"""The HTML page: Material's script is asked for with all others, and run by the browser itself.

It is the largest, and it draws everything. Panel asks for it only when the browser has the document, and has a library
that supports older browsers read it and wrap it: then nothing is shown for as long as that takes.
"""

from __future__ import annotations

import panel_material_ui as pmui

_TEMPLATE = """
{% extends "base.html" %}
{% block preamble %}{{ super() }}
<script>
{
  const own = (url) => /\\/panel-material-ui\\.bundle\\.js/.test(url)
  window.esmsInitOptions = {skip: "/panel-material-ui[.]bundle[.]js"}  // where other modules import it
  let shim
  Object.defineProperty(window, "importShim", {  // the library sets it
    get: () => shim,
    set: (made) => { shim = new Proxy(made, {apply: (of, self, [url, ...more]) =>
      own(url) ? import(url) : of.call(self, url, ...more)}) },
  })
}
</script>
<link rel="modulepreload" href="BUNDLE">
{% endblock %}
"""


def template() -> str:
    """The Jinja template of the page, for the session that is being opened."""
    bundle = pmui.Page._render_esm(server=True)  # noqa: SLF001 - as Panel tells the browser
    return _TEMPLATE.replace("BUNDLE", bundle)
