"""The code of a strategy file: kept with the run, and run again only if the user trusts it.

A bucket is shared. What it names or holds is text, until the user has read it and says so with its hash.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.modules import code_of, files_of
from cqs_backtest.loading.strategies import find, from_file, is_installed, reference_of
from cqs_core import UnknownName, UsageError
from cqs_core.files import state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_core import Bucket, Strategy

FOLDER = "code"
_PATH = re.compile(r"(?:[\w-]+/)*[\w.-]+\.py")
_TRUST = re.compile(r"(.+\.py)[:=]([0-9a-f]{16,64})")
_LARGEST = 1 << 20
_MOST = 200
_REMEMBERED = 1000


class Untrusted(UsageError):  # noqa: N818 - a fact, as the other errors here
    """Code that is kept in a bucket, and that the user has not trusted."""


@dataclass(frozen=True)
class StrategyCode:
    """The code of a strategy at one moment: a notebook's next cell may change it.

    Attributes:
        reference: how the class is found again, see `reference_of`.
        source: sha256 of the file that defines it.
        files: sha256 by path.
        data: the kept files, by path; none for plugins.
        missing: what it uses that is not kept, one text each.
        folder: where its files are; None for an excerpt, or a plugin's.
    """

    reference: str
    source: str
    files: Mapping[str, str]
    data: Mapping[str, bytes]
    missing: tuple[str, ...] = ()
    folder: Path | None = None


def captured(strategy: Strategy) -> StrategyCode:
    """The code of a strategy as it is now."""
    class_ = type(strategy)
    if is_installed(strategy):
        return StrategyCode(reference_of(strategy), class_.source_hash(), hashes(strategy), {})
    found = code_of(class_)
    files = {path: _sha256(data) for path, data in found.data.items()}
    source = files[found.entry] if found.entry else class_.source_hash()
    reference = f"{found.entry}:{class_.__name__}" if found.entry else class_.__name__
    return StrategyCode(reference, source, files, found.data, found.missing, None if found.excerpt else found.folder)


def hashes(strategy: Strategy) -> dict[str, str]:
    """sha256 of each file of a plugin's strategy, by path; a package of cqs is identified by its version."""
    files = None if type(strategy).__module__.startswith("cqs_") else files_of(type(strategy))
    return {path: _sha256(data) for path, data in files.data.items()} if files else {}


def remember(run: str, code: StrategyCode) -> None:
    """Note on this machine where a run's strategy is, so that `verify` can say that it was edited since."""
    if code.folder is None:
        return
    home = _home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{run}.json").write_text(json.dumps(str(code.folder)))
        for old in sorted(home.glob("*.json"))[:-_REMEMBERED]:
            old.unlink(missing_ok=True)
    except OSError:
        return  # the run is kept anyway


def edited(made: Mapping[str, Any]) -> list[str]:
    """Files of a run's strategy that changed on the machine that made the run; empty on other machines."""
    try:
        folder = Path(json.loads((_home() / f"{made['id']}.json").read_text()))
    except (OSError, ValueError, TypeError):
        return []
    found = made["strategy"].get("files", {})
    return [path for path, known in found.items() if _PATH.fullmatch(path) and _now(folder / path) != known]


@contextmanager
def strategy_of(bucket: Bucket, made: Mapping[str, Any], trust: Sequence[str]) -> Iterator[Strategy]:
    """The strategy of a run, for as long as the block runs.

    A plugin's is found by its name. Any other is imported from the run's own folder, if `trust` names each of its files
    with its hash; a path of this machine never is.

    Raises:
        UsageError: the code is not trusted, not there, or cannot be imported.
    """
    reference, parameters = str(made["strategy"]["reference"]), made["strategy"]["parameters"]
    path, colon, name = reference.rpartition(":")
    if not colon:
        yield find(_registered(reference), parameters)
        return
    code = _stored(bucket, str(made["id"]))
    if path not in code:
        fact = f"run {made['id']!r} was made by {Path(path).name!r}, which is not kept with it"
        raise UsageError(f"{fact}; nothing is run from a path that a bucket names: backtest that file again")
    _check(str(made["id"]), code, trust)
    with tempfile.TemporaryDirectory(prefix="cqs-rule-") as folder:
        for each, data in code.items():
            target = Path(folder, each)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        yield find(from_file(Path(folder).resolve(), path, name), parameters)


def changed(bucket: Bucket, made: Mapping[str, Any]) -> list[str]:
    """Kept files that are not those of the manifest."""
    if ":" not in str(made["strategy"]["reference"]):
        return []
    known, code = made["strategy"].get("files", {}), _stored(bucket, str(made["id"]))
    return [path for path in sorted({*known, *code}) if path not in code or _sha256(code[path]) != known.get(path)]


def _registered(name: str) -> str:
    """A name, not a file: `find` would run one."""
    if name.endswith(".py") or "/" in name or "\\" in name:
        raise UnknownName("strategy", name, (), remedy="a run names a strategy of a plugin, or keeps its code")
    return name


def _check(run: str, code: Mapping[str, bytes], trust: Sequence[str]) -> None:
    trusted = [_read(text) for text in trust]
    missing = [
        f"{path}:{_sha256(data)}"
        for path, data in code.items()
        if not any(path == named and _sha256(data).startswith(known) for named, known in trusted)
    ]
    if missing:
        options = " ".join(f"--trust-code {each}" for each in missing)
        fact = f"run {run!r} was made by code that is kept in the bucket, and is run only if you trust it"
        raise Untrusted(f"{fact}; read {FOLDER}/ of its folder, then add {options}")


def _read(text: str) -> tuple[str, str]:
    found = _TRUST.fullmatch(text.strip())
    if found is None:
        raise Untrusted(f"--trust-code {text!r} names no file and hash; write it as my_rule.py:SHA256")
    return found[1], found[2].lower()


def _stored(bucket: Bucket, run: str) -> dict[str, bytes]:
    """The files in a run's folder, by path; a path that leaves the folder is none of ours."""
    prefix = f"runs/{run}/{FOLDER}/"
    keys = [entry.key for entry in bucket.list(prefix.rstrip("/")) if _PATH.fullmatch(entry.key.removeprefix(prefix))]
    found = {key.removeprefix(prefix): data for key, data in bucket.read_many(sorted(keys)[:_MOST]).items()}
    if large := next((path for path, data in found.items() if len(data) > _LARGEST), None):
        raise UsageError(f"{prefix}{large} is larger than {_LARGEST:,} bytes, too large for a strategy file")
    return found


def _now(path: Path) -> str | None:
    try:
        return _sha256(path.read_bytes())
    except OSError:
        return None


def _home() -> Path:
    return state_folder() / "rules"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
