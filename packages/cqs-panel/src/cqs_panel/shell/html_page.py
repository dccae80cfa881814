"""The HTML page: what its browser loads, and how.

Material's script is the largest, and it draws everything. Panel asks for it only when the browser has the document, and
has a library that supports older browsers read it and wrap it, as all modules: nothing is shown for as long as that
takes. Here it is asked for with all others, and browsers run modules themselves.

Until Bokeh is idle Material's page is dark under a spinner, though it can be read long before. Here a bar runs at its
top; it still takes the clicks, which would come before there is anything to take them.

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
{% block loader_css %}
#loader{position:fixed;inset:0;z-index:9999;overflow:hidden;cursor:progress;justify-content:center;align-items:center}
.spinner{position:absolute;top:0;left:0;width:30%;height:3px;background:var(--mui-palette-primary-main,#2457c5);
  animation:run 1.1s ease-in-out infinite}
#loader-error{display:none;max-width:600px;padding:12px 20px;border:1px solid;border-radius:8px;font:14px sans-serif;
  color:var(--mui-palette-text-primary);background:var(--mui-palette-background-default)}
@keyframes run{from{transform:translateX(-100%)}to{transform:translateX(340%)}}
@media(prefers-reduced-motion:reduce){.spinner{animation:none;width:100%}}
{% endblock %}
{% block postamble %}{{ super() }}<script>WAIT</script>{% endblock %}
""".replace("WAIT", BUILDING_JS)
FONT_CSS.clear()


def template() -> str:
    """The Jinja template of the page, for the session that is being opened."""
    bundle = pmui.Page._render_esm(server=True)  # noqa: SLF001 - as Panel tells the browser
    return _TEMPLATE.replace("BUNDLE", bundle)
