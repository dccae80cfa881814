"""URLs of channels in the keyring of the operating system: the extra `keyring` of the package.

A keyring cannot be listed, so that one entry of it has the names. It is read in a thread: a locked one may wait for
its owner, and no round of the watcher waits with it.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_core import CqsError, UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICE = "cqs"
_NAMES = "channels"
_NAME = re.compile(r"[a-z0-9_]{1,40}")
_PATIENCE = 5.0
_LEADS = frozenset(
    {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DISPLAY", "PYTHON_KEYRING_BACKEND"}
)
_SERVES = 10.0  # seconds; another process may have stored a channel


@dataclass(frozen=True)
class KeyringChannels:
    """What the keyring has.

    Attributes:
        urls: by name of the channel; secrets.
        fault: why it cannot be read; empty where it can be, and where there is none.
    """

    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    fault: str = ""


class _Reader:
    """The last answer of the keyring, and the thread that asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.answer, self._until = KeyringChannels(), 0.0

    def read(self) -> KeyringChannels:
        with self._lock:
            if time.monotonic() >= self._until:
                self._ask()
                self._until = time.monotonic() + _SERVES
            return self.answer

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0

    def _ask(self) -> None:
        """Waits for a keyring that works; for one with a fault only once: its next answer is taken when it is there."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._answered, name="cqs-keyring", daemon=True)
            self._thread.start()
        if self.answer.fault:
            return
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            self.answer = KeyringChannels(self.answer.urls, f"it did not answer within {_PATIENCE:.0f} s; unlock it")

    def _answered(self) -> None:
        try:
            self.answer = KeyringChannels(_urls(_backend()))
        except CqsError as error:
            self.answer = KeyringChannels(self.answer.urls, str(error))


_reader = _Reader()


def keyring_channels() -> KeyringChannels:
    """The channels of the keyring, as they were at most ten seconds ago; none without the extra or a keyring."""
    known = "keyring" in sys.modules or (importlib.util.find_spec("keyring") is not None and _may_be())
    return _reader.read() if known else KeyringChannels()


@functools.cache
def _may_be() -> bool:
    """Whether this process may reach a keyring; asking for one imports 10 MB.

    Most services of Linux cannot: the keyrings of a desktop are behind the bus of its session, and others have to be
    configured or installed.
    """
    if sys.platform != "linux" or os.environ.keys() & _LEADS:
        return True
    installed = {one.dist.name for one in entry_points(group="keyring.backends") if one.dist is not None}
    chosen = Path("~/.config/python_keyring/keyringrc.cfg").expanduser()
    return bool(installed - {"keyring"}) or chosen.exists() or Path(f"/run/user/{os.getuid()}/bus").exists()


def keep_channel(name: str, url: str) -> str:
    """Store the URL of a channel in the keyring; returns the name as it is used.

    Raises:
        UsageError: the name or the URL is none; there is no keyring, or the extra is not installed.
        CqsError: the keyring does not take it.
    """
    import apprise

    name = _checked(name)
    if not apprise.Apprise().add(url.strip()):
        raise UsageError(f"channel {name!r}: that is not an Apprise URL such as tgram://TOKEN/CHAT; nothing is stored")
    backend = _writable()
    known = _listed(backend)
    _tried(lambda: backend.set_password(SERVICE, name, url.strip()))
    _tried(lambda: backend.set_password(SERVICE, _NAMES, ",".join(sorted({*known, name}))))
    _reader.forget()
    return name


def drop_channel(name: str) -> str:
    """Remove a channel from the keyring; returns its name.

    Raises:
        UnknownName: the keyring has no such channel.
        UsageError: there is no keyring, or the extra is not installed.
        CqsError: the keyring does not let it go.
    """
    backend = _writable()
    known, name = _listed(backend), name.lower()
    if name not in known:
        raise UnknownName("channel", name, known, remedy="`cqs monitor alerts channel list` says where each is kept")
    if _tried(lambda: backend.get_password(SERVICE, name)) is not None:
        _tried(lambda: backend.delete_password(SERVICE, name))
    _tried(lambda: backend.set_password(SERVICE, _NAMES, ",".join(one for one in known if one != name)))
    _reader.forget()
    return name


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name.lower()) or name.lower() == _NAMES:
        raise UsageError(f"{name[:40]!r} cannot name a channel; use letters, digits and _, such as telegram")
    return name.lower()


def _backend() -> Any:
    """The keyring; None where this machine has none."""
    import keyring
    from keyring.backends import fail

    found = _tried(keyring.get_keyring)
    return None if isinstance(found, fail.Keyring) else found


def _writable() -> Any:
    if importlib.util.find_spec("keyring") is None:
        raise UsageError("channels in the keyring need keyring: install cqs-monitor[keyring]")
    backend = _backend()
    if backend is None:
        raise UsageError("this machine has no keyring; set CQS_ALERT_NAME in the environment or in .env instead")
    return backend


def _listed(backend: Any) -> list[str]:
    text = _tried(lambda: backend.get_password(SERVICE, _NAMES)) or ""
    return [name for name in text.split(",") if _NAME.fullmatch(name)]


def _urls(backend: Any) -> Mapping[str, str]:
    if backend is None:
        return {}
    found = {name: _tried(functools.partial(backend.get_password, SERVICE, name)) for name in _listed(backend)}
    return {name: url for name, url in found.items() if url}


def _tried(call: Callable[[], Any]) -> Any:
    """What a keyring answers; of its errors only the type is told: a message might hold the secret."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - a keyring may be anyone's
        raise CqsError(f"the keyring failed with {type(error).__name__}; unlock it, or use the environment") from None
