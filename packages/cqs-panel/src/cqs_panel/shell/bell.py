"""The bell: how much views have to tell, on the bell, in the title, on the icon, and as the browser's notifications.

The preferences stay in the browser. Permission to notify is asked for when the user ticks the box, never at load.
"""

BELL_JS = r"""
function bellOf({model, ring, count, go}) {
  const NOTIFY = "cqs-notify", FIGURE = "cqs-title-figure", SEEN = "cqs-notified:" + model.bucket.full
  const stored = (key) => { try { return localStorage.getItem(key) } catch { return null } }
  const store = (key, value) => {
    try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key) } catch {}
  }
  const known = "Notification" in window
  const notifies = () => known && stored(NOTIFY) === "1" && Notification.permission === "granted"
  let base = document.title, told = [], shown = null
  const total = () => told.reduce((n, one) => n + one.count, 0)
  const figure = () => stored(FIGURE) === "1" ? told.map((one) => one.figure).filter(Boolean).join(" ") : ""
  const titled = () => { const n = total(), some = figure()
    document.title = (n ? `(${n}) ` : "") + (some ? some + " · " : "") + base }

  const link = document.querySelector("link[rel~=icon]"), plain = link?.href
  const mark = () => {  // the page's own icon with the number over it
    const n = total()
    if (!link || shown === n) return
    shown = n
    if (!n) { link.href = plain; return }
    const image = new Image(), canvas = make("canvas", {width: 64, height: 64}), to = canvas.getContext("2d")
    const draw = () => {
      if (shown !== n) return  // the number has changed while the icon was loaded
      if (image.naturalWidth) to.drawImage(image, 0, 0, 64, 64)
      to.fillStyle = "#c62828"; to.beginPath(); to.arc(40, 40, 24, 0, 7); to.fill()
      to.fillStyle = "#fff"; to.font = "bold 34px sans-serif"; to.textAlign = "center"; to.textBaseline = "middle"
      to.fillText(n > 9 ? "9+" : n, 40, 42)
      link.href = canvas.toDataURL()
    }
    image.onload = draw; image.onerror = draw; image.src = plain
  }
  const seen = () => { try { return JSON.parse(stored(SEEN)) ?? {} } catch { return {} } }
  const notify = () => {  // each once in this browser, however many windows there are
    const before = seen(), sound = told.filter((one) => !one.fault)
    const keys = sound.map((one) => [one.href, one.notices.map((notice) => notice.key)])
    store(SEEN, JSON.stringify({...before, ...Object.fromEntries(keys)}))
    if (!notifies()) return
    const fresh = sound.flatMap((one) => one.notices.filter((notice) => !(before[one.href] ?? []).includes(notice.key)))
    for (const one of fresh.slice(0, 5)) {
      const said = new Notification(one.title, {body: one.text, tag: one.key})
      said.onclick = () => { window.focus(); go(one.href); said.close() }
    }
  }
  const tell = (all) => {
    told = all
    const n = total(), faults = told.filter((one) => one.fault)
    const words = told.map((one) => `${one.title}: ${one.fault ? "unknown" : one.count}`).join(", ") || "Alerts"
    count.textContent = faults.length && !n ? "?" : n > 99 ? "99+" : n
    count.hidden = !n && !faults.length
    ring.classList.toggle("unknown", faults.length > 0 && !n)
    ring.setAttribute("aria-label", words); ring.title = words
    titled(); mark(); notify()
    if (modal.shown()) fill()
  }
  const anchor = (one, className = "") => {
    const el = make("a", {href: one.href, className}, one.title)
    if (one.text) el.append(make("small", {textContent: one.text}))
    el.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return
      event.preventDefault(); event.stopPropagation(); modal.close(); go(one.href) })
    return el
  }
  const list = make("div", {className: "list"})
  const fill = () => list.replaceChildren(...told.flatMap((one) => [
    ...(one.fault ? [make("div", {className: "fault", textContent: `${one.title}: ${one.fault}`})] : []),
    ...one.notices.map((notice) => anchor(notice)),
    ...(one.count > one.notices.length ? [make("small", {textContent: `${one.count - one.notices.length} more`})] : []),
  ]), ...(told.some((one) => one.count || one.fault) ? [] : [make("p", {textContent: "Nothing fires now."})]),
    ...told.map((one) => anchor({href: one.href, title: `Open ${one.title}`, text: one.figure}, "all")))
  const choice = (text, key, able, changed) => {
    const box = make("input", {type: "checkbox", checked: stored(key) === "1" && able, disabled: !able})
    box.addEventListener("change", () => changed(box))
    return make("label", {}, box, text)
  }
  const asked = async (box) => {
    if (!box.checked) { store(NOTIFY, ""); return }
    const given = await Notification.requestPermission()
    box.checked = given === "granted"
    if (box.checked) store(NOTIFY, "1")
    else box.parentElement.lastChild.textContent = "Notifications are blocked: allow them in this browser's settings"
  }
  const parts = () => {
    fill()
    return [make("h2", {textContent: "Alerts"}), list,
      choice(known ? "Notify me in this browser" : "Notifications need localhost or https", NOTIFY, known, asked),
      choice("Show today's PnL in the title", FIGURE, true,
        (box) => { store(FIGURE, box.checked ? "1" : ""); titled() })]
  }
  const modal = modalOf({label: "Alerts", className: "cqs-tool cqs-bell", parts})
  ring.setAttribute("aria-label", "Alerts"); ring.title = "Alerts"
  return {open: modal.open, tell, title: (text) => { base = text; titled() }, end: modal.close,
    figure: () => { store(FIGURE, stored(FIGURE) === "1" ? "" : "1"); titled() }}
}
"""
