"""Keyboard shortcuts of every page, links inside pages, and scrolling to a requested element.

A link such as `<a href="?view=data&series=…">` in any HTML shows that view in this session, with an entry in the
history; opened in a new tab it is an address like any other. So whatever is clickable in HTML is a link: it is reached
by Tab, opened by Enter, and can be copied.
"""

from __future__ import annotations

from typing import Any

import param

from cqs_panel.component import Component
from cqs_panel.dom import FOCUS_JS, MAKE_JS, MODAL_JS, MOVED_JS

_KEYS_JS = """
const all = (root, out = []) => { for (const el of root.querySelectorAll("*")) { out.push(el)
  if (el.shadowRoot) all(el.shadowRoot, out) } return out }
const seen = (el) => el.checkVisibility()  // not its boxes: hidden views keep theirs

export function render({model}) {
  const go = (search) => { window.history.pushState(null, "", search); moved(model, search) }
  const clicked = (event) => {
    if (event.defaultPrevented || event.button) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.composedPath().find((el) => el.getAttribute?.("href")?.startsWith("?view="))
    if (!link || link.getAttribute("target")) return
    if (link.closest?.(".MuiListItem-root, .MuiListItemButton-root")) return  // the menu answers for its own
    event.preventDefault()
    go(link.getAttribute("href"))
  }
  let before = "", at = 0
  const pressed = (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return
    const el = focused(), key = event.key
    if (rows(event, el, key) || menus(event, el, key) || typing(el)) return
    const first = before === "g" && Date.now() - at < 1500
    before = key; at = Date.now()
    if (first && model.shortcuts[key]) {
      event.preventDefault(); before = ""; go("?view=" + model.shortcuts[key])
      return
    }
    if (key === "?") { event.preventDefault(); help.open(); return }
    if (key === "/") {
      const field = all(document).find((el) => el.matches("input[type=text],input[type=search],input:not([type])") &&
        seen(el) && !el.closest(".MuiInputBase-root.Mui-disabled") &&
        (el.closest(".tabulator-header-filter") || /filter|search|symbols/i.test(labelOf(el))))
      if (field) { event.preventDefault(); field.scrollIntoView({block: "nearest"}); field.focus() }
    }
  }
  const CLOSED = "div[role=combobox][aria-haspopup=listbox]:not([aria-expanded=true],[aria-disabled])"
  const menus = (event, el, key) => {  // Material's, which its owner opens by clicks alone
    if (el?.matches?.(CLOSED)) {
      if (["Enter", "ArrowDown", "ArrowUp"].includes(key)) el.click()
      return ["Enter", " ", "ArrowDown", "ArrowUp"].includes(key)
    }
    if (el !== document.body || !["Escape", "ArrowDown", "ArrowUp"].includes(key)) return false
    const list = all(document).find((one) => one.matches(".MuiMenu-list[role=listbox]") && seen(one))
    if (!list) return false  // else what was chosen left the list, and took the focus with it
    event.preventDefault()
    const items = [...list.querySelectorAll("[role=menuitem],[role=option]")]
    if (key === "Escape") list.closest(".MuiModal-root")?.querySelector(".MuiBackdrop-root")?.click()
    else items.at(key === "ArrowDown" ? 0 : -1)?.focus()
    return true
  }
  const released = (event) => {  // the key goes up where it would choose an item of the menu that it opened
    const el = focused()
    if (event.key === " " && event.composedPath()[0] === el && el.matches?.(CLOSED)) el.click()
  }
  const rows = (event, el, key) => {  // a table is one stop of Tab; arrows move between its rows, Enter opens one
    const table = el?.closest?.(".tabulator"), row = el?.closest?.(".tabulator-row")
    if (!table || !(row || el.matches(".tabulator-tableholder"))) return false
    const known = [...table.querySelectorAll(".tabulator-table > .tabulator-row")], place = known.indexOf(row)
    const to = {ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: known.length - 1}[key]
    if (to !== undefined) {
      const next = known[Math.max(0, Math.min(to, known.length - 1))]
      if (next) { next.tabIndex = -1; next.focus(); remember(next); event.preventDefault() }
      return true
    }
    if (key !== "Enter" && key !== " ") return false
    const cells = [...(row ?? known[0])?.querySelectorAll(".tabulator-cell") ?? []].filter(seen)
    const toggle = (one) => one.querySelector(".toggle")
    const cell = (key === " " && cells.find(toggle)) || cells.find((one) => !toggle(one))
    if (cell) { event.preventDefault(); cell.click() }
    return true
  }
  const words = (row) => [...row?.querySelectorAll(".tabulator-cell") ?? []]  // a toggle changes, and its row stays
    .filter((one) => !one.querySelector(".toggle")).map((one) => one.textContent).join("|")
  let last = null  // the row, or the table, that has the focus: drawn again, it would lose it
  const remember = (el) => {
    const row = el?.closest?.(".tabulator-row"), root = el?.getRootNode()
    last = row || el?.matches?.(".tabulator-tableholder") ? {el: row ?? el, root, text: row && words(row)} : null
    if (last) watch(root)
  }
  const refocus = () => {
    if (!last || focused() !== document.body || !last.root.host?.isConnected) return
    const rows = [...last.root.querySelectorAll(".tabulator-row")]
    const found = last.el.isConnected ? last.el : !last.text ?
      last.root.querySelector(".tabulator-tableholder") : rows.find((one) => words(one) === last.text)
    if (!found || !seen(found)) return
    if (last.text) found.tabIndex = -1
    found.focus({preventScroll: true})
  }
  const labelOf = (el) => [el.placeholder, el.getAttribute("aria-label"),
    ...[...(el.labels ?? [])].map((one) => one.textContent)].join(" ")
  const kbd = (key) => [make("kbd", {textContent: key}), " "]
  const helpRow = (keys, text) => make("div", {}, ...keys.flatMap(kbd), text)
  const shortcuts = () => {
    const pages = Object.entries(model.shortcuts)
      .map(([key, slug]) => helpRow(["g", key], model.titles[slug] ?? slug))
    const close = make("button", {textContent: "Close"})
    close.addEventListener("click", help.close)
    return [make("h2", {textContent: "Keyboard shortcuts"}), ...pages,
      helpRow(["Ctrl K", ":"], "Search pages, series, runs and actions"),
      helpRow(["/"], "Go to the filter of the page"), helpRow(["↑", "↓"], "Move between rows of a table"),
      helpRow(["Enter"], "Open the row"), helpRow(["Space"], "Tick the row"),
      helpRow(["Shift"], "Drag on a candle chart: measure"), helpRow(["Esc"], "Close a menu or this list"),
      helpRow(["?"], "This list"), close]
  }
  const help = modalOf({label: "Keyboard shortcuts", className: "cqs-help", parts: shortcuts})
  const named = (button) => {  // an icon only: what it does to the field next to it
    const field = button.closest(".MuiFormControl-root, .MuiTextField-root, .MuiInputBase-root, .MuiBox-root")
    const input = field?.querySelector("input"), label = field?.querySelector("label")
    const of = (label?.textContent ?? input?.getAttribute("aria-label") ?? "").trim()
    const steps = [...(field?.querySelectorAll("button") ?? [])].filter((one) => !one.textContent.trim())
    if (input && steps.length === 2) return (steps[0] === button ? "Decrease " : "Increase ") + of
    return of ? "Choose " + of : "Menu"
  }
  const given = new WeakSet()  // buttons named here: a text that comes later is their name
  const mend = () => {  // what libraries leave without a name or with roles that contradict each other
    watch(document.body)
    for (const el of all(document)) {
      if (el.shadowRoot) watch(el.shadowRoot)
      const tag = el.tagName, role = el.getAttribute("role")
      if (tag === "SPAN" && el.hasAttribute("aria-label") && !role) el.setAttribute("role", "img")
      else if (tag === "BUTTON" && el.textContent.trim() && given.delete(el)) el.removeAttribute("aria-label")
      else if (tag === "BUTTON" && !el.textContent.trim() && !el.getAttribute("aria-label") && !el.title) {
        el.setAttribute("aria-label", named(el)); given.add(el)
      }
      else if (tag === "PRE" && !el.hasAttribute("tabindex") && el.scrollHeight > el.clientHeight + 1) el.tabIndex = 0
      else if (tag === "TABLE") {  // keys scroll what has the focus
        const box = el.parentElement
        if (box && !box.hasAttribute("tabindex") && box.scrollWidth > box.clientWidth + 1 && box.tagName === "DIV" &&
          getComputedStyle(box).overflowX !== "visible") box.tabIndex = 0
      }
      else if (role === "grid" && el.classList.contains("tabulator")) {
        const empty = !el.querySelector(".tabulator-table > .tabulator-row")
        if (el.hasAttribute("aria-owns")) el.removeAttribute("aria-owns")
        const roles = {".tabulator-tableholder": empty ? "row" : "rowgroup", ".tabulator-table": "presentation",
          ".tabulator-placeholder": "gridcell", ".tabulator-footer": "rowgroup", ".tabulator-footer-contents": "row",
          ".tabulator-paginator": "gridcell"}
        for (const [what, wanted] of Object.entries(roles))
          for (const part of el.querySelectorAll(what))
            if (part.getAttribute("role") !== wanted) part.setAttribute("role", wanted)
      }
    }
  }
  let waiting = null
  const changed = () => { if (!waiting) waiting = setTimeout(() => { mend()  // and once more: tables are drawn late
    waiting = setTimeout(() => { waiting = null; mend() }, 1800) }, 500) }
  const drawn = new MutationObserver(() => { refocus(); changed() }), known = new WeakSet()
  const watch = (root) => {  // an observer does not look into shadow roots: each is watched for itself
    if (known.has(root)) return
    known.add(root); drawn.observe(root, {childList: true, subtree: true})
  }
  const watched = window.Bokeh?.documents?.find((one) => one.roots().length) ?? model.model?.document
  watched?.on_change?.(changed)
  const focusing = () => { remember(focused()); changed() }
  const pointed = () => { last = null }
  document.addEventListener("focusin", focusing)
  document.addEventListener("pointerdown", pointed, true)
  changed()
  const reveal = (name, tries = 20) => {  // it may be a part of the page that comes later
    const found = all(document).filter((el) => el.classList.contains(name) && seen(el))[0]
    if (!found && tries > 0) return setTimeout(() => reveal(name, tries - 1), 150)
    const gently = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"
    found?.scrollIntoView({block: "nearest", behavior: gently})
  }
  const main = () => all(document).find((el) => el.classList.contains("main-content"))
  const skip = document.createElement("a")
  skip.className = "cqs-skip"; skip.href = "#main"; skip.textContent = "Skip to content"
  skip.addEventListener("click", (event) => { event.preventDefault()
    const el = main(); if (el) { el.tabIndex = -1; el.focus() } })
  if (!document.querySelector(".cqs-skip")) document.body.prepend(skip)
  model.on("msg:custom", (event) => { const said = event.data ?? event
    if (said.reveal) setTimeout(() => reveal(said.reveal), 150) })
  document.addEventListener("click", clicked)
  document.addEventListener("keydown", pressed)
  document.addEventListener("keyup", released)
  document.addEventListener("cqs-help", help.open)
  model.on("remove", () => {
    clearTimeout(waiting); drawn.disconnect(); skip.remove(); help.close()
    document.removeEventListener("focusin", focusing)
    document.removeEventListener("pointerdown", pointed, true)
    document.removeEventListener("click", clicked)
    document.removeEventListener("keydown", pressed)
    document.removeEventListener("keyup", released)
    document.removeEventListener("cqs-help", help.open)
  })
}
"""


