"""The bar above candles: symbol, interval, range, scale, indicators, full screen; and the readout line below them."""

from __future__ import annotations

from typing import ClassVar

import param

from cqs_panel.charts.chart_tools import TOOLS_CSS, TOOLS_JS
from cqs_panel.component import Component
from cqs_panel.dom import MAKE_JS

_CSS = """
:host{display:block;width:100%;position:relative;z-index:5;font-size:12px;color:var(--cqs-muted)}
.controls{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center}
.group{display:flex;border:1px solid var(--cqs-line);border-radius:6px;overflow:hidden}
button,input{font:inherit;font-size:12px;color:inherit;background:transparent;border:0;box-sizing:border-box;height:26px}
button{padding:0 8px;cursor:pointer;white-space:nowrap} button:hover{background:var(--cqs-hover);color:var(--cqs-text)}
button[aria-pressed=true]{background:var(--cqs-tint);color:var(--cqs-accent);font-weight:600}
button:focus-visible,input:focus-visible{outline:2px solid var(--cqs-accent);outline-offset:-2px}
.lone{border:1px solid var(--cqs-line);border-radius:6px} .end{margin-left:auto}
.field{width:130px;padding:0 8px;color:var(--cqs-text)} .field::placeholder{color:var(--cqs-muted)}
.pick{position:relative}
.list{position:absolute;top:calc(100% + 4px);left:0;min-width:100%;max-height:280px;overflow:auto;z-index:30;margin:0;
  padding:4px;list-style:none;background:var(--cqs-paper);border:1px solid var(--cqs-line);border-radius:8px;
  box-shadow:0 6px 24px rgba(0,0,0,.25);color:var(--cqs-text);scrollbar-width:thin}
.list li{padding:5px 10px;border-radius:5px;white-space:nowrap;cursor:pointer}
.list li[aria-selected=true],.list li:hover{background:var(--cqs-tint);color:var(--cqs-accent)}
.list .none{cursor:default;color:var(--cqs-muted);background:none}
.lines{display:flex;flex-wrap:wrap;gap:4px 8px;margin-top:4px} .lines:empty{display:none}
.line:not(:has(button)){padding-right:8px;min-height:26px}
.line em{max-width:260px;overflow:hidden;text-overflow:ellipsis}
.line{display:flex;align-items:center;gap:4px;border:1px solid var(--cqs-line);border-radius:6px;padding-left:8px;
  color:var(--cqs-text)}
.line i{width:10px;height:3px;border-radius:2px;flex:none}
.line input{width:52px;height:22px;border:1px solid var(--cqs-line);border-radius:4px;padding:0 2px 0 5px}
.line em{font-style:normal;color:var(--cqs-muted)}
.line b{font-weight:500;font-variant-numeric:tabular-nums} .line button{padding:0 7px}
.readout{display:flex;flex-wrap:wrap;gap:0 12px;min-height:20px;line-height:20px;margin-top:6px;color:var(--cqs-text);
  font-variant-numeric:tabular-nums}
.readout .when{color:var(--cqs-muted)} .readout em{font-style:normal;color:var(--cqs-muted);margin-right:3px}
.said{display:flex;align-items:baseline;gap:6px;flex:0 1 auto;min-width:0;line-height:20px;overflow-wrap:anywhere}
.said i{flex:none;width:7px;height:7px;border-radius:50%;background:var(--cqs-muted)}
.said.live i{background:var(--cqs-up);animation:beat 2s ease-in-out infinite}
.said.live b{color:var(--cqs-up);font-weight:600}
.said.connecting i,.said.reconnecting i{animation:beat 1s ease-in-out infinite}
.said.reconnecting,.said.refused{color:var(--cqs-warning)}
.said.reconnecting i,.said.refused i{background:var(--cqs-warning)}
@keyframes beat{50%{opacity:.25}} @media(prefers-reduced-motion:reduce){.said i{animation:none!important}}
.up{color:var(--cqs-up)} .down{color:var(--cqs-down)}
@media(max-width:600px){.readout{min-height:40px;gap:0 8px} button{padding:0 7px}}
"""
_BAR_JS = """
const outer = (el, name) => { for (let at = el; at; at = at.parentNode ?? at.host)
  if (at.classList?.contains(name)) return at }
const deepest = (root) => root.activeElement?.dataset.key

function picker(entries, {label, current, choose, ask}) {  // a combobox that filters; `ask` wants its entries
  const id = `list-${label.replace(/ /g, "-")}`
  const field = make("input", {className: "field", type: "text", value: current ?? "", placeholder: label,
    autocomplete: "off", attributes: {role: "combobox", "aria-label": label, "aria-expanded": "false",
      "aria-controls": id, "aria-autocomplete": "list", "data-key": label}})
  const list = make("ul", {className: "list", id, hidden: true, attributes: {role: "listbox", "aria-label": label}})
  const box = make("div", {className: "pick lone"}, field, list)
  let shown = [], at = 0
  const mark = () => { for (const [i, el] of [...list.children].entries()) {
    if (el.className === "none") continue
    el.setAttribute("aria-selected", i === at)
    if (i === at) { field.setAttribute("aria-activedescendant", el.id); el.scrollIntoView({block: "nearest"}) } } }
  const fill = (text) => {
    const words = text.toLowerCase().split(/\\s+/).filter(Boolean)
    shown = entries.filter(([, name]) => words.every((word) => name.toLowerCase().includes(word))).slice(0, 200)
    at = 0
    list.replaceChildren(...shown.map(([value, name], i) => make("li", {textContent: name, id: `${id}-${i}`,
      onpointerdown: (event) => { event.preventDefault(); take(value) }, attributes: {role: "option"}})))
    if (!shown.length) list.append(make("li", {className: "none", textContent: ask ? "Loading …" : "Nothing matches"}))
    mark()
  }
  const open = (wanted) => { list.hidden = !wanted; field.setAttribute("aria-expanded", String(wanted))
    if (wanted) {
      const right = box.getBoundingClientRect().left + list.offsetWidth - window.innerWidth
      list.style.left = `${-Math.max(0, right + 8)}px`
    } }
  const take = (value) => { open(false); field.blur(); choose(value) }
  field.onfocus = () => { ask?.(); field.select(); fill(""); open(true) }
  field.onclick = () => { if (list.hidden) { fill(""); open(true) } }
  field.onblur = () => { open(false); field.value = current ?? "" }
  field.oninput = () => { field.dataset.typed = "1"; fill(field.value); open(true) }
  field.onkeydown = (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (step) {
      if (list.hidden) { fill(""); open(true) }
      else { at = (at + step + shown.length) % Math.max(shown.length, 1); mark() }
    } else if (event.key === "Enter") { if (!list.hidden && shown[at]) take(shown[at][0]) }
    else if (event.key === "Escape") { if (list.hidden) return; open(false); field.value = current ?? "" }
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return box
}

export function render({model, view}) {
  const controls = make("div", {className: "controls", attributes: {role: "toolbar", "aria-label": "Chart"}})
  const lines = make("div", {className: "lines"})
  const readout = make("div", {className: "readout"})
  const root = make("div", {}, controls, lines, readout)
  const send = (what, value) => model.send_msg({what, value})
  const button = (text, key, act, fields = {}) => make("button", {type: "button", textContent: text, onclick: act,
    ...fields, attributes: {"data-key": key, ...fields.attributes}})
  const group = (what, label, entries, chosen) => make("div", {className: "group",
    attributes: {role: "group", "aria-label": label}}, ...entries.map(([value, text, title]) => button(text,
      what + value, () => send(what, value), {title: title ?? "",
      attributes: {"aria-label": title ? `${text}, ${title}` : text, "aria-pressed": value === chosen}})))

  const whole = () => outer(root, "cqs-candles")
  let full = false
  const fit = () => { if (full) send("full", window.innerHeight - root.offsetHeight - 70) }
  const filled = (on) => {
    if (on === full) return
    full = on
    whole()?.classList.toggle("cqs-full", on)
    draw()
    if (on) setTimeout(fit, 100)
    else send("full", 0)
  }
  const enter = async () => {
    try { await whole().requestFullscreen() } catch { /* a phone, or a frame that may not: the window is filled */ }
    filled(true)
  }
  const leave = () => { if (document.fullscreenElement) document.exitFullscreen(); filled(false) }
  const changed = () => { if (!document.fullscreenElement) filled(false) }
  const pressed = (event) => { if (full && event.key === "Escape" && !event.defaultPrevented) leave() }
  document.addEventListener("fullscreenchange", changed)
  document.addEventListener("keydown", pressed)
  window.addEventListener("resize", fit)

  const chip = ({key, title, color, parameters, loading}) => {
    const inputs = Object.entries(parameters).map(([name, {value, least, whole}]) => make("input", {type: "number",
      value, min: least, step: whole ? 1 : "any", title: name,
      attributes: {"aria-label": `${title} ${name}`, "data-key": key + name},
      oninput: ({target}) => { target.dataset.typed = "1" },
      onchange: ({target}) => { delete target.dataset.typed
        send("change", {key, values: inputs.map((one) => one.value)}) },
      onblur: ({target}) => { if (target.dataset.typed) { delete target.dataset.typed; draw() } }}))
    return make("div", {className: "line"}, make("i", {style: `background:${color}`}), title, ...inputs,
      loading ? make("em", {textContent: "Loading …", attributes: {role: "status"}})
        : make("b", {attributes: {"data-line": key}}, document.createTextNode("")),
      button("×", "remove" + key, () => send("remove", key), {title: `Remove ${title}`,
        attributes: {"aria-label": `Remove ${title}`}}))
  }
  const tools = chartTools({view, root, whole, state: () => model.state, button, send, changed: () => draw()})
  const otherChip = ({key, title, color, note}) => make("div", {className: "line", title: note},
    make("i", {style: `background:${color}`}), title,
    make("b", {attributes: {"data-line": key}}, document.createTextNode("")),
    ...(note ? [make("em", {textContent: note})] : []),
    ...(key === "=" ? [] : [button("×", "uncompare" + key, () => send("uncompare", key), {title: `Remove ${title}`,
      attributes: {"aria-label": `Remove ${title}`}})]))
  let held = false, due = false  // a button that is replaced while it is pressed would get no click
  const hold = ({button}) => { held = !button }  // a menu of the other one may take its release
  const release = () => { held = false; if (due) setTimeout(draw) }
  for (const part of [controls, lines]) part.addEventListener("pointerdown", hold)
  for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, release, true)
  const draw = () => {
    due = held
    if (due) return
    const {symbols = [], symbol, intervals = [], interval, ranges = [], range, scale, catalog = [], shown = [],
      live, addable, compared = []} = model.state
    const had = deepest(root.getRootNode()), find = () => root.querySelector(`[data-key="${CSS.escape(had)}"]`)
    const old = had ? find() : null, typed = old?.dataset.typed ? old.value : ""
    const parts = []
    if (symbols.length > 1)
      parts.push(picker(symbols, {label: "Search symbols", current: symbol, choose: (value) => send("symbol", value)}))
    if (intervals.length > 2) parts.push(group("interval", "Interval", intervals, interval))
    if (ranges.length) parts.push(group("range", "Range", ranges, range))
    parts.push(group("scale", "Price scale",
      [["linear", "Lin", "linear price scale"], ["log", "Log", "logarithmic price scale"],
        ["percent", "%", "percent from the close of the first candle in view"]], scale))
    if (catalog.length)
      parts.push(picker(catalog, {label: "Add indicator", choose: (value) => send("add", value)}))
    if (addable) parts.push(picker(addable.entries, {label: "Add symbol",
      choose: (value) => send("compare with", value), ask: addable.known ? null : () => send("markets", "")}))
    parts.push(...tools.buttons())
    if (live) {
      parts.push(button("Live", "live", () => send("live", live.on ? "" : "1"), {className: "lone", title: live.title,
        attributes: {"aria-pressed": live.on}}))
      const [first, ...rest] = live.said.split(" · ")
      if (live.said) parts.push(make("div", {className: `said ${live.state}`, title: live.more,
        attributes: {role: "status"}}, make("i"), make("span", {}, live.state === "live"
        ? make("b", {textContent: first}) : first, ...rest.map((one) => ` · ${one}`))))
    }
    parts.push(button(full ? "Exit full screen" : "Full screen", "full", () => full ? leave() : enter(),
      {className: "lone end", attributes: {"aria-pressed": full}}))
    controls.replaceChildren(...parts)
    if (!lines.querySelector("input[data-typed]"))  // what is being typed stays; its change draws again
      lines.replaceChildren(...compared.map(otherChip), ...shown.map(chip))
    tools.follow()
    tell()
    if (old?.isConnected) return
    if (had) find()?.focus()
    if (typed) { find().value = typed; find().dispatchEvent(new Event("input")) }
  }
  // Texts are changed, not elements: observers of elements would look through the page at each move of the pointer.
  const texts = {}
  for (const [name, key] of [["", "when"], ["O", "open"], ["H", "high"], ["L", "low"], ["C", "close"], ["", "change"],
    ["V", "volume"]]) {
    texts[key] = document.createTextNode("")
    const label = name ? [make("em", {textContent: name})] : []
    readout.append(make("span", {className: key}, ...label, texts[key]))
  }
  const write = (node, text) => { if (node.data !== text) node.data = text }
  const tell = () => {
    const said = window.cqs_readouts?.get(model.state.chart)
    readout.style.visibility = said ? "visible" : "hidden"
    if (!said) return
    for (const [key, node] of Object.entries(texts)) write(node, said[key])
    const tone = said.up ? "change up" : "change down", change = texts.change.parentNode
    if (change.className !== tone) change.className = tone
    for (const el of lines.querySelectorAll("[data-line]")) write(el.firstChild, said.lines?.[el.dataset.line] ?? "")
  }
  const heard = (event) => {
    if (event.detail !== model.state.chart) return
    tell()
    tools.layer.appear()
  }
  document.addEventListener("cqs-readout", heard)
  model.on("state", draw)
  model.on("remove", () => {
    tools.remove()
    for (const kind of ["pointerup", "pointercancel"]) window.removeEventListener(kind, release, true)
    document.removeEventListener("cqs-readout", heard)
    document.removeEventListener("fullscreenchange", changed)
    document.removeEventListener("keydown", pressed)
    window.removeEventListener("resize", fit)
  })
  draw()
  return root
}
"""


class ChartBar(Component):
    """Plain elements in one component: they cost a page nothing to lay out. It sends `{what, value}` as messages.

    The readout comes from the figure in the same window, by an event: pointer moves are not sent to the server.
    """

    state = param.Dict(default={}, doc="What it shows; see `ChartControls`.")

    _stylesheets: ClassVar[list[str]] = [_CSS, TOOLS_CSS]
    _esm = f"{MAKE_JS}{TOOLS_JS}{_BAR_JS}"
