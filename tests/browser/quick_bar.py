"""A plugin that lets the bar look more often than users need."""

from cqs_panel.shell import statuses, tools

statuses.FRESH = 0.3
tools.SECONDS = 0.6
