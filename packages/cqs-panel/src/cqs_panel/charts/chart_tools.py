"""Tools that need points of a candle chart, by mouse, finger or keyboard: the ruler, and where a note is to be."""

from __future__ import annotations

from cqs_panel.charts.chart_layer import LAYER_JS
from cqs_panel.charts.note_pins import NOTES_CSS, NOTES_JS
from cqs_panel.charts.picture import PICTURE_JS
from cqs_panel.charts.ruler import RULER_JS

_TOOLS_JS = """
const MOVED = 5  // pixels from which on a press is a drag
const PLACE_HINT = "Click where the note is to be. Arrow keys and Enter work too. Escape ends it."
const LOOK_ONLY = "You are a viewer: you see notes, and operators write them."
const HINTS = {measure: "Drag, or click two points. Arrow keys and Enter work too. Escape ends it.",
  note: PLACE_HINT, move: PLACE_HINT}

function chartTools({view, root, whole, state, button, changed, send}) {
  const layer = chartLayer(view, state)
  const spoken = make("div", {className: "spoken", attributes: {role: "status"}})
  const hint = make("div", {className: "hint", hidden: true})
  const measure = ruler(layer, (text) => { spoken.textContent = text })
  const cross = make("div", {className: "cqs-cross", textContent: "+"})
  cross.style.cssText = `position:absolute;font:22px/22px sans-serif;width:22px;text-align:center;
    transform:translate(-50%,-50%);color:var(--cqs-text)`
  let mode = "", phase = "idle", press = null, cursor = null, subject = state().subject, then = null
  root.append(hint, spoken)

  const set = (name, call = null) => {
    mode = name
    then = call
    phase = name ? "first" : "idle"
    cursor = press = null
    hint.hidden = !name
    hint.textContent = HINTS[name] ?? ""
    if (name) measure.clear()
    if (layer.area()) layer.area().style.cursor = name ? "crosshair" : ""
    layer.redraw()
    changed()
  }
  const refuse = () => {
    hint.textContent = LOOK_ONLY
    hint.hidden = false
    setTimeout(() => { if (!mode) hint.hidden = true }, 6000)
  }
  const end = () => { if (mode) set(""); else phase = "idle" }
  const take = (point) => {  // a point was given
    if (then) { const call = then; end(); call(point); return }
    if (phase === "first") { measure.begin(point); phase = "second"; return }
    measure.extend(point)
    end()
  }
  const pressed = (event) => {
    const point = event.isPrimary && !event.button ? layer.under(event) : null
    if (!point) return
    const shift = event.shiftKey && !mode && phase !== "second"
    press = {x: event.clientX, y: event.clientY, taken: Boolean(mode || shift || phase === "second"), fresh: false}
    if (!press.taken) return
    event.preventDefault()
    event.stopPropagation()  // the figure would pan
    if (shift) { measure.clear(); phase = "first" }
    if (!then && phase === "first") { take(point); press.fresh = true }
    layer.area().setPointerCapture?.(event.pointerId)
  }
  const far = (event) => Math.hypot(event.clientX - press.x, event.clientY - press.y) > MOVED
  const moved = (event) => {
    if (phase !== "second" || !(press?.taken || layer.under(event))) return
    const point = layer.under(event, {inside: false})
    if (point) measure.extend(point)
  }
  const released = (event) => {
    if (!press || !event.isPrimary) return
    const {taken, fresh} = press, dragged = far(event)
    press = null
    if (!taken) { if (!dragged && phase === "idle") measure.clear(); return }
    event.stopPropagation()
    const point = layer.under(event, {inside: false})
    if (point && (then || dragged || !fresh)) take(point)
  }
  const cancelled = () => { if (press?.taken) { measure.clear(); end() } press = null }
  const typed = (event) => {
    const path = event.composedPath(), here = path[0] === document.body || path.includes(whole())
    if (event.key === "Escape" && here && (mode || measure.shown)) {
      measure.clear()
      end()
    } else if (mode && path[0].dataset?.key === (then ? "note" : mode) && layer.plot()) {
      if (event.key === "Enter" && cursor) { const point = cursor; take(point); cursor = mode ? point : null }
      else if (event.key.startsWith("Arrow")) {
        cursor = cursor ? layer.stepped(cursor, event.key, event.shiftKey) : layer.start()
        if (phase === "second") measure.extend(cursor)
      } else return
      layer.redraw()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  layer.draws(() => {
    const place = cursor && layer.place()
    if (!place) { cross.remove(); return }
    place.append(cross)
    const [x, y] = layer.pixels(cursor)
    Object.assign(cross.style, {left: `${x}px`, top: `${y}px`})
  })
  layer.draws(layer.plot)  // so that the picture of a figure has what stands on it, from the first one on
  const notes = chartNotes({layer, root, state, send, busy: () => mode !== "" || phase === "second",
    redraw: () => changed(),
    choose: (name, call) => { set(name, call); root.querySelector('[data-key="note"]')?.focus() }})
  const heard = [["pointerdown", pressed], ["pointermove", moved], ["pointerup", released],
    ["pointercancel", cancelled], ["keydown", typed]]
  for (const [name, listener] of heard) document.addEventListener(name, listener, true)
  return {
    layer,
    buttons() {
      const one = (name, text, title, call) => button(text, name, () => set(mode === name ? "" : name, call),
        {title, attributes: {"aria-pressed": mode === name, "aria-label": `${text}, ${title}`}})
      const {may, offered} = state().notes ?? {}
      const refused = {title: LOOK_ONLY, attributes: {"aria-disabled": true, "aria-label": `Note. ${LOOK_ONLY}`}}
      const add = may ? [one("note", "Note", "write one at a time and a price", notes.add)]
        : offered ? [button("Note", "note", refuse, refused)] : []
      const group = (label, ...parts) => parts.length ? [make("div", {className: "group",
        attributes: {role: "group", "aria-label": label}}, ...parts)] : []
      return [...group("Ruler", one("measure", "Measure", "price and time between two points (Shift and drag)", null)),
        ...group("Notes", ...add, ...notes.buttons(button))]
    },
    follow() {  // another market: what was measured is of the last one
      const other = state().subject !== subject
      subject = state().subject
      if (other) { measure.clear(); end() }
      notes.follow(other)
      layer.redraw()
    },
    remove() {
      notes.remove()
      for (const [name, listener] of heard) document.removeEventListener(name, listener, true)
      layer.remove()
    },
  }
}
"""
_TOOLS_CSS = """
.hint{position:absolute;top:calc(100% + 4px);left:8px;z-index:20;padding:3px 10px;border-radius:6px;
  background:var(--cqs-paper);border:1px solid var(--cqs-line);color:var(--cqs-text);pointer-events:none;
  max-width:calc(100% - 90px)}
.hint[hidden]{display:none}
[aria-disabled=true]{opacity:.5;cursor:not-allowed}
.spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
"""
TOOLS_JS = f"{PICTURE_JS}{LAYER_JS}{RULER_JS}{NOTES_JS}{_TOOLS_JS}"
TOOLS_CSS = f"{NOTES_CSS}{_TOOLS_CSS}"
