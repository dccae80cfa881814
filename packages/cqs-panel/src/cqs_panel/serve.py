"""The server of the dashboard: on this machine's loopback, or for others, who have to log in."""

from __future__ import annotations

import gc
import ipaddress
import os
import re
import socket
import traceback
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_core import UsageError, plugins
from cqs_core.cli import checked_prefix, service, stop_requested
from cqs_core.isolation import Escaped
from cqs_core.jobs import speak_for_forks
from cqs_panel.ending import Forks, end_on_signal, leave
from cqs_panel.guard.hosts import INSECURE
from cqs_panel.login.users import login_required, users, users_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

APP = Path(__file__).with_name("app")
"""The folder that Bokeh serves: `main.py` once a session, `app_hooks.py` once a server."""
PORT = 5006
_KEEP_MS = 15_000


def serve(
    *,
    port: int | None = None,
    address: str = "127.0.0.1",
    num_procs: int = 1,
    open_browser: bool = True,
    allow: Sequence[str] = (),
    insecure: bool = False,
    prefix: str = "",
    ready: Callable[[str], None] = lambda _: None,
    ended: Callable[[], None] = lambda: None,
) -> None:
    """Serve the dashboard until the process is stopped.

    Args:
        port: None is 5006, or a free one where that is taken; 0 is a free one.
        address: of the loopback; another one only where there are users, who log in, or with `insecure`.
        num_procs: how many processes share the port.
        open_browser: whether to show it at once.
        allow: hosts (`name` or `name:port`) under which a proxy shows it.
        insecure: let other machines in without a login; where there are users, they log in all the same.
        prefix: of all its paths, such as `/cqs`, where a proxy shows other things beside it.
        ready: called with the URL when it answers; where several processes serve, in the first of them.
        ended: called in the process that forked those, when they have ended.

    Raises:
        UsageError: others could reach it and there is no user, the users cannot be read, or the port is taken.
    """
    _check(address, insecure=insecure)
    if insecure:
        os.environ[INSECURE] = "1"
    port, prefix = _free_port(address, port), checked_prefix(prefix)
    url = f"http://{f'[{address}]' if ':' in address else address}:{port}{prefix}/"
    forks = Forks(ended) if num_procs > 1 else None
    if forks:
        speak_for_forks()
    try:
        server = _server(address, port, num_procs, [f"localhost:{port}", *map(_checked, allow)], prefix)
    except SystemExit:  # of the process that forked the others: all have ended by themselves
        ended()
        return
    if forks:
        forks.follow_parent()
    server.start()
    end_on_signal(server.io_loop.asyncio_loop)
    if _first_process():
        server.io_loop.add_callback(ready, url)
        if open_browser:
            server.io_loop.add_callback(webbrowser.open, url)
    with service():
        try:
            _run(server.io_loop)
        finally:
            server.stop(wait=False)
    if forks:  # what follows is the parent's
        leave()


def _run(loop: Any) -> None:
    """Run until it is stopped; what a plugin's callback raises to end the process does not."""
    while True:
        try:
            loop.start()
        except (SystemExit, KeyboardInterrupt) as error:
            if stop_requested():
                raise
            traceback.print_exc()
            plugins().report("panel", "callback", Escaped(error))
        else:
            return


def _server(address: str, port: int, num_procs: int, origins: list[str], prefix: str) -> Any:
    import panel as pn
    from panel.io.application import build_single_handler_application

    _import_views()
    return pn.io.server.get_server(
        build_single_handler_application(str(APP)),
        port=port,
        address=address,
        num_procs=num_procs,
        websocket_origin=origins,
        prefix=prefix,
        title="cqs",
        unused_session_lifetime_milliseconds=_KEEP_MS,
        check_unused_sessions_milliseconds=_KEEP_MS // 3,
    )


def _import_views() -> None:
    """Before the first session asks, and before processes are forked: then the first page is quick.

    What is imported here stays: the garbage collector need not look through it again, which would stop every page.
    """
    import cqs_panel.shell

    cqs_panel.shell.installed_views()
    plugins().cards()
    plugins().overlays()
    plugins().indicators()
    gc.freeze()


def _check(address: str, *, insecure: bool) -> None:
    try:
        local = address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        raise UsageError(f"address {address!r} is not an IP address; use 127.0.0.1") from None
    if login_required():
        _check_users()
    elif not local and not insecure:
        raise UsageError(
            f"address {address!r} would show your data to the network, and no one has to log in; add a user first: "
            "`cqs users add NAME --role operator`. Or keep 127.0.0.1, and reach it with "
            "`ssh -L 5006:127.0.0.1:5006 HOST`"
        )


def _check_users() -> None:
    """No one could log in: that is better said now."""
    if not users():
        raise UsageError(
            f"no user is left in {str(users_file())!r}, so no one could log in; add one with `cqs users add NAME`, "
            "or delete the file to serve without a login"
        )


def _checked(allow: str) -> str:
    """A host as Bokeh takes it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(:\d{1,5})?", allow):
        raise UsageError(
            f"--allow {allow!r} is not a host; write it as dashboard.example.com or dashboard.example.com:8443"
        )
    return allow.lower()


def _free_port(address: str, wanted: int | None) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in (PORT, 0) if wanted is None else (wanted,):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UsageError(f"port {wanted} is taken; name another with --port, or --port 0 for a free one")


def _first_process() -> bool:
    """Whether this is the only process, or the first that was forked."""
    from tornado.process import task_id

    return not task_id()
