"""The test of a card on its page of the documentation passes."""

from __future__ import annotations

import pytest

import documents

pytestmark = pytest.mark.browser
PAGE = "guides/hooks/register_cards"


def test_the_test_of_the_card_passes(dashboard, visit, tmp_path):
    plugin = tmp_path / "cqs_lake_card.py"
    plugin.write_text(documents.block(PAGE, "python", plugin.name))
    [code] = [one.text for one in documents.blocks(PAGE, "python") if one.text.startswith("# test_card.py")]
    names = {}
    exec(code, names)
    test = names["test_the_overview_says_how_many_candles_the_lake_has"]
    test(lambda bucket: dashboard(bucket, plugins=[plugin]), visit, tmp_path)
