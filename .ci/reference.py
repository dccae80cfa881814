"""Hook of MkDocs: `::: PACKAGE` becomes an entry for each name in the package's stub, if it has one.

Names in the stubs of its folders, which are public as well, are listed at the end.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def on_page_markdown(markdown: str, **_: Any) -> str:
    return re.sub(r"^::: (cqs_\w+)$", lambda found: reference(found[1]), markdown, flags=re.MULTILINE)


def reference(package: str) -> str:
    folder = ROOT / "packages" / package.replace("_", "-") / "src" / package
    if not (folder / "__init__.pyi").is_file():
        return f"::: {package}"
    about = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    homes = public_names(package, folder / "__init__.pyi")
    borrowed = {name for name, home in homes.items() if is_borrowed(package, home)}
    entries = [f"::: {homes[name]}" for name in sorted(homes.keys() - borrowed, key=str.casefold)]
    told = f"From [`cqs_core`](core.md): {', '.join(f'`{name}`' for name in sorted(borrowed))}." if borrowed else ""
    return "\n\n".join([about, *entries, told, *further(package, folder)])


def is_borrowed(package: str, home: str) -> bool:
    """Whether a module only hands on a name of cqs-core, which has an entry on its own page."""
    module, _, name = home.rpartition(".")
    path = ROOT / "packages" / package.replace("_", "-") / "src" / f"{module.replace('.', '/')}.py"
    if not path.is_file():
        return False
    imports = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    return any(
        (node.module or "").startswith("cqs_core") and name in {alias.name for alias in node.names} for node in imports
    )


def further(package: str, folder: Path) -> list[str]:
    """Public names of the folders inside."""
    parts = []
    for stub in sorted(folder.glob("*/**/__init__.pyi")):
        module = ".".join((package, *stub.parent.relative_to(folder).parts))
        names = ", ".join(f"`{name}`" for name in sorted(public_names(module, stub), key=str.casefold))
        parts.append(f"**`{module}`**: {names}")
    return ["## Public names of its folders", *parts] if parts else []


def public_names(package: str, stub: Path) -> dict[str, str]:
    """Full paths by public name."""
    imports = [node for node in ast.parse(stub.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name: ".".join(filter(None, (package, node.module, alias.name)))
        for node in imports
        for alias in node.names
    }
