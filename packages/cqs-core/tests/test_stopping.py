"""Being told to end: once, in order, within seconds; in processes of their own, which are sent signals."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

CODE = """
import asyncio, sys, threading, time, click
from cqs_core.cli import service, stopping, stoppable, stop_requested
from cqs_core.cli.root import _Commands, main

stopping.GRACE_PERIOD = 0.3
how = sys.argv[1]

@click.command("work")
def work():
    with service() if "service" in how else stoppable("stored"):
        try:
            print("at work", flush=True)
            if "thread" in how:
                asyncio.run(asyncio.to_thread(time.sleep, 60))
            time.sleep(60)
        finally:
            if "tidy" in how:
                for _ in range(10):
                    print("tidying up", flush=True)
                    time.sleep(0.01)
            if "stuck" in how:
                time.sleep(60)

_Commands.get_command = lambda self, ctx, name: work
main()
"""


@contextlib.contextmanager
def at_work(how, wrapper=""):
    words = [sys.executable, "-c", wrapper + CODE, how]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "at work\n"
        yield running
        running.kill()


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("how", ["stuck", "thread"])
def test_a_command_that_cannot_be_interrupted_ends_all_the_same(how, number, code):
    with at_work(how) as running:
        running.send_signal(getattr(signal, number))
        assert running.wait(60) == code


@pytest.mark.parametrize("how", ["service", "service stuck", "service thread"])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_service_that_is_told_to_end_ends_well(how, number):
    with at_work(how) as running:
        running.send_signal(getattr(signal, number))
        assert running.wait(60) == 0


def test_a_second_signal_does_not_break_into_tidying_up():
    with at_work("tidy") as running:
        running.terminate()
        for _ in range(10):
            assert running.stdout.readline() == "tidying up\n"
            running.terminate()
        assert running.wait(60) == 143
        assert running.stderr.read() == "cqs: stored\n"


LOST = """
    import signal, weakref
    real, main = time.sleep, threading.get_ident()

    def gone(_):
        signal.raise_signal(signal.NUMBER)
        real(0)

    def sleep(seconds):
        if threading.get_ident() == main:
            thing = set()
            kept = weakref.ref(thing, gone)
            del thing
        real(seconds)

    time.sleep = sleep
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_comes_where_python_ignores_exceptions_is_not_lost(number, code):
    """The command ends by itself, and so tidies up; nothing is said of it."""
    code_of_it = CODE.replace("0.3", "60").replace("def work():", "def work():" + LOST.replace("NUMBER", number))
    words = [sys.executable, "-c", code_of_it, ""]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.wait(50) == code
        assert running.stderr.read() == "cqs: stored\n"


def test_a_hangup_that_is_ignored_stays_ignored():
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    with at_work("", ignoring) as running:
        running.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.5)


def test_a_forked_process_does_not_end_its_parent():
    forking = "import os, signal, time\n"
    code = CODE.replace('print("at work", flush=True)', FORK)
    words = [sys.executable, "-c", forking + code, ""]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "the child ended\n"
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(1)
        running.kill()


FORK = """
            child = os.fork()
            if not child:
                time.sleep(60)
            time.sleep(0.2)
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
            print("the child ended", flush=True)
"""
