"""Warnings of a backtest, for `warnings.filterwarnings`."""


class LookaheadWarning(UserWarning):
    """A strategy uses what it cannot know yet: its results mean nothing."""


class KeepWarning(UserWarning):
    """A run was not kept, or not all of its source was."""
