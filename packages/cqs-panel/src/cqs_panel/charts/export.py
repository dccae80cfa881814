"""Charts and pages as files: HTML, or PNG drawn by the Chromium or Chrome of this machine."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from cqs_core import CqsError, UsageError
from cqs_core.files import replacing
from cqs_panel.charts.document import chart_page

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
_QUIET = ("--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking")
_MEASURE = """<script>setTimeout(() => {
  document.body.dataset.tall = Math.ceil(document.body.getBoundingClientRect().bottom)
}, 1500)</script>"""
_TIME = 5_000  # ms of the page's own time, which runs as fast as the machine can
_PATIENCE = 120.0  # seconds
_TALLEST = 16_000  # pixels that Chromium draws
_SPARE = 200  # pixels of the window that its frame takes, though none is seen


def save(chart: Any, path: str | Path, *, width: int = 1000) -> Path:
    """Write a chart to a file.

    Args:
        chart: a HoloViews object.
        path: ends with `.html` (interactive, needs no network) or `.png`; an existing file is replaced.
        width: of a picture, in pixels.

    Returns:
        The path.

    Raises:
        UsageError: another ending, no such folder, or a picture and no browser that could draw it.
        CqsError: the browser drew nothing.
    """
    return save_page(chart_page(chart), path, width=width)


def save_page(page: str, path: str | Path, *, width: int = 1000) -> Path:
    """Write a page of HTML to a file, as it is or as a picture of all of it; see `save`."""
    target = Path(path)
    if target.suffix.lower() not in (".html", ".png"):
        raise UsageError(f"cannot save {str(target)!r}: name a file that ends with .html or .png")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {str(target.absolute().parent)!r}; make it, or name another file")
    with replacing(target, make_folder=False) as temporary:
        if target.suffix.lower() == ".html":
            temporary.write_text(page, "utf-8")
        else:
            temporary.write_bytes(picture(page, width))
    return target


def picture(page: str, width: int = 1000) -> bytes:
    """The whole page as PNG; see `save`."""
    browser = _browser()
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "page.html", Path(folder) / "page.png"
        source.write_text(page + _MEASURE, "utf-8")
        measured = _run(browser, folder, width, 800, "--dump-dom", source.as_uri())
        tall = re.search(r'<body[^>]*data-tall="(\d+)"', measured)
        height = min(int(tall[1]) if tall else 800, _TALLEST)
        _run(browser, folder, width, height + _SPARE, f"--screenshot={out}", source.as_uri())
        if not out.is_file():
            raise CqsError(f"{browser} drew no picture; save the chart as .html instead")
        return _cut(out.read_bytes(), height)


def _cut(png: bytes, height: int) -> bytes:
    """The upper rows of a picture: each is coded by itself, or by the one above it."""
    width, _, depth, color = struct.unpack(">IIBB", png[16:26])
    row = 1 + width * {2: 3, 6: 4}[color] * depth // 8
    chunks, at = [], 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += 12 + size
    head = chunks[0][1][:4] + struct.pack(">I", height) + chunks[0][1][8:]
    rows = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))[: row * height]
    return png[:8] + b"".join(map(_chunk, (b"IHDR", b"IDAT", b"IEND"), (head, zlib.compress(rows, 9), b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _browser() -> str:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    found = found or next((path for path in _APPLICATIONS if Path(path).is_file()), None)
    if found is None:
        raise UsageError("a picture needs Chromium or Chrome, and none is installed; install one, or save as .html")
    return found


def _run(browser: str, folder: str, width: int, height: int, *arguments: str) -> str:
    """The file that the browser wrote; it has its own profile, so that an open browser is not used."""
    sandbox = ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []  # root has none
    options = [*_QUIET, *sandbox, f"--user-data-dir={folder}/profile", f"--virtual-time-budget={_TIME}"]
    command = [browser, *options, f"--window-size={width},{height}", *arguments]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CqsError(f"{browser} did not draw: {error}; save the chart as .html instead") from None
    return ended.stdout
