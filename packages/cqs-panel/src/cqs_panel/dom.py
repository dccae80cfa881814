"""JavaScript for elements of a page, shared by components: each of them puts it in front of its own."""

from __future__ import annotations

MAKE_JS = """
const make = (tag, fields = {}, ...children) => {
  const {attributes = {}, ...others} = fields, el = Object.assign(document.createElement(tag), others)
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value)
  el.append(...children)
  return el
}
"""
"""Make an element with fields, `attributes` and children."""

FOCUS_JS = """
const focused = () => { let el = document.activeElement
  while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement
  return el }
const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName))
"""
"""The element that has the focus, in whatever shadow root; and whether keys that are pressed in it are text."""

MOVED_JS = """
const moved = (model, search) => {  // what the session writes into the address before it hears of this is late
  window.cqsMoves = (window.cqsMoves ?? 0) + 1
  model.send_msg({type: "popped", search, moves: window.cqsMoves, width: window.innerWidth})
}
"""
"""Tell the session that the user went to another address, with a count of such moves."""

MODAL_JS = """
// close() and Escape end it at once: the browser's own "close" comes a task later, and until then a key that opens it
// again would find it open. That event is for what ends a dialog without a key, such as a phone's gesture to go back.
const modalOf = ({label, className, parts}) => {
  let dialog = null, back = null
  const close = () => {
    const shown = dialog
    dialog = null
    shown?.remove()
    if (shown) back?.focus?.()
  }
  const open = () => {
    if (dialog) return
    back = focused()
    const made = make("dialog", {className, attributes: {"aria-label": label}}, ...parts())
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return
      event.preventDefault(); event.stopPropagation(); close() }, true)
    made.addEventListener("close", () => { if (made === dialog) close() })
    made.addEventListener("click", (event) => { if (event.target === made) close() })
    dialog = made
    document.body.append(made)
    made.showModal()
  }
  return {open, close, shown: () => dialog !== null}
}
"""
"""A dialog over the page, of `parts()`: Escape or a click beside it ends it. Needs `make` and `focused`."""
