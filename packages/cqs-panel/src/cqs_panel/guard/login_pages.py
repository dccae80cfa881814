"""The pages /login and /logout: plain forms without scripts, and nothing from other hosts."""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from tornado.web import HTTPError, RequestHandler

from cqs_core import CqsError
from cqs_panel.guard.login_html import page
from cqs_panel.login import logins, users
from cqs_panel.login.passwords import matches
from cqs_panel.login.throttle import Throttle

_HASHING = ThreadPoolExecutor(2, thread_name_prefix="cqs-login")  # 32 MiB each: strangers cannot take more
_WAITING_MOST = 16
_SAME_SITE = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
_WRONG = "The name or the password is wrong."
_throttle = Throttle()
_log = logging.getLogger("cqs.panel")


def login_url(prefix: str, request: Any) -> str:
    """The address of the login page, which leads back to what was asked for."""
    asked = "" if request.uri.partition("?")[0].rstrip("/") == prefix and not request.query else request.uri
    return f"{prefix}/login" + (f"?{urlencode({'next': asked})}" if asked else "")


def remote(request: Any) -> str:
    """Who asks: a proxy on this machine says for whom it does; no one else is believed."""
    address = str(request.remote_ip)
    sent = request.headers.get("X-Forwarded-For", "")
    return sent.rpartition(",")[2].strip() or address if address in ("127.0.0.1", "::1") else address


class FormHandler(RequestHandler):
    """What both pages share: the form's token, cookies, and how the page looks."""

    def initialize(self, prefix: str, key: str | None) -> None:
        self._prefix, self._key = prefix, key

    def check_form(self) -> None:
        """Refuse a form that another site made, or that is too old."""
        try:
            self.check_xsrf_cookie()
        except HTTPError:
            self.set_status(403)
            raise _StaleFormError from None

    def show(self, **parts: Any) -> None:
        """The page; parts are those of `login_html.page`."""
        self.set_header("Cache-Control", "no-store")
        theme = self.get_cookie("cqs_theme")
        style, text = page(token=self.xsrf_token.decode(), action=self.request.path, theme=theme, **parts)
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; style-src '{style}'; img-src data:; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'",
        )
        self.finish(text)

    @property
    def xsrf_token(self) -> bytes:
        self._xsrf_options()
        return super().xsrf_token

    def cookie_options(self) -> dict[str, Any]:
        """Cookies of https are for https alone; a proxy says that it speaks it."""
        proto = self.request.headers.get("X-Forwarded-Proto", self.request.protocol)
        return {"path": f"{self._prefix}/", "httponly": True, "samesite": "Lax", "secure": proto == "https"}

    def _xsrf_options(self) -> None:
        self.settings["xsrf_cookie_kwargs"] = {**self.cookie_options(), "samesite": "Strict"}

    def _log(self) -> None:
        """`_log` of this module says who logged in or failed."""


class _StaleFormError(Exception):
    """The form's token is missing, wrong or old."""


class LoginHandler(FormHandler):
    """Name and password, then back to the page that was asked for."""

    def get(self) -> None:
        if self._key is not None:
            self.redirect(self._next, status=303)
            return
        self.show(title="Log in", next_url=self._next)

    async def post(self) -> None:
        name, password = self.get_body_argument("name", ""), self.get_body_argument("password", "", strip=False)
        address = remote(self.request)
        try:
            self.check_form()
        except _StaleFormError:
            self._again(name, "This form was open for too long. Try again.")
            return
        if wait := _throttle.wait(name, address):
            self.set_status(429)
            self.set_header("Retry-After", str(wait))
            self._again(name, f"Too many attempts. Try again in {wait} s.")
            return
        _throttle.failed(name, address)  # until it is known: attempts at the same time count as well
        if _HASHING._work_queue.qsize() >= _WAITING_MOST:  # noqa: SLF001 - there is no other way to ask
            self.set_status(503)
            self._again(name, "The server is busy. Try again.")
            return
        try:
            user = users.users().get(name.lower())
        except CqsError as error:
            self._unavailable(name, error)
            return
        right = await asyncio.wrap_future(_HASHING.submit(matches, password, user.password if user else None))
        if user is None or not right:
            _log.warning("login failed: %r from %s", name[:80], address[:60])
            self.set_status(403)
            self._again(name, _WRONG)
            return
        _throttle.succeeded(name, address)
        self._enter(user)

    def _enter(self, user: users.User) -> None:
        if self._key is not None:
            logins.end(self._key)  # another user, or the same once more: one browser has one login
        try:
            cookie = logins.start(user)
        except CqsError as error:
            self._unavailable(user.name, error)
            return
        self.set_cookie(logins.COOKIE, cookie, expires_days=logins.DAYS, **self.cookie_options())
        self.redirect(self._next, status=303)

    def _unavailable(self, name: str, error: CqsError) -> None:
        _log.error("no login: %s", error)
        self.set_status(503)
        self._again(name, "No one can log in now; the server's log says why.")

    def _again(self, name: str, why: str) -> None:
        self.show(title="Log in", name=name[:64], why=why, next_url=self._next)

    @property
    def _next(self) -> str:
        """Where to go afterwards: a page of this server."""
        wanted = self.get_argument("next", "")
        same = _SAME_SITE.fullmatch(wanted) and wanted.startswith(f"{self._prefix}/")
        return wanted if same and len(wanted) < 4000 else f"{self._prefix}/"


class LogoutHandler(FormHandler):
    """Ends the login of this browser, in all its windows."""

    def get(self) -> None:
        user = logins.user_of(self._key) if self._key else None
        if user is None:
            self.redirect(f"{self._prefix}/login", status=303)
            return
        self.show(title="Log out", who=user.name)

    def post(self) -> None:
        try:
            self.check_form()
        except _StaleFormError:
            self.get()
            return
        if self._key is not None:
            logins.end(self._key)
        self.clear_cookie(logins.COOKIE, path=f"{self._prefix}/")
        self.redirect(f"{self._prefix}/login", status=303)
