"""Users, their passwords, and their logins, without a server."""

from __future__ import annotations

import json
import os
import threading
import time
from types import SimpleNamespace

import pytest

from cqs_core import UnknownName, UsageError
from cqs_core.cli import run_command
from cqs_core.testing.command import cqs, cqs_json, refusal
from cqs_panel.guard import gate, login_pages
from cqs_panel.login import logins, passwords, session, users
from cqs_panel.login.throttle import Throttle

PASSWORD = "a password of some length"


@pytest.fixture(autouse=True)
def cheap(own_folders, monkeypatch):
    """Hashing that costs nothing, and folders of the test's own."""
    monkeypatch.setattr(passwords, "COST", 16)
    monkeypatch.setattr(passwords, "RUNS", 1)


def test_a_hash_matches_its_password_alone():
    stored = passwords.hashed(PASSWORD)
    assert passwords.matches(PASSWORD, stored)
    assert not passwords.matches(PASSWORD + " ", stored)
    assert not passwords.matches("", stored)
    assert stored != passwords.hashed(PASSWORD), "the salt is the same"
    assert PASSWORD not in stored


def test_the_same_letters_are_the_same_password_whatever_the_keyboard():
    assert passwords.matches("비밀번호 가나다라 é", passwords.hashed("비밀번호 가나다라 e\u0301"))


@pytest.mark.once
def test_a_real_hash_costs_time_and_memory(monkeypatch):
    monkeypatch.undo()
    assert passwords.COST * passwords.BLOCK * 128 >= 32 * 2**20
    assert passwords.matches(PASSWORD, passwords.hashed(PASSWORD))


@pytest.mark.parametrize("stored", [None, "", "x", "scrypt$16$8$1$AA==$AA==", "scrypt$3$8$1$AA==$AA==", "md5$1$1$1$$"])
def test_without_a_sound_hash_no_password_matches(stored):
    assert not passwords.matches(PASSWORD, stored)
    assert not passwords.matches("", stored)


@pytest.mark.parametrize("password", ["", "short", "9 letters", "x" * 1025])
def test_short_and_endless_passwords_are_refused(password):
    with pytest.raises(UsageError, match="characters; use 10 to 1024"):
        users.add("anna", "viewer", password)
    assert not users.login_required()


HOSTILE = [
    "",
    " ",
    "a b",
    "../anna",
    "/etc",
    "anna\n",
    "\x00",
    "-anna",
    ".",
    "..",
    "anna.",
    "x" * 65,
    "a/b",
    "<b>",
    "a;rm",
]
FOREIGN = ["an\u200bna", "\u202eanna", "a\\b", "안나", "\uff21\uff2e", "\u212a", "\u0430nna", "ann\u0430"]


@pytest.mark.parametrize("name", HOSTILE + FOREIGN)
def test_hostile_names_are_refused(name):
    with pytest.raises(UsageError, match="is not a user name; use 1 to 64"):
        users.add(name, "viewer", PASSWORD)
    assert not users.login_required()


@pytest.mark.parametrize("name", ["a", "anna", "Anna.Berg+x@example.com", "7", "x" * 64])
def test_usual_names_are_taken_and_found_however_they_are_capitalized(name):
    users.add(name, "viewer", PASSWORD)
    assert users.find(name.upper()).name == name.lower()
    with pytest.raises(UsageError, match="exists"):
        users.add(name.upper(), "operator", PASSWORD)
    assert users.find(name).role == "viewer"


