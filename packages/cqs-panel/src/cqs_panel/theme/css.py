"""CSS for what Material does not style: the document, Tabulator, tooltips of charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel.theme.material import FONT
from cqs_panel.theme.palette import MODES

if TYPE_CHECKING:
    from cqs_panel.theme.palette import Tones


_COMFORTABLE = {
    "gap": "12px",
    "card": "14px 16px",
    "inside": "10px",
    "figure": "12px 16px",
    "cell": "8px 10px",
    "row": "34px",
}
_COMPACT = {"gap": "8px", "card": "8px 10px", "inside": "6px", "figure": "6px 10px", "cell": "3px 8px", "row": "26px"}


def page_css(tones: Tones, first: str, *, compact: bool = False) -> str:
    """For `raw_css` of the page: variables of both modes, and the space around and in cards and rows.

    Args:
        tones: colors of gain and loss.
        first: `light` or `dark`: how the page opens.
        compact: less space, for more on a screen.
    """
    rules = [("html", first), *((f'html[data-cqs-theme="{mode}"]', mode) for mode in MODES)]
    variables = (f"{where}{{{_variables(MODES[mode], *tones.text[mode])}color-scheme:{mode}}}" for where, mode in rules)
    spaced = _custom(_COMPACT if compact else _COMFORTABLE)
    return "\n".join([_FONTS, *variables, f"html{{{spaced}}}", _TOOLTIP, _OFFLINE])


def _variables(of: dict[str, str], up: str, down: str) -> str:
    return _custom(of | {"up": up, "down": down})


def _custom(properties: dict[str, str]) -> str:
    return "".join(f"--cqs-{name}:{value};" for name, value in properties.items())


_FONTS = f"html{{--cqs-font:{FONT};--cqs-mono:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}}"
_TOOLTIP = """
.bk-Tooltip{background-color:var(--cqs-paper)!important;color:var(--cqs-text)!important;
  border:1px solid var(--cqs-line)!important;
  border-radius:8px;padding:8px 12px!important;font-size:12px!important;font-variant-numeric:tabular-nums;
  box-shadow:0 6px 24px rgba(0,0,0,.18)}
"""
_OFFLINE = """
html[data-cqs-offline]{--cqs-live:grayscale(1) opacity(.5)}
.cqs-offline{position:fixed;top:0;left:0;right:0;z-index:2000;padding:8px 16px;background:#b3261e;color:#fff;
  font:500 13px/20px var(--cqs-font);display:flex;gap:16px;align-items:center;
  justify-content:center;flex-wrap:wrap}
.cqs-offline button{font:inherit;color:inherit;background:none;border:1px solid #fff;border-radius:6px;padding:2px 12px;
  cursor:pointer}
"""
TABLE_CSS = """
:host .tabulator{background:transparent;border:0;font-size:13px;font-variant-numeric:tabular-nums;color:inherit}
:host .tabulator .tabulator-header,
:host .tabulator .tabulator-header .tabulator-headers,
:host .tabulator .tabulator-header .tabulator-header-contents,
:host .tabulator .tabulator-header .tabulator-col,
:host .tabulator .tabulator-header .tabulator-col:hover{
  background:transparent!important;border-right:0;color:var(--cqs-muted)}
:host .tabulator .tabulator-header{border-top:0;border-bottom:1px solid var(--cqs-line)}
:host .tabulator .tabulator-header .tabulator-col .tabulator-col-title{font-weight:500;font-size:12px;
  line-height:16px}
:host .tabulator .tabulator-col .tabulator-col-content{padding:6px 10px!important}
:host .tabulator .tabulator-col .tabulator-col-sorter{opacity:0;right:-3px!important}
:host .tabulator .tabulator-header .tabulator-col.tabulator-sortable .tabulator-col-title{padding-right:0!important}
:host .tabulator .tabulator-col[aria-sort=ascending] .tabulator-col-sorter,
:host .tabulator .tabulator-col[aria-sort=descending] .tabulator-col-sorter,
:host .tabulator .tabulator-col:hover .tabulator-col-sorter{opacity:1}
:host .tabulator .tabulator-header-filter input{background:transparent;color:inherit;border:1px solid var(--cqs-line);
  border-radius:6px;padding:4px 8px!important}
:host .tabulator .tabulator-tableholder .tabulator-table,
:host .tabulator .tabulator-tableholder .tabulator-table .tabulator-row{background:transparent!important;color:inherit}
:host .tabulator-cell .bar{display:block;border-radius:3px;background:linear-gradient(to left,
  color-mix(in srgb,currentColor 20%,transparent) var(--share),transparent 0)}
:host .tabulator-row{border-top:0!important;border-bottom:1px solid var(--cqs-line)!important;
  min-height:var(--cqs-row,34px)}
:host .tabulator .tabulator-tableholder .tabulator-table .tabulator-row:hover{
  background:var(--cqs-hover)!important;color:inherit!important}
:host .tabulator .tabulator-tableholder .tabulator-table .tabulator-row.tabulator-selected{
  background:var(--cqs-tint)!important;color:inherit!important}
:host .tabulator-row .tabulator-cell{border-right:0;padding:var(--cqs-cell,8px 10px)}
:host(.cqs-rows) .tabulator-row{cursor:pointer}
:host .tabulator-row:focus-visible,:host .tabulator-tableholder:focus-visible{
  outline:2px solid var(--cqs-accent);outline-offset:-2px}
:host .tabulator-tableholder{scrollbar-width:thin;scrollbar-color:var(--cqs-muted) var(--cqs-hover);
  background:linear-gradient(90deg,var(--cqs-paper) 40%,transparent) 0/36px 100% no-repeat local,
    linear-gradient(270deg,var(--cqs-paper) 40%,transparent) 100%/36px 100% no-repeat local,
    linear-gradient(90deg,var(--cqs-shade),transparent) 0/12px 100% no-repeat scroll,
    linear-gradient(270deg,var(--cqs-shade),transparent) 100%/12px 100% no-repeat scroll!important}
:host .tabulator-tableholder::-webkit-scrollbar{height:10px;width:10px;background:var(--cqs-hover)}
:host .tabulator-tableholder::-webkit-scrollbar-thumb{background:var(--cqs-muted);border-radius:5px}
:host .tabulator .tabulator-footer{background:transparent;border-top:0;color:var(--cqs-muted)}
:host .tabulator .tabulator-footer:not(:has(.tabulator-page[data-page="2"])){display:none}
:host .tabulator .tabulator-footer .tabulator-page{
  color:inherit;background:transparent;border:1px solid var(--cqs-line)!important;border-radius:6px}
:host .tabulator .tabulator-footer .tabulator-page.active{color:var(--cqs-accent);background:var(--cqs-tint)!important}
:host .tabulator .tabulator-placeholder .tabulator-placeholder-contents{
  color:var(--cqs-muted);font-weight:400;font-size:13px}
:host .toggle{font-size:17px;line-height:18px;color:var(--cqs-muted);cursor:pointer}
:host .toggle.on{color:var(--cqs-accent)}
:host .up{color:var(--cqs-up)} :host .down{color:var(--cqs-down)} :host .muted{color:var(--cqs-muted)}
"""
