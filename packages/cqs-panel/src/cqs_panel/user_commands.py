"""`cqs users`: who may log in to the dashboards of this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cqs_core import UsageError
from cqs_core.cli import emit, machine_options, print_table

if TYPE_CHECKING:
    from cqs_panel.login.users import Role

_ROLES = click.Choice(["viewer", "operator"])
_from_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, up to the first line's end."
)


@click.group("users")
def users() -> None:
    """Users of the dashboards of this machine.

    As soon as there is one, every dashboard that this machine serves asks for a login. A viewer sees everything; an
    operator also fetches, runs backtests and edits rules.
    """


@users.command("add")
@click.argument("name")
@click.option("--role", type=_ROLES, default="viewer", show_default=True, help="What the user may do.")
@_from_stdin
@machine_options
def add(name: str, role: Role, password_stdin: bool, as_json: bool) -> None:
    """Add a user; asks for the password."""
    from cqs_panel.login.users import add as add_user
    from cqs_panel.login.users import check_new

    check_new(name)  # before anybody types a password for nothing
    user = add_user(name, role, _password(stdin=password_stdin))
    said = {"name": user.name, "role": user.role}
    emit(said, as_json, lambda: click.echo(f"{user.name} can log in as {user.role}"))


@users.command("list")
@machine_options
def list_(as_json: bool) -> None:
    """List users, their roles, and how many browsers are logged in."""
    from cqs_panel.login.logins import counted
    from cqs_panel.login.users import users as known

    logins = counted()
    rows = [{"name": u.name, "role": u.role, "logins": logins.get(u.name, 0)} for u in known().values()]
    emit(rows, as_json, lambda: _table(rows))


@users.command("remove")
@click.argument("name")
@machine_options
def remove(name: str, as_json: bool) -> None:
    """Remove a user; open windows close at once."""
    from cqs_panel.login.users import remove as remove_user
    from cqs_panel.login.users import users as known
    from cqs_panel.login.users import users_file

    remove_user(name)
    last = (
        "" if known() else f"; no user is left, so no one can log in (delete {users_file()} to serve without a login)"
    )
    emit({"name": name.lower(), "removed": True}, as_json, lambda: click.echo(f"{name.lower()} is removed{last}"))


@users.command("password")
@click.argument("name")
@_from_stdin
@machine_options
def password(name: str, password_stdin: bool, as_json: bool) -> None:
    """Change a password; the user is logged out everywhere."""
    from cqs_panel.login.users import existing, set_password

    user = existing(name)
    set_password(name, _password(stdin=password_stdin))
    emit({"name": user.name}, as_json, lambda: click.echo(f"{user.name} has a new password, and must log in again"))


@users.command("role")
@click.argument("name")
@click.argument("role", type=_ROLES)
@machine_options
def role_(name: str, role: Role, as_json: bool) -> None:
    """Change a role; it counts at once, also in open windows."""
    from cqs_panel.login.users import set_role

    user = set_role(name, role)
    emit({"name": user.name, "role": user.role}, as_json, lambda: click.echo(f"{user.name} is {_a(user.role)} now"))


@users.command("logout-all")
@machine_options
def logout_all(as_json: bool) -> None:
    """Log everybody out at once, and make a new secret for cookies."""
    from cqs_panel.login.logins import end_all

    ended = end_all()
    emit({"ended": ended}, as_json, lambda: click.echo(f"{ended} logins ended"))


def _password(*, stdin: bool) -> str:
    """A password that is typed twice, or read from standard input; never an argument, which every process could see."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for the password; use --password-stdin")
    first = str(click.prompt("Password", hide_input=True, err=True))
    if first != click.prompt("The same again", hide_input=True, err=True):
        raise UsageError("the two passwords differ; nothing was changed")
    return first


def _a(role: str) -> str:
    return f"an {role}" if role == "operator" else f"a {role}"


def _table(rows: list[dict[str, object]]) -> None:
    if not rows:
        click.echo("no users: dashboards of this machine ask for no login; add one with `cqs users add NAME`")
        return
    cells = [[str(row[column]) for column in ("name", "role", "logins")] for row in rows]
    print_table(["user", "role", "logins"], [False, False, True], cells, lambda *_: "")
