"""The field for a query: line numbers, Ctrl+Enter, and the line of an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import param

from cqs_panel import WIDE, Component

if TYPE_CHECKING:
    from collections.abc import Callable

_PLACE = re.compile(r"at line (\d+), column (\d+)")
_CSS = """
.box{display:grid;grid-template-columns:auto minmax(0,1fr);border:1px solid var(--cqs-line);border-radius:8px;
  overflow:hidden;font:13px/20px var(--cqs-mono)}
.box:focus-within{border-color:var(--cqs-accent)}
.lines{margin:0;padding:8px;text-align:right;color:var(--cqs-muted);background:var(--cqs-hover);user-select:none;
  min-width:18px;overflow:hidden;font:inherit}
.lines b{color:var(--cqs-down);font-weight:700}
textarea{border:0;outline:0;resize:vertical;background:transparent;color:inherit;font:inherit;padding:8px 10px;
  min-height:116px;max-height:60vh;white-space:pre;overflow:auto;tab-size:2;box-sizing:border-box;width:100%}
"""


class SqlEditor(Component):
    """A text of several lines; `run` is called with it when Ctrl+Enter is pressed."""

    value = param.String(default="", doc="The query as it is written now.")
    fault = param.List(default=[], doc="Line and column of an error, from 1 on; empty for none.")

    _esm = """
export function render({model}) {
  const box = document.createElement("div"), lines = document.createElement("pre")
  const text = document.createElement("textarea")
  box.className = "box"; lines.className = "lines"; lines.setAttribute("aria-hidden", "true")
  Object.assign(text, {spellcheck: false, autocapitalize: "off", autocomplete: "off", value: model.value})
  text.setAttribute("aria-label", "SQL query")
  const number = () => {
    const count = text.value.split("\\n").length
    lines.replaceChildren(...Array.from({length: count}, (_, i) => {
      const line = document.createElement(model.fault[0] === i + 1 ? "b" : "span")
      line.textContent = `${i + 1}\\n`
      return line }))
    lines.scrollTop = text.scrollTop
  }
  const fit = () => { lines.style.height = `${text.offsetHeight}px`; lines.style.boxSizing = "border-box" }
  text.addEventListener("input", () => { model.value = text.value; model.fault = []; number() })
  text.addEventListener("scroll", () => { lines.scrollTop = text.scrollTop })
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return
    event.preventDefault()
    model.send_msg({run: text.value})
  })
  const sized = new ResizeObserver(fit)
  sized.observe(text)
  model.on("value", () => { if (text.value !== model.value) { text.value = model.value; number() } })
  model.on("fault", () => {
    number()
    const [line, column] = model.fault
    if (!line) return
    const before = text.value.split("\\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0)
    text.focus({preventScroll: true})
    text.setSelectionRange(before + column - 1, before + column - 1)
  })
  model.on("remove", () => sized.disconnect())
  box.append(lines, text)
  number()
  return box
}
"""
    _stylesheets: ClassVar[list[str]] = [_CSS]

    def __init__(self, run: Callable[[str], Any], **params: Any) -> None:
        super().__init__(**{**WIDE, **params})
        self.on_msg(lambda event: self._heard(event, run))

    def _heard(self, event: Any, run: Callable[[str], Any]) -> None:
        said = event if isinstance(event, dict) else event.data
        if isinstance(said, dict) and isinstance(said.get("run"), str):
            self.value = said["run"]
            run(said["run"])

    def mark(self, error: str) -> None:
        """Mark the place that an error of `cqs_core.lake` names; an empty text marks none."""
        found = _PLACE.search(error)
        self.fault = [int(found[1]), int(found[2])] if found else []
