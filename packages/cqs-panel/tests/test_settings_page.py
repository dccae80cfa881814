"""The Settings page says what is in force and where it comes from, and keeps what one browser prefers."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import pytest

from cqs_panel import location
from cqs_panel.shell.dashboard import Dashboard
from cqs_panel.state import PageState


@pytest.fixture
def opened(own_folders, monkeypatch):
    """`opened(cookies)`: the shell, and the page's sections as HTML by their place."""
    monkeypatch.setenv("CQS_BUCKET", str(own_folders))
    shells = []

    def make(cookies=()):
        monkeypatch.setattr(location, "_cookie", dict(cookies).get)
        shells.append(Dashboard())
        build = shells[-1].views["settings"].build
        page = build(PageState(shells[-1], "settings", {}))
        return shells[-1], page, ["".join(pane.object for pane in part.select(pn.pane.HTML)) for part in page]

    yield make
    for shell in shells:
        shell.close()


def test_each_value_has_its_source_and_secrets_are_masked(opened, own_folders, monkeypatch):
    monkeypatch.setenv("CQS_FEE", "0.001")
    monkeypatch.setenv("CQS_DAY_START", "09:30")
    monkeypatch.setenv("CQS_COLORS", "korean")
    (own_folders / "here" / ".env").write_text("CQS_EXCHANGE=binance\nCQS_ENDPOINT=http://me:hunter22@x.example\n")
    (own_folders / "here" / ".env").chmod(0o600)
    _, page, (plain, _, all_) = opened()
    [file] = page.select(pmui.FileDownload)
    assert "0.1 % a side" in plain
    assert "09:30 UTC" in plain
    assert "gains red, losses blue" in plain
    rows = {row.partition("</b>")[0]: row for row in all_.split("<b>")}
    assert "0.001" in rows["CQS_FEE"]
    assert "environment" in rows["CQS_FEE"]
    assert str(own_folders / "here" / ".env") in rows["CQS_EXCHANGE"]
    assert "default" in rows["CQS_SLIPPAGE_BPS"]
    assert "x.example" in rows["CQS_ENDPOINT"]
    saved = file.callback().read().decode("utf-8-sig")
    assert "CQS_FEE,0.001,environment" in saved
    assert "hunter22" not in plain + all_ + saved


def test_what_is_wrong_is_said_first(opened, monkeypatch):
    monkeypatch.setenv("CQS_FEES", "<b>0.1</b>")
    _, _, (wrong, *_) = opened()
    assert "CQS_FEES" in wrong
    assert "<b>0.1" not in wrong


def test_a_browsers_time_zone_holds_for_its_pages_alone(opened, monkeypatch):
    monkeypatch.setenv("CQS_TIMEZONE", "Europe/Berlin")
    seoul, page, (plain, *_) = opened({"cqs_zone": "Asia/Seoul"})
    assert seoul.settings.timezone == "Asia/Seoul"
    assert "Asia/Seoul" in plain
    zone = next(one for one in page.select() if getattr(one, "label", "") == "Time zone")
    assert (zone.value, "As the server: Europe/Berlin" in zone.options) == ("Asia/Seoul", True)
    other, *_ = opened()
    assert other.settings.timezone == "Europe/Berlin"


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "Nowhere/Land", "/etc/localtime", "\x00", "x" * 5000, ""])
def test_hostile_preferences_are_ignored(opened, hostile):
    shell, *_ = opened({"cqs_zone": hostile, "cqs_theme": hostile})
    assert shell.settings.timezone is None
    assert location.chosen_theme() is None


def test_a_preference_is_kept_by_the_browser_and_loads_the_page_again(opened, monkeypatch):
    shell, page, _ = opened()
    sent = []
    monkeypatch.setattr(shell.bridge, "send", lambda **said: sent.append(said))
    theme, zone = (next(o for o in page.select() if getattr(o, "label", "") == n) for n in ("Theme", "Time zone"))
    theme.value, zone.value = "dark", "UTC"
    theme.value = ""
    next(o for o in page.select() if getattr(o, "label", "") == "Density").value = "compact"
    assert sent == [
        {"cookie": "cqs_theme=dark", "reload": True},
        {"cookie": "cqs_zone=UTC", "reload": True},
        {"cookie": "cqs_theme=", "reload": True},
        {"cookie": "cqs_density=compact", "reload": True},
    ]


def test_a_compact_page_has_less_space_than_a_comfortable_one(opened, monkeypatch):
    from cqs_panel.theme import page_css, tones

    assert "--cqs-row:34px" in page_css(tones(), "light")
    assert "--cqs-row:26px" in page_css(tones(), "light", compact=True)
    *_, page, _ = opened({"cqs_density": "compact"})
    assert next(o for o in page.select() if getattr(o, "label", "") == "Density").value == "compact"
    assert location.is_compact()
