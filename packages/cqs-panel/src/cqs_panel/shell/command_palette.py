"""The command palette: Ctrl+K or `:` finds pages, series, runs and actions by a few of their letters."""

PALETTE_JS = r"""
const FIRST = 60  // matches that are listed
// Places of the asked letters in the text, and how good they are; null where some miss. Of a note, whole words count.
function score(text, asked, note) {
  const low = text.toLowerCase(), noted = note.toLowerCase(), at = []
  let points = 0, from = 0
  for (const word of asked.toLowerCase().split(/\s+/).filter(Boolean)) {
    const whole = low.indexOf(word, 0)
    if (whole >= 0) {
      points += 20 + 4 * word.length + (whole === 0 || /\W/.test(low[whole - 1]) ? 15 : 0)
      for (let i = 0; i < word.length; i++) at.push(whole + i)
      continue
    }
    if (noted.includes(word)) { points += 10; continue }  // of a long text nearly every word has the letters
    from = 0
    for (const letter of word) {
      const next = low.indexOf(letter, from)
      if (next < 0) return null
      const starts = next === 0 || /\W/.test(low[next - 1])
      points += next === from && from ? 3 : starts ? 4 : 1 - Math.min(next - from, 20) / 20
      at.push(next); from = next + 1
    }
  }
  return {points: points - text.length / 50, at: new Set(at)}
}

function paletteOf({model, go, bell}) {
  const press = (label) => { const deep = (root) => { for (const el of root.querySelectorAll("*")) {
    if (el.matches(`button[aria-label="${label}"]`)) return el
    const found = el.shadowRoot && deep(el.shadowRoot); if (found) return found } }
    deep(document)?.click() }
  const own = [["Alerts of all pages", "bell", bell.open],
    ["Today's PnL in the title, on or off", "setting", bell.figure],
    ["Light or dark", "setting", () => press("Toggle theme")],
    ["Keyboard shortcuts", "help", () => document.dispatchEvent(new CustomEvent("cqs-help"))],
  ].map(([label, kind, act]) => ({label, kind, act}))
  const pages = model.pages.map(([label, kind, href]) => ({label, kind, href}))
  let found = [], more = [], chosen = 0, waiting = false, taken = -Infinity
  const input = make("input", {type: "text", placeholder: "Search pages, series, runs, actions", autocomplete: "off",
    spellcheck: false})
  const list = make("ul", {id: "cqs-found"}), foot = make("p")
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "true"], ["aria-controls", "cqs-found"],
    ["aria-label", "Search pages, series, runs, actions"]]) input.setAttribute(name, value)
  list.setAttribute("role", "listbox"); list.setAttribute("aria-label", "Found")
  const said = () => {
    foot.textContent = (waiting ? "Reading series and runs … · " : "") + "Bucket: " + model.bucket.full
  }
  const look = () => {
    const asked = input.value.trim(), every = [...pages, ...own, ...more]
    const scored = every.map((one, i) => ({one, i, hit: score(`${one.label}  ${one.kind}`, asked, one.note ?? "")}))
      .filter(({hit}) => hit)
    if (asked) scored.sort((a, b) => b.hit.points - a.hit.points || a.i - b.i)
    found = scored.slice(0, FIRST)
    chosen = 0
    draw()
  }
  const text = (label, at) => { const el = make("span")
    for (const [i, letter] of [...label].entries()) el.append(at.has(i) ? make("b", {textContent: letter}) : letter)
    return el }
  const draw = () => {
    list.replaceChildren(...found.map(({one, hit}, i) => {
      const said = text(one.label, hit.at)
      if (one.note) said.append(make("i", {textContent: one.note}))
      const row = make("li", {id: `cqs-found-${i}`, title: one.off ?? [one.label, one.note].join(" ").trim()}, said,
        make("small", {textContent: one.off ? "for operators" : one.kind}))
      row.setAttribute("role", "option"); row.setAttribute("aria-selected", i === chosen)
      if (one.off) row.setAttribute("aria-disabled", "true")
      row.addEventListener("click", (event) => run(one, event.ctrlKey || event.metaKey))
      return row
    }))
    if (!found.length) list.append(make("li", {textContent: waiting ? "…" : "Nothing is called that"}))
    input.setAttribute("aria-activedescendant", found.length ? `cqs-found-${chosen}` : "")
    said()
  }
  const choose = (place) => {
    list.children[chosen]?.setAttribute("aria-selected", "false")
    chosen = Math.max(0, Math.min(place, found.length - 1))
    list.children[chosen]?.setAttribute("aria-selected", "true")
    list.children[chosen]?.scrollIntoView({block: "nearest"})
    input.setAttribute("aria-activedescendant", `cqs-found-${chosen}`)
  }
  const run = (one, apart) => {
    if (!one || one.off) return
    modal.close()
    if (one.href && apart) window.open(one.href)
    else if (one.href) go(one.href)
    else if (one.act) one.act()
    else model.send_msg({type: "run", at: one.at, label: one.label})
  }
  const typed = (event) => {
    const page = 10, to = {ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + page, PageUp: chosen - page}
    if (event.key === "Tab") event.preventDefault()
    else if (event.key in to) { event.preventDefault(); choose(to[event.key]) }
    else if (event.key === "Enter" && !event.isComposing) { event.preventDefault()
      run(found[chosen]?.one, event.ctrlKey || event.metaKey) }
    event.stopPropagation()
  }
  input.addEventListener("input", look)
  input.addEventListener("keydown", typed)
  const parts = () => {
    if (performance.now() - taken > 5000) { waiting = true; model.send_msg({type: "entries"}) }
    input.value = ""
    look()
    return [input, list, foot]
  }
  const modal = modalOf({label: "Search", className: "cqs-tool", parts})
  const open = () => { modal.open(); input.focus() }
  const take = (entries) => {
    waiting = false; taken = performance.now()
    more = entries.map(([label, kind, href, off, note], at) => ({label, kind, href, off, note, at}))
    if (!modal.shown()) return
    const before = found[chosen]?.one.label
    look()
    const again = found.findIndex(({one}) => one.label === before)
    if (again > 0) choose(again)
  }
  const pressed = (event) => {
    const control = event.ctrlKey || event.metaKey
    const letter = event.key?.toLowerCase() === "k" && control && !event.altKey && !event.shiftKey
    const colon = event.key === ":" && !control && !event.altKey && !typing(focused())
    if (!letter && !colon) return
    event.preventDefault()
    modal.shown() && letter ? modal.close() : open()
  }
  document.addEventListener("keydown", pressed)
  return {open, take, end: () => { modal.close(); document.removeEventListener("keydown", pressed) }}
}
"""
