"""The diagram of docs/architecture.md is what the code imports."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict

import pytest

import documents

grimp = pytest.importorskip("grimp", reason="comes with import-linter")

PACKAGES = ("cqs_core", "cqs_data", "cqs_backtest", "cqs_monitor", "cqs_panel")
SIBLINGS = ("cqs_data", "cqs_backtest", "cqs_monitor")
PAGE = "architecture"


def part_of(module: str) -> str:
    """The node of the diagram that a module belongs to."""
    top, *rest = module.split(".")
    return f"{top}.{rest[0]}" if top in SIBLINGS and rest[:1] in (["views"], ["charts"]) else top


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """What each node imports: other nodes, and libraries."""
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    found: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        if module.split(".")[0] in PACKAGES:
            found[part_of(module)] |= {part_of(name) for name in graph.find_modules_directly_imported_by(module)}
    return {name: others - {name} for name, others in found.items()}


@pytest.fixture(scope="module")
def diagram() -> tuple[list[set[str]], set[tuple[str, str]]]:
    """Layers from top to bottom, and arrows."""
    [mermaid] = documents.blocks(PAGE, "mermaid")
    label = dict(re.findall(r'^\s+(\w+)\["([^"]+)"\]$', mermaid.text, re.MULTILINE))
    layers = [
        {label[name] for name in re.findall(r"^\s+(\w+)\[", body, re.MULTILINE)}
        for body in re.findall(r"subgraph [^\n]+\n(.*?)\n\s*end", mermaid.text, re.DOTALL)
    ]
    arrows = re.findall(r"^\s*(\w+) --> (\w+)$", mermaid.text, re.MULTILINE)
    return layers, {(label[a], label[b]) for a, b in arrows}


def test_its_arrows_are_the_imports(diagram, imports):
    nodes = set().union(*diagram[0])
    assert nodes == set(imports)
    # a package imports its own pages only inside the hooks that register them, its charts only where one is drawn
    told = {(a, b) for a, b in diagram[1]}
    real = {(a, b) for a, others in imports.items() for b in others & nodes if not b.startswith(f"{a}.")}
    assert told == real


def test_every_arrow_points_to_a_lower_layer_or_to_the_package_of_the_page(diagram):
    depth = {name: n for n, layer in enumerate(diagram[0]) for name in layer}
    assert all(depth[a] < depth[b] for a, b in diagram[1])


def test_pages_are_imported_only_by_their_plugin(imports):
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    pages = [name for name in imports if name.endswith(".views")]
    for page in pages:
        inside = {module for module in graph.modules if part_of(module) == page}
        users = {user for module in inside for user in graph.find_modules_that_directly_import(module)}
        assert users - inside <= {f"{page.removesuffix('.views')}.plugin"}


def test_its_libraries_are_imported_by_whom_it_says(imports):
    for library, users in documents.rows(PAGE, "Packages and who imports whom"):
        if library.strip("`").startswith("cqs-"):
            continue
        told = {name.strip(" `") for name in users.split(",")}
        assert told == {name for name, others in imports.items() if library.strip("`") in others}, library


def contracts():
    return tomllib.loads((documents.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_its_layers_are_those_of_the_contracts():
    told = {
        cells[0].strip("`"): [" | ".join(re.findall(r"`(\w+)`", layer)) for layer in cells[1].split(", ")]
        for cells in documents.rows(PAGE, "Layers inside the packages")
    }
    assert told == {one["containers"][0]: one["layers"] for one in contracts() if one["type"] == "layers"}


def test_it_lists_every_contract():
    text = documents.text(PAGE)
    assert [one["name"] for one in contracts() if f"- {one['name']}" not in text] == []
