"""A server of several processes ends on a signal, at whatever moment it comes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SIGNALED_WHILE_IT_FORKS = """
import os, signal, time
from cqs_panel.ending import Forks

Forks(lambda: print("ended", flush=True))
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
os.fork()
while True:
    time.sleep(1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_signal_that_comes_while_it_forks_ends_all_processes():
    """They hold its output open: it would not return while one is left."""
    command = [sys.executable, "-c", SIGNALED_WHILE_IT_FORKS]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "ended\n", "")
