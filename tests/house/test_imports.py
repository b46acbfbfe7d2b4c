"""Who may import whom, read from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

FOLDERS = (
    "core",
    "adapters",
    "harvester",
    "vault",
    "synthesizer",
    "pressure",
    "governance",
    "evidence",
    "engine",
    "api",
    "testing",
    "cli",
)
PARTS = {
    "core",
    "adapters",
    "vault",
    "harvester",
    "synthesizer",
    "pressure",
    "pressure/replay",
    "governance",
    "evidence",
    "engine",
}
MAY_IMPORT = {
    "core": {"core"},
    "adapters": {"core", "adapters"},
    "vault": {"core", "vault"},
    "harvester": {"core", "adapters", "vault", "harvester"},
    "synthesizer": {"core", "vault", "synthesizer"},
    # The engine runs live, inside a hook: only pressure/replay, which nothing of the engine imports, may read a vault.
    "pressure": {"core", "pressure"},
    "pressure/replay": {"core", "vault", "pressure", "pressure/replay"},
    # Policies are drafted from findings and judged by the same statistics.
    "governance": {"core", "vault", "synthesizer", "pressure", "governance"},
    # From a finding down to the bytes: only here do the jobs and the readers of sources meet.
    "evidence": {"core", "adapters", "vault", "harvester", "synthesizer", "governance", "evidence"},
    # Hands to an engine what the harvester does with sources and the jobs do with tables.
    "engine": {"core", "vault", "harvester", "synthesizer", "engine"},
    "api": PARTS | {"api"},
    "testing": {"core", "adapters", "pressure", "governance", "testing"},
    "cli": PARTS | {"api", "cli"},
}
# These cost a tenth of a second or more each: `soma --help` and a hook must not pay for them.
HEAVY = {"duckdb", "pyarrow", "polars", "scipy", "networkx", "deltalake", "pyspark", "grpc", "sqlglot", "pysail"}
# What has one place in soma: the wall clock, randomness and JSON.
ONE_PLACE = {"json": {"core/codec.py"}, "random": set(), "time": {"core/clock.py", "vault/lock.py"}}


@cache
def modules() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Every imported module with whether it is imported at module level and at run time."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    tree = tree_of(path)
    typing_only = {
        id(inner)
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    top = {id(node) for node in tree.body}
    package = path.relative_to(ROOT).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top and id(node) not in typing_only
        elif isinstance(node, ast.ImportFrom):
            name = node.module or ""
            if node.level:
                base = ["soma", *package[:-1]] if package[0] != "core" else ["soma", *package[1:-1]]
                name = ".".join([*base[: len(base) - node.level + 1], *([name] if name else [])])
            yield name, id(node) in top and id(node) not in typing_only
            if name == "soma":
                for alias in node.names:
                    yield f"soma.{alias.name}", id(node) in top and id(node) not in typing_only


def folder_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "soma":
        return None
    if parts[1:3] == ["pressure", "replay"]:
        return "pressure/replay"
    return parts[1] if len(parts) > 1 and parts[1] in FOLDERS else "core"


def test_a_module_imports_only_what_its_folder_may() -> None:
    found = {}
    for path in modules():
        own = path.relative_to(ROOT).parts[0]
        if path.is_relative_to(ROOT / "pressure" / "replay"):
            own = "pressure/replay"
        if path == ROOT / "core" / "__init__.py":
            # The facade names everything, but loads it only when it is asked for.
            at_top = {module for module, at_top in imports(path) if at_top}
            forbidden = {module for module in at_top if folder_of(module) not in {None, "core"}}
        else:
            forbidden = {
                module for module, _ in imports(path) if (folder := folder_of(module)) and folder not in MAY_IMPORT[own]
            }
        if forbidden:
            found[path.relative_to(ROOT).as_posix()] = sorted(forbidden)
    assert not found, "these must not be imported there"


def test_heavy_libraries_are_imported_inside_functions() -> None:
    found = {}
    for path in modules():
        at_top = {module for module, at_top in imports(path) if at_top}
        heavy = {module for module in at_top if module.split(".")[0] in HEAVY}
        if path.is_relative_to(ROOT / "engine" / "dialect"):
            # All of it is about sqlglot's trees: the package as a whole is imported inside functions.
            heavy = {module for module in heavy if module.split(".")[0] != "sqlglot"}
        else:
            heavy |= {module for module in at_top if module.startswith("soma.engine.dialect")}
        if heavy:
            found[path.relative_to(ROOT).as_posix()] = sorted(heavy)
    assert not found, "these are imported when it is loaded"


def test_clock_randomness_and_json_have_one_place() -> None:
    found = {}
    for path in modules():
        here = path.relative_to(ROOT).as_posix()
        for module, _ in imports(path):
            places = ONE_PLACE.get(module.split(".")[0])
            if here.startswith("testing/") and module == "random":
                # The kit breaks files at random, from a seed it prints.
                continue
            if places is not None and here not in places:
                found[here] = module
    assert not found, "use soma.codec or soma.clock"


def test_no_module_outgrows_its_size() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()
    }
    assert len(lines) > 700
    assert not {here: many for here, many in lines.items() if many > 500}
    assert not {path.stem for path in modules()} & {"utils", "helpers", "common", "manager"}


def test_everything_is_caught_in_two_places_only() -> None:
    places = set()
    for path in modules():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            ):
                # A handler that ends by raising again only cleans up.
                if isinstance(node.body[-1], ast.Raise):
                    continue
                places.add(path.relative_to(ROOT).as_posix())
    # The third is the conformance kit's, which judges adapters it does not know and runs in no harvest.
    assert places == {"cli/main.py", "harvester/recognise.py", "testing/reading.py"}
