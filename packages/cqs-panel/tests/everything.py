"""A server with everything that Panel can serve: its admin page, REST, liveness, folders of files."""

from __future__ import annotations

import re


def serve(folder, told):
    """Serve the app, and tell the URL and every route."""
    import panel as pn
    from panel.io.application import build_single_handler_application

    from cqs_panel.serve import APP

    server = pn.io.server.get_server(
        {"/": build_single_handler_application(str(APP)), "/other": lambda: pn.pane.Str("a secret page")},
        port=0,
        address="127.0.0.1",
        admin=True,
        liveness=True,
        session_history=-1,
        static_dirs={"files": str(folder)},
        websocket_origin=["localhost"],
    )
    server.start()
    told.send((f"http://127.0.0.1:{server.port}", sorted(set(_routes(server._tornado.wildcard_router)))))
    server.io_loop.start()


def _routes(router):
    for rule in router.rules:
        if (pattern := getattr(rule.matcher, "regex", None)) is not None:
            yield _example(pattern.pattern)
        if hasattr(rule.target, "rules"):
            yield from _routes(rule.target)


def _example(pattern):
    """A path that a route's pattern matches."""
    filled = re.sub(r"\((?:\?P<\w+>|\?:)?[^()]*\)|\.\*", "secret.txt", pattern.strip("^$").removesuffix("/?"))
    path = re.sub(r"\\(.)", r"\1", filled) or "/"
    assert re.fullmatch(pattern, path) or re.match(pattern, path), (pattern, path)
    return path
