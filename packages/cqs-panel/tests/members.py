"""Users of a dashboard as programs: they log in, open pages, and write to its websocket what they like."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from cqs_panel.login import passwords, users

OPERATOR, VIEWER = ("anna", "anna has a password"), ("vic", "vic has a password")


@contextmanager
def own_users(home):
    """Users in folders of their own, for this process and those that it starts; hashing costs nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "STATE", "CACHE"):
            patch.setenv(f"CQS_{name}_DIR", str(home / name.lower()))
        patch.setattr(passwords, "COST", 16)
        patch.setattr(passwords, "RUNS", 1)
        users.add(OPERATOR[0], "operator", OPERATOR[1])
        users.add(VIEWER[0], "viewer", VIEWER[1])
        yield


def fetch(url, path="/", method="GET", cookies=None, form=None, **headers):
    """Status, headers and text of an answer; redirects are not followed."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        connection.request(method, path, urlencode(form) if form is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def cookies_of(headers):
    """The cookies that an answer sets."""
    pairs = (one.partition(";")[0].partition("=") for one in headers.get_all("Set-Cookie") or [])
    return {name: value.strip('"') for name, _, value in pairs}


def login_form(url, **headers):
    """The cookies and hidden fields of the login page."""
    status, answered, text = fetch(url, "/login", **headers)
    assert status == 200
    return cookies_of(answered), dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))


def log_in(url, name, password, **headers):
    """Status, headers and text of an attempt with a fresh form."""
    cookies, fields = login_form(url)
    return fetch(url, "/login", "POST", cookies, {**fields, "name": name, "password": password}, **headers)


def cookie(url, user):
    """The cookies of a browser in which the user has logged in."""
    status, headers, text = log_in(url, *user)
    assert status == 303, text
    return {"cqs_login": cookies_of(headers)["cqs_login"]}


def page_token(url, cookies, path="/"):
    """The token of a page, with which its websocket is opened."""
    status, _, text = fetch(url, path, cookies=cookies)
    assert status == 200, text[:200]
    return re.search(r'"token":\s*"([^"]+)"', text)[1]


class Window:
    """A page that is open: a websocket that speaks as Bokeh's client does."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0
        self._labels = {}

    @classmethod
    async def open(cls, url, token, cookies):
        """Connect, and read the page; `strangers.knock` is for those that are refused."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
        asked = HTTPRequest(url.replace("http", "ws", 1).rstrip("/") + "/ws", headers=headers)
        window = cls(await websocket_connect(asked, subprotocols=["bokeh", token]))
        await window._read("ACK")
        await window._send("PULL-DOC-REQ", {})
        window._find_buttons(await window._read("PULL-DOC-REPLY"))
        return window

    async def click(self, label):
        """The message that a browser sends when a button is clicked, whether it is enabled or not."""
        event = {
            "type": "event",
            "name": "button_click",
            "values": {"type": "map", "entries": [["model", {"id": self._labels[label]}]]},
        }
        sent = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
        await self._send("PATCH-DOC", {"events": [sent]})

    async def set(self, label, name, value):
        """The message that a browser sends when a property changes."""
        change = {"kind": "ModelChanged", "model": {"id": self._labels[label]}, "attr": name, "new": value}
        await self._send("PATCH-DOC", {"events": [change]})

    async def ended(self):
        """The code with which the server closes it."""
        while await asyncio.wait_for(self._socket.read_message(), 30) is not None:
            pass
        code = self._socket.close_code
        self._socket.close()
        return code

    async def close(self):
        """Leave, and wait for the server's answer."""
        self._socket.close()
        await self.ended()

    async def _send(self, kind, content):
        self._number += 1
        for part in ({"msgid": f"m{self._number}", "msgtype": kind}, {}, content):
            await self._socket.write_message(json.dumps(part))

    async def _read(self, kind):
        """The content of the next message of a kind; messages are header, metadata, content, and buffers."""
        while True:
            header = json.loads(await asyncio.wait_for(self._socket.read_message(), 30))
            assert isinstance(header, dict)
            await self._socket.read_message()
            content = json.loads(await self._socket.read_message())
            for _ in range(2 * header.get("num_buffers", 0)):
                await self._socket.read_message()
            if header["msgtype"] == kind:
                return content

    def _find_buttons(self, value):
        """Identifiers of all models that have a label."""
        if isinstance(value, dict):
            label = value.get("attributes", {}).get("label") if isinstance(value.get("attributes"), dict) else None
            if isinstance(label, str) and "id" in value:
                self._labels[label] = value["id"]
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                self._find_buttons(one)
