"""Notes of a market on a candle chart, in the browser: pins over the candles, the box to write one, and the list."""

from __future__ import annotations

NOTES_JS = """
const moment = (ts) => `${new Date(ts).toISOString().slice(0, 16).replace("T", " ")} UTC`
const where = ({ts, price}) => `${moment(ts)} · ${price.toLocaleString("en-US", {maximumSignificantDigits: 8})}`

function chartNotes({layer, root, state, send, choose, busy, redraw}) {
  const pins = new Map()
  let box = null, waiting = 0, asked = 0, listed = false, closing = null
  const notes = () => state().notes ?? {}
  const found = (id) => notes().kept?.find((note) => note.id === id)
  const ask = (what, about) => { asked = Date.now(); send("note", {do: what, asked, ...about}) }
  const small = (text, act, fields = {}) => make("button", {type: "button", textContent: text, onclick: act, ...fields})
  const bar = (...parts) => make("div", {className: "acts"}, ...parts)

  const close = () => { box?.remove(); box = null; waiting = 0 }
  const show = (point, ...parts) => {  // a box beside a point of the chart
    close()
    box = make("div", {className: "box", attributes: {role: "dialog", "aria-label": "Note"}},
      make("div", {className: "of", textContent: where(point)}), ...parts)
    root.append(box)
    const [sx, sy] = layer.pixels({x: point.ts, y: point.price}), place = layer.place().getBoundingClientRect()
    const own = root.getBoundingClientRect()
    box.style.left = `${clamp(place.left - own.left + sx - 20, 0, Math.max(0, own.width - box.offsetWidth))}px`
    box.style.top = `${place.top - own.top + clamp(sy + 14, 0, place.height - 20)}px`
    box.onkeydown = (event) => { if (event.key !== "Escape") return
      event.preventDefault(); event.stopPropagation(); close() }
  }
  const write = (point, text, save) => {
    const field = make("textarea", {value: text, maxLength: notes().longest, rows: 3, placeholder: "Write a note",
      attributes: {"aria-label": "Text of the note"}})
    const fault = make("div", {className: "fault", attributes: {role: "alert"}})
    const keep = () => { if (field.value.trim()) { fault.textContent = ""; save(field.value); waiting = asked } }
    field.onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) keep() }
    show(point, field, fault, bar(small("Save", keep, {className: "main"}), small("Cancel", close)))
    field.focus()
  }
  const placed = ({x, y}) => ({ts: Math.round(x), price: y})
  const add = (point) => write(point, "", (text) => ask("add", {...point, text}))
  const edit = (note) => write(note, note.text, (text) => ask("edit", {id: note.id, text}))
  const move = (note) => { close(); choose("move", (point) => ask("edit", {id: note.id, ...placed(point)})) }
  const drop = (note) => { close(); ask("delete", {id: note.id}); undoable(note.id) }
  const open = (note) => {
    const acts = notes().may ? [small("Edit", () => edit(note), {className: "main"}), small("Move", () => move(note)),
      small("Delete", () => drop(note))] : []
    show(note, make("div", {className: "text", textContent: note.text}), ...faultOf(note),
      bar(...acts, small("Close", close)))
    box.querySelector("button").focus()
  }
  const faultOf = ({fault}) => fault ? [make("div", {className: "fault", textContent: fault})] : []
  const undo = make("div", {className: "undo", hidden: true, attributes: {role: "status"}})
  root.append(undo)
  const undoable = (id) => {
    clearTimeout(closing)
    undo.replaceChildren("Note deleted ", small("Undo", () => { ask("restore", {id}); undo.hidden = true }))
    undo.hidden = false
    closing = setTimeout(() => { undo.hidden = true }, 15000)
  }

  const row = (note, ...acts) => make("li", {}, make("div", {className: "of", textContent: where(note)}),
    make("div", {className: "text", textContent: note.text}), ...faultOf(note), bar(...acts))
  const kept = (note) => row(note, small("Show", () => { list(false); ask("show", {id: note.id}) }),
    ...notes().may ? [small("Edit", () => { list(false); edit(note) }),
      small("Delete", () => drop(note))] : [])
  const gone = (note) => row(note, ...notes().may ? [small("Restore", () => ask("restore", {id: note.id})),
    ...sure("Remove for good", () => ask("remove", {id: note.id}))] : [])
  const broken = ([id, fault, removable]) => make("li", {}, make("div", {className: "fault", textContent: fault}),
    bar(...notes().may && removable ? sure("Remove for good", () => ask("remove", {id})) : []))
  const sure = (text, act) => {  // asks before it acts, by another button
    const question = small("Remove? This cannot be undone", act, {className: "fault", hidden: true})
    const first = small(text, () => { first.hidden = true; question.hidden = false; question.focus() })
    return [first, question]
  }
  const panel = make("div", {className: "notes", hidden: true, attributes: {role: "region", "aria-label": "Notes"}})
  root.append(panel)
  const list = (wanted) => { listed = wanted; fill(); redraw() }
  let filled = ""
  const fill = () => {
    const {kept: all = [], deleted = [], faults = []} = notes(), now = JSON.stringify([listed, all, deleted, faults])
    if (now === filled) return  // what is open in the list stays open
    filled = now
    panel.hidden = !listed || !(all.length + deleted.length + faults.length)
    if (panel.hidden) return
    const old = make("details", {}, make("summary", {textContent: `${deleted.length} deleted`}),
      make("ul", {}, ...deleted.map(gone)))
    panel.replaceChildren(make("ul", {}, ...faults.map(broken), ...all.map(kept)), ...deleted.length ? [old] : [])
  }
  const outside = (event) => { const path = event.composedPath()
    if (listed && !path.includes(panel) && !path.some((el) => el.dataset?.key === "notes")) list(false) }
  const leave = (event) => { if (listed && event.key === "Escape") { list(false); event.preventDefault() } }
  document.addEventListener("pointerdown", outside, true)
  document.addEventListener("keydown", leave, true)

  const pin = (note) => {
    const el = make("button", {type: "button", className: "cqs-note", title: note.text, onclick: () => open(note),
      attributes: {"aria-label": `Note: ${note.text}`}}, make("i"), make("span", {textContent: note.text}))
    el.style.cssText = `position:absolute;display:flex;align-items:center;gap:4px;height:20px;max-width:150px;border:0;
      border-radius:10px;background:color-mix(in srgb,var(--cqs-paper) 82%,transparent);color:var(--cqs-text);
      font:12px/20px Roboto,sans-serif;cursor:pointer;transform:translateY(-50%)`
    el.firstChild.style.cssText = `flex:none;width:10px;height:10px;border-radius:50%;background:#f5a623;
      border:2px solid var(--cqs-paper);box-sizing:border-box;margin:0 0 0 5px`
    el.lastChild.style.cssText = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
    return el
  }
  const put = ({el}, note, x, y, {width, height}) => {
    const left = x > width - 100  // its text is left of it
    const beyond = y < 0 ? "↑ " : y > height ? "↓ " : "", text = beyond + note.text
    if (el.lastChild.textContent !== text) el.lastChild.textContent = text
    Object.assign(el.style, {top: `${clamp(y, 10, height - 10)}px`, left: left ? "" : `${x - 10}px`,
      right: left ? `${width - x - 10}px` : "", flexDirection: left ? "row-reverse" : "row",
      padding: left ? "0 0 0 6px" : "0 6px 0 0", opacity: beyond ? 0.7 : 1, pointerEvents: busy() ? "none" : "auto"})
    el.firstChild.style.margin = left ? "0 5px 0 0" : "0 0 0 5px"
  }
  layer.draws(() => {
    const {kept: all = []} = notes(), place = all.length && layer.place(), texts = new Map()
    for (const {id, text} of place ? all : []) texts.set(id, text)
    for (const [id, {el, text}] of pins) if (texts.get(id) !== text) { el.remove(); pins.delete(id) }
    if (!place) return
    const {bbox} = layer.plot().frame
    for (const note of all) {
      const [x, y] = layer.pixels({x: note.ts, y: note.price})
      let known = pins.get(note.id)
      if (!(x >= 0 && x <= bbox.width) || isNaN(y)) { known?.el.remove(); continue }
      if (!known) pins.set(note.id, known = {el: pin(note), text: note.text})
      if (known.el.parentNode !== place) place.append(known.el)
      put(known, note, x, y, bbox)
    }
  })
  return {
    add: (point) => add(placed(point)),
    buttons(button) {  // opens the list, if there is something to list
      const {kept: all = [], deleted = [], faults = []} = notes()
      if (!(all.length + deleted.length + faults.length)) return []
      const text = `${all.length} ${all.length === 1 ? "note" : "notes"}` +
        (faults.length ? `, ${faults.length} cannot be read` : "")
      return [button(`${all.length}${faults.length ? " !" : ""}`, "notes", () => list(!listed),
        {title: "List the notes of this market", attributes: {"aria-expanded": listed, "aria-label": text}})]
    },
    follow(other) {
      const {answer} = notes()
      if (other) { close(); listed = false; undo.hidden = true }
      if (box && waiting && answer?.asked === waiting) {
        if (answer.error) box.querySelector(".fault").textContent = answer.error
        else close()
      }
      fill()
    },
    remove() {
      clearTimeout(closing)
      document.removeEventListener("pointerdown", outside, true)
      document.removeEventListener("keydown", leave, true)
    },
  }
}
"""
"""`chartNotes({…})` on a layer of `LAYER_JS`: shows `state().notes`, sends what the user does to `ChartNotes`."""
NOTES_CSS = """
.box,.notes,.undo{position:absolute;z-index:25;background:var(--cqs-paper);color:var(--cqs-text);
  border:1px solid var(--cqs-line);border-radius:8px;box-shadow:0 6px 24px rgba(0,0,0,.25);padding:10px;
  box-sizing:border-box}
.box{width:min(280px,100%)} .of{color:var(--cqs-muted);font-variant-numeric:tabular-nums}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0;font-size:13px;max-height:200px;overflow:auto}
.box textarea{width:100%;box-sizing:border-box;font:inherit;font-size:13px;margin-top:6px;padding:6px 8px;
  color:var(--cqs-text);background:transparent;border:1px solid var(--cqs-line);border-radius:6px;resize:vertical}
.box textarea:focus-visible{outline:2px solid var(--cqs-accent);outline-offset:-1px}
.acts{display:flex;flex-wrap:wrap;gap:4px;margin-top:6px} .acts:empty{display:none}
.acts button,.undo button{border:1px solid var(--cqs-line);border-radius:6px;color:var(--cqs-text)}
.acts .main{color:var(--cqs-accent);font-weight:600} .fault,.acts .fault{color:var(--cqs-down);overflow-wrap:anywhere}
[hidden]{display:none!important}
.undo{top:calc(100% + 4px);left:8px;padding:4px 4px 4px 12px}
.notes{top:100%;right:0;width:min(360px,100%);max-height:340px;overflow:auto;scrollbar-width:thin}
.notes ul{list-style:none;margin:0;padding:0} .notes li+li{border-top:1px solid var(--cqs-line)}
.notes li{padding:6px 0} .notes summary{cursor:pointer;color:var(--cqs-muted);padding:6px 0}
"""
