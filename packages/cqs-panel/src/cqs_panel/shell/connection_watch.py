"""What the page does when its server is gone: it shows a bar, grays out figures, and reconnects."""

from __future__ import annotations

from typing import Any

from cqs_panel.component import Component


class ConnectionWatch(Component):
    """Watches the websocket, and asks the server for a sign of life every few seconds.

    When the server answers again, the page is reloaded: it may be another server, and the address says what to show.
    Panel's `reconnect` would take up the session instead. But Bokeh 3.9 pulls the document without its buffers then,
    which fails for every page with a chart ("buffer for id=p1596 not found").

    While there is no connection nothing that is clicked would arrive, so clicks and keys are stopped. A server that is
    only busy gets them in the end, so it has more time to answer.
    """

    _esm = """
const STOPPED = ["click", "pointerdown", "mousedown", "keydown", "wheel"]
const BUSY = 20000  // ms that a server may need while its websocket is open
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
const scrolls = (event) => event.type === "wheel" ? !event.ctrlKey
  : ["Tab", "PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", "F5"].includes(event.key) || event.ctrlKey

function watch(bokeh) {
  const script = [...document.scripts].map((one) => one.src).find((src) => /bokeh(\\.min)?\\.js/.test(src))
  let bar = null, closed = false
  const answers = (patience) => fetch(script ?? location.href, {
    method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(patience),
  }).then((got) => got.status < 500, () => false)
  const stop = (event) => {
    if (event.composedPath().includes(bar) || scrolls(event)) return
    event.stopImmediatePropagation()
    if (event.type !== "wheel") event.preventDefault()
  }
  const lose = () => {
    if (bar) return
    bar = document.createElement("div")
    bar.className = "cqs-offline"
    bar.setAttribute("role", "alert")
    const again = document.createElement("button")
    again.textContent = "Reload"
    again.addEventListener("click", () => location.reload())
    bar.append(`Disconnected since ${new Date().toLocaleTimeString("en-GB")}. The figures are from before that. ` +
      "Reconnecting …", again)
    document.body.prepend(bar)
    document.documentElement.dataset.cqsOffline = "yes"
    for (const type of STOPPED) document.addEventListener(type, stop, {capture: true, passive: false})
    void back()
  }
  const found = () => {
    bar?.remove()
    bar = null
    delete document.documentElement.dataset.cqsOffline
    for (const type of STOPPED) document.removeEventListener(type, stop, {capture: true})
  }
  const back = async () => {
    const now = Date.now(), late = now - Number(sessionStorage.getItem("cqs-reloaded")) < 10000
    for (let pause = late ? 5000 : 500; bar; pause = Math.min(pause * 1.5, 5000)) {
      await wait(pause)
      if (!await answers(5000)) continue
      if (!closed) return found()  // it was only slow, or the network was away for a moment
      sessionStorage.setItem("cqs-reloaded", Date.now())
      return location.reload()
    }
  }
  bokeh.on_event("connection_lost", () => { closed = true; lose() })
  setInterval(async () => { if (!bar && !document.hidden && !await answers(BUSY)) lose() }, 10000)
  window.addEventListener("offline", lose)
}

export function render({view}) { watch(view.model.document) }
"""

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"width": 0, "height": 0, "margin": 0, **params})