class Keys(Component):
    """Shortcuts and links; sends `{"type": "popped", "search": …}` as the back button does."""

    shortcuts = param.Dict(default={}, doc="Slug of a view by the letter that follows `g`.")
    titles = param.Dict(default={}, doc="Title of a view by its slug.")

    _esm = f"{MAKE_JS}{FOCUS_JS}{MODAL_JS}{MOVED_JS}{_KEYS_JS}"

    def reveal(self, name: str) -> None:
        """Scroll until what has this CSS class is in view."""
        self._send_msg({"reveal": name})

    @classmethod
    def of(cls, views: list[Any]) -> Keys:
        """Shortcuts for views: `g` and the first letter of the title that no earlier view has."""
        letters: dict[str, str] = {}
        for view in views:
            free = (c for c in view.title.casefold() if c.isascii() and c.isalpha() and c not in letters)
            if (letter := next(free, None)) is not None:
                letters[letter] = view.slug
        return cls(shortcuts=letters, titles={v.slug: v.title for v in views}, width=0, height=0, margin=0)


KEYS_CSS = """
.cqs-skip{position:fixed;left:12px;top:-60px;z-index:2000;background:var(--cqs-paper);color:var(--cqs-accent);
  border:2px solid var(--cqs-accent);border-radius:8px;padding:8px 14px;font-size:13px}
.cqs-skip:focus{top:8px}
dialog.cqs-help{background:var(--cqs-paper);color:var(--cqs-text);border:1px solid var(--cqs-line);border-radius:12px;
  padding:18px 24px;font-size:13px;min-width:280px;box-shadow:0 12px 48px rgba(0,0,0,.35)}
dialog.cqs-help::backdrop{background:rgba(0,0,0,.35)}
dialog.cqs-help h2{font-size:15px;margin:0 0 12px} dialog.cqs-help div{padding:4px 0}
dialog.cqs-help kbd{display:inline-block;min-width:20px;text-align:center;border:1px solid var(--cqs-line);
  border-radius:5px;padding:1px 5px;background:var(--cqs-hover);font-size:12px}
dialog.cqs-help button{margin-top:12px;background:transparent;color:var(--cqs-accent);border:1px solid var(--cqs-line);
  border-radius:8px;padding:6px 14px;cursor:pointer}
"""