def test_only_their_owner_reads_the_files():
    before = os.umask(0)
    try:
        user = users.add("anna", "viewer", PASSWORD)
        logins.start(user)
    finally:
        os.umask(before)
    found = [path for path in (users.users_file().parent, logins._folder()) for path in path.rglob("*")]
    assert len([path for path in found if path.is_file()]) >= 4
    for path in found:
        assert path.is_dir() or path.stat().st_mode & 0o777 == 0o600, path


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o602])
def test_a_file_that_others_can_read_or_change_lets_nobody_in(mode):
    user = users.add("anna", "viewer", PASSWORD)
    cookie = logins.start(user)
    users.users_file().chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        users.users()
    assert logins.key_of(cookie) is None
    assert users.login_required()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"users": 5}', '{"users": {"anna": {}}}', '{"users": {"anna": null}}', "\xff"]
    + [json.dumps({"users": {"anna": {"name": n, "role": r, "password": p, "since": "x"}}})
       for n, r, p in (("anna", "admin", "x"), ("bob", "viewer", "x"), ("anna", "viewer", None))],
)  # fmt: skip
def test_a_damaged_file_lets_nobody_in_and_is_not_overwritten(text):
    users.add("anna", "viewer", PASSWORD)
    users.users_file().write_bytes(text.encode("latin1"))
    for change in (lambda: users.add("bob", "operator", PASSWORD), lambda: users.remove("anna"), users.users):
        with pytest.raises(UsageError, match="no one can log in"):
            change()
    assert users.users_file().read_bytes() == text.encode("latin1")
    assert users.find("anna") is None
    assert users.login_required()


def test_a_full_disk_or_a_crash_leaves_the_old_file(monkeypatch):
    users.add("anna", "viewer", PASSWORD)
    before = users.users_file().read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        users.add("bob", "viewer", PASSWORD)
    assert users.users_file().read_bytes() == before
    assert [path.name for path in users.users_file().parent.iterdir() if path.suffix == ".tmp"] == []


def test_users_that_are_added_at_the_same_time_are_all_there():
    threads = [threading.Thread(target=users.add, args=(f"user{n}", "viewer", PASSWORD)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(users.users()) == 16


def test_another_password_ends_logins_and_another_role_does_not():
    cookie = logins.start(users.add("anna", "viewer", PASSWORD))
    users.set_role("anna", "operator")
    key = logins.key_of(cookie)
    assert logins.user_of(key).role == "operator"
    users.set_password("anna", "another password")
    assert logins.key_of(cookie) is None
    assert logins.user_of(key) is None


def test_a_login_ends_after_its_days(monkeypatch):
    cookie = logins.start(users.add("anna", "viewer", PASSWORD))
    key, now = logins.key_of(cookie), time.time()
    for days, lasts in ((6.9, True), (7.1, False), (-1.0, False)):
        monkeypatch.setattr(time, "time", lambda days=days: now + 86_400 * days)
        assert (logins.user_of(key) is not None) is lasts, days


def test_logins_of_a_user_are_bounded_and_what_has_ended_is_removed():
    anna, bob = users.add("anna", "viewer", PASSWORD), users.add("bob", "viewer", PASSWORD)
    first = logins.start(bob)
    for _ in range(25):
        logins.start(anna)
    assert logins.counted() == {"anna": 20, "bob": 1}
    users.remove("anna")
    logins.start(bob)
    assert len(list(logins._files())) == 2
    assert logins.key_of(first)


@pytest.mark.parametrize("damage", ["", "{", '"short"', "\xff"])
def test_a_damaged_secret_is_replaced_and_voids_cookies(damage):
    cookie = logins.start(users.add("anna", "viewer", PASSWORD))
    (logins._folder() / "secret").write_bytes(damage.encode("latin1"))
    assert logins.key_of(cookie) is None
    assert len(logins.secret()) == 64


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def failing(throttle, count, name="anna", address="10.0.0.1"):
    for _ in range(count):
        throttle.failed(name, address)


def test_guesses_of_a_name_wait_longer_and_longer_but_not_for_ever():
    throttle = Throttle(clock := Clock())
    failing(throttle, 4)
    assert throttle.wait("anna", "10.0.0.1") == 0
    waits = []
    for n in range(40):
        throttle.failed("ANNA", f"10.0.{n}.2")  # from everywhere
        waits.append(throttle.wait("anna", "10.1.0.1"))
        clock.now += waits[-1]
        assert throttle.wait("anna", "10.1.0.1") == 0
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) == 30
    assert throttle.wait("bob", "10.1.0.1") == 0


def test_an_address_that_tries_many_names_waits():
    throttle = Throttle(clock := Clock())
    for n in range(30):
        throttle.failed(f"user{n}", "2001:db8::1")
    assert throttle.wait("someone", "2001:db8::2") == 600  # the same household
    assert throttle.wait("someone", "2001:db8:1::1") == 0
    clock.now += 3601
    assert throttle.wait("someone", "2001:db8::1") == 0


def test_a_success_forgets_the_names_failures_and_no_others():
    throttle = Throttle(Clock())
    failing(throttle, 12)
    throttle.failed("anna", "10.0.0.1")
    throttle.succeeded("anna", "10.0.0.1")
    assert throttle.wait("anna", "10.9.9.9") == 0
    assert throttle.wait("anna", "10.0.0.1") > 0
    fair = Throttle(Clock())
    for _ in range(50):
        fair.failed("anna", "10.0.0.1")
        fair.succeeded("anna", "10.0.0.1")
    assert fair.wait("anna", "10.0.0.1") == 0, "successes count as failures of the address"


def test_its_memory_is_bounded():
    throttle = Throttle(Clock())
    for n in range(12_000):
        throttle.failed("x" * 1000 + str(n), f"nowhere{n}")
    assert len(throttle._failures) <= 10_000


def test_the_commands_tell_what_is_there(own_folders):
    assert "ask for no login" in cqs("users", "list").stdout
    with pytest.raises(UnknownName, match="unknown user 'anna'"):
        users.remove("anna")
    users.add("anna", "operator", PASSWORD)
    logins.start(users.add("bob", "viewer", PASSWORD))
    assert cqs_json("users", "list") == [
        {"name": "anna", "role": "operator", "logins": 0},
        {"name": "bob", "role": "viewer", "logins": 1},
    ]
    assert "bob is an operator now" in cqs("users", "role", "Bob", "operator").stdout
    assert cqs_json("users", "logout-all") == {"ended": 1}
    assert cqs_json("users", "remove", "anna") == {"name": "anna", "removed": True}
    assert "so no one can log in" in cqs("users", "remove", "bob").stdout
    assert "add one: cqs users add NAME" in refusal("users", "role", "bob", "viewer")
    assert "no user is left" in refusal("serve", "--no-open", "--bucket", own_folders)


@pytest.mark.parametrize("command", [("add", "anna"), ("password", "anna")])
def test_a_password_is_read_from_a_terminal_or_standard_input_only(capsys, monkeypatch, command):
    import io

    if command[0] == "password":
        users.add("anna", "viewer", PASSWORD)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run_command(["users", *command]) == 2
    assert "use --password-stdin" in capsys.readouterr().err
    assert run_command(["users", *command, "--password", "x" * 20]) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO(" spaces are part of it \r\nanother line\n"))
    assert run_command(["users", *command, "--password-stdin"]) == 0
    assert passwords.matches(" spaces are part of it ", users.find("anna").password)
    assert "spaces" not in capsys.readouterr().out


