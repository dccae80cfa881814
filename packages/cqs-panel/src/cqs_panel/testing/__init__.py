"""For tests of views: a dashboard with the views under test, opened in a real Chromium.

    # conftest.py
    from cqs_panel.testing.fixtures import *

    # test_fees.py
    def test_fees_are_shown(dashboard, visit, tmp_path):
        url = dashboard(tmp_path)
        page = visit(url + "?view=fees").page
        page.get_by_text("BTC/KRW").wait_for()

pytest and Playwright are needed; Chromium is the system's, or the one that `playwright install chromium` fetched.
"""
