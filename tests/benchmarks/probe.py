"""A stopwatch in the browser: from a click until the page has settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PROBE = """
(() => {
  const QUIET = 250  // ms without any work
  const WHOLE = 1500  // the same, where a part may still wait until the page rests: it does after at most 1,100 ms
  const probe = window.probe = {last: 0, at: 0, bytes: 0, messages: 0, longest: 0}
  const worked = () => { probe.last = performance.now() }
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all)
      this.addEventListener("message", ({data}) => {
        worked()
        probe.messages += 1
        probe.bytes += data.size ?? data.byteLength ?? data.length
      })
    }
  }
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) {
      if (task.startTime < probe.at) continue
      probe.longest = Math.max(probe.longest, task.duration)
      probe.last = Math.max(probe.last, task.startTime + task.duration)
    }
  }).observe({type: "longtask"})

  const every = function* (root) {  // what is drawn; hidden views are not looked at
    for (const el of root.children ?? []) {
      if (el.classList.contains("place") && el.classList.contains("hidden")) continue
      yield el
      if (el.shadowRoot) yield* every(el.shadowRoot)
      yield* every(el)
    }
  }
  const seen = (el) => {
    const box = el.getBoundingClientRect()
    return box.width > 0 && box.height > 0 && box.top < innerHeight && box.bottom > 0 && el.checkVisibility()
  }
  const waits = (el) => el.getAttribute("aria-label") === "Loading" || el.classList.contains("skeleton")
  const ready = (wanted, drawn) => {
    let there = false
    for (const el of every(document.body)) {
      if (waits(el) && drawn(el)) return false
      there ||= el.classList.contains(wanted) && seen(el)
    }
    return there
  }
  probe.nodes = () => {  // without the ripple of the last click, which fades
    const count = (root) => [...root.querySelectorAll(":not(.MuiTouchRipple-root *)")].reduce((n, el) =>
      n + 1 + (el.shadowRoot ? count(el.shadowRoot) : 0), 0)
    return count(document)
  }
  probe.start = () => {
    Object.assign(probe, {bytes: 0, messages: 0, longest: 0, at: performance.now()})
    worked()
  }
  const until = (quiet, wanted, drawn) => new Promise((done, fail) => {
    const end = performance.now() + 60000
    const look = () => {  // seldom: to look through the page is work, too
      if (performance.now() - probe.last > quiet && ready(wanted, drawn)) done(probe.last - probe.at)
      else if (performance.now() > end) fail(new Error(`${wanted} did not settle`))
      else setTimeout(look, 100)
    }
    look()
  })
  // ms from `start` until nothing has been done for it any more
  probe.settled = (wanted) => until(QUIET, wanted, seen)
  // the same, with what lies below the fold and what comes when the page rests
  probe.whole = (wanted) => until(WHOLE, wanted, (el) => el.checkVisibility())
})()
"""


@dataclass(frozen=True)
class Taken:
    """What one click took.

    Attributes:
        ms: until the page had settled: what was asked for is in view, nothing in view is a skeleton or says that it is
            loading, and afterwards no message came, no task took long.
        longest: ms of the longest task in the browser, 0 where none took 50.
        kilobytes: that the server sent.
        messages: in which it sent them.
    """

    ms: float
    longest: float
    kilobytes: float
    messages: int


def opened(browser: Any, url: str, wanted: str) -> Any:
    """A page with the stopwatch in a window of its own, settled."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.add_init_script(PROBE)
    page.goto(url)
    page.evaluate("(wanted) => { probe.start(); return probe.settled(wanted) }", wanted)
    return page


def loaded(browser: Any, url: str, wanted: str) -> float:
    """ms from asking for a page, in a window without a cache, until what has the class `wanted` has settled."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.add_init_script(PROBE)
    page.goto(url)
    ms = float(page.evaluate("(wanted) => probe.settled(wanted)", wanted))
    page.context.close()
    return ms


def timed(page: Any, act: Any, wanted: str, event: str = "pointerdown") -> Taken:
    """Act, and wait until what has the class `wanted` is in view and the page has settled; it starts with the event."""
    page.evaluate("(event) => addEventListener(event, () => probe.start(), {capture: true, once: true})", event)
    act()
    ms = page.evaluate("(wanted) => probe.settled(wanted)", wanted)
    longest, size, messages = page.evaluate("[probe.longest, probe.bytes, probe.messages]")
    return Taken(ms, longest, size / 1000, messages)