def test_only_a_proxy_on_this_machine_is_believed_about_addresses():
    def asked(peer, sent):
        return login_pages.remote(SimpleNamespace(remote_ip=peer, headers={"X-Forwarded-For": sent} if sent else {}))

    assert asked("127.0.0.1", "6.6.6.6, 203.0.113.9") == "203.0.113.9"  # the first was written by the client
    assert asked("::1", "203.0.113.9") == "203.0.113.9"
    assert asked("127.0.0.1", "") == "127.0.0.1"
    assert asked("198.51.100.1", "203.0.113.9") == "198.51.100.1"


def test_windows_that_were_open_before_there_was_a_user_end_with_the_first_one():
    assert gate.lives(None)
    user = users.add("anna", "viewer", PASSWORD)
    assert not gate.lives(None)
    key = logins.key_of(logins.start(user))
    assert gate.lives(key)
    logins.end(key)
    assert not gate.lives(key)


def test_without_a_user_of_the_session_nothing_is_changed_once_there_are_users():
    assert session.refusal("fetch") is None
    user = users.add("anna", "viewer", PASSWORD)
    assert "no user is logged in" in session.refusal("fetch")
    with session.acting(logins.key_of(logins.start(user))):
        assert "'anna' is a viewer, and may not fetch" in session.refusal("fetch")
        users.set_role("anna", "operator")
        assert session.refusal("fetch") is None
        users.remove("anna")
        assert "no user is logged in" in session.refusal("fetch")
