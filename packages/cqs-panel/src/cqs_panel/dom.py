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
