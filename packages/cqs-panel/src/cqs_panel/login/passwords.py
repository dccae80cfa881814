"""Passwords as scrypt hashes (RFC 7914): costly in time and memory, so that a stolen file cannot be guessed quickly."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import unicodedata

from cqs_core import UsageError

SHORTEST, LONGEST = 10, 1024
COST, BLOCK, RUNS = 2**15, 8, 3
"""32 MiB and about 0.2 s; OWASP counts it as strong as 128 MiB in one run."""
_SALT, _HASH = 16, 32


def hashed(password: str) -> str:
    """A password to be stored: `scrypt$cost$block$runs$salt$hash`.

    Raises:
        UsageError: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"the password has {len(password)} characters; use {SHORTEST} to {LONGEST}")
    salt = os.urandom(_SALT)
    parts = (_encoded(salt), _encoded(_scrypt(password, salt, COST, BLOCK, RUNS)))
    return "$".join(["scrypt", str(COST), str(BLOCK), str(RUNS), *parts])


def matches(password: str, stored: str | None) -> bool:
    """Whether this is the password. Without a stored one it takes as long, and is False."""
    if len(password) > LONGEST:
        return False
    try:
        kind, cost, block, runs, salt, wanted = (stored or _nobody()).split("$")
        given = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(runs))
        same = hmac.compare_digest(given, base64.b64decode(wanted))
    except ValueError:  # damaged by hand: no one gets in with it
        return False
    return same and kind == "scrypt" and stored is not None


def _nobody() -> str:
    return f"scrypt${COST}${BLOCK}${RUNS}${_encoded(bytes(_SALT))}${_encoded(bytes(_HASH))}"


def _scrypt(password: str, salt: bytes, cost: int, block: int, runs: int) -> bytes:
    text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")  # é has two spellings, 한 too
    return hashlib.scrypt(
        text, salt=salt, n=cost, r=block, p=runs, maxmem=2 * 128 * block * (cost + runs + 2), dklen=_HASH
    )


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
