"""Browser tests share one Chromium."""

from cqs_panel.testing.fixtures import *  # noqa: F403 - fixtures are found by name
