"""Benchmarks measure the browser that users have."""

import pytest
from playwright.sync_api import sync_playwright

from cqs_panel.testing.browser import launch


def pytest_addoption(parser):
    parser.addoption("--views", default="", help="of the dashboard, those to measure alone: monitor,compare")


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = launch(playwright, whole=True)
        yield browser
        browser.close()
