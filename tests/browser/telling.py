"""A plugin whose pages tell the bar what is in a file of the bucket, or fail to."""

import json

import panel as pn

from cqs_core import hookimpl
from cqs_panel import Entry, Notice, Status, View


def _status(bucket):
    told = json.loads(bucket.read("told.json"))
    return Status([Notice(key, f"Alert {key}", "<b>text</b>", {"rule": key}) for key in told], "+12 EUR")


def _fails(_):
    raise RuntimeError("the alerts cannot be read")


def _entries(bucket):
    yield Entry("Fees of a month", "fee", {"rule": "month"}, note="#costs <b>of all</b> accounts")
    yield Entry("List all plugins", "action", arguments=["plugins"])


def _page(page):
    shown = pn.pane.Markdown("Nothing")
    page.param.watch(lambda event: shown.param.update(object=f"Rule {event.new.get('rule')}"), "query")
    shown.object = f"Rule {page.query.get('rule')}"
    return shown


@hookimpl
def register_views():
    failing = {"status": _fails, "entries": _fails}
    return [
        View(slug="told", title="Told", icon="bolt", order=60, build=_page, status=_status, entries=_entries),
        View(slug="untold", title="Untold", icon="bolt", order=61, build=_page, **failing),
    ]
