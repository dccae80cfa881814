"""Messages of the server wait in the browser until it has built what they are about; with a clock that tests move."""

import pytest

from cqs_panel.shell.building import BUILDING_JS
from cqs_panel.testing.fixtures import *  # noqa: F403 - fixtures are found by name

pytestmark = pytest.mark.browser

FAKES = """
class View { initialize() {} connect_signals() {} remove() {} }
class Document { apply_json_patch(text) { if (text === "broken") throw new Error(text); arrived.push(text) } }
const arrived = [], timers = [], parts = {"core/view": {View}, document: {Document}}
const Bokeh = {require: (name) => parts[name]}, page = new Document()
let now = 0
const setTimeout = (call, ms = 0) => timers.push([now + ms, call])
const pass = (ms) => {  // let time pass, and all that is due then run
  const end = now + ms
  for (let due; (due = timers.filter(([at]) => at <= end).sort(([a], [b]) => a - b)[0]); now = Math.max(now, due[0])) {
    timers.splice(timers.indexOf(due), 1)
    due[1]()
  }
  now = end
}
const begin = () => { const view = new View(); view.initialize(); return view }
"""


@pytest.fixture(scope="module")
def window(chromium):
    with chromium.new_context() as context:
        yield context.new_page()


def run(window, code):
    return window.evaluate(f"() => {{ {FAKES} {BUILDING_JS} {code} }}")


def test_messages_wait_in_order_until_all_views_are_built(window):
    assert run(
        window,
        """page.apply_json_patch("at once")
        const inner = begin(), outer = begin(), seen = []
        for (const text of ["first", "broken", "second"]) page.apply_json_patch(text)
        inner.connect_signals(); pass(5000); seen.push([...arrived])
        outer.connect_signals(); seen.push([...arrived]); page.apply_json_patch("third"); pass(0)
        return [...seen, arrived]""",
    ) == [["at once"], ["at once"], ["at once", "first", "second", "third"]]


def test_a_page_that_takes_long_to_build_loses_no_message(window):
    assert run(
        window,
        """const outer = begin(), seen = []
        page.apply_json_patch("data")
        for (let i = 0; i < 20; i++) { pass(9000); begin().connect_signals() }
        seen.push([...arrived])
        outer.connect_signals(); pass(0)
        return [...seen, arrived, timers.length > 1]""",
    ) == [[], ["data"], False]


def test_a_browser_that_stands_still_loses_no_message(window):
    assert run(
        window,
        """const view = begin()
        page.apply_json_patch("data"); pass(200); now += 60000; pass(0)
        const early = [...arrived]
        view.connect_signals(); pass(0)
        return [early, arrived]""",
    ) == [[], ["data"]]


def test_a_view_that_is_never_finished_keeps_messages_for_twenty_seconds(window):
    assert run(
        window,
        """begin(); page.apply_json_patch("data")
        const seen = []
        pass(19000); seen.push([...arrived])
        pass(2000); seen.push([...arrived])
        begin(); pass(40000); page.apply_json_patch("later")  // nobody waits for a failure of long ago
        return [...seen, arrived, timers.length]""",
    ) == [[], ["data"], ["data", "later"], 0]


def test_a_view_that_is_removed_is_waited_for_no_more(window):
    assert run(
        window,
        """const view = begin(); page.apply_json_patch("data"); view.remove(); pass(0); return arrived""",
    ) == ["data"]
