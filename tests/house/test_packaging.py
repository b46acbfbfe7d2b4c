"""The package list equals the tree, and what ships is what is needed to run."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import soma
from soma import schema
from soma.cli import reference
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOP = PROJECT["tool"]["setuptools"]["package-dir"]


def packages_on_disk() -> set[str]:
    found = set()
    for name, folder in TOP.items():
        for marker in (ROOT / folder).rglob("__init__.py"):
            below = marker.parent.relative_to(ROOT / folder).parts
            found.add(".".join([name, *below]))
    return found


def test_the_package_list_equals_the_tree() -> None:
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages_on_disk()


def test_every_data_file_ships() -> None:
    listed = PROJECT["tool"]["setuptools"]["package-data"]
    patterns = {(ROOT / TOP[name]): globs for name, globs in listed.items()}
    shipped = {path for folder, globs in patterns.items() for pattern in globs for path in folder.glob(pattern)}
    needed = {
        path
        for folder in TOP.values()
        for ending in ("*.sql", "*.json", "py.typed")
        for path in (ROOT / folder).rglob(ending)
    }
    assert needed <= shipped


def test_no_folder_shadows_the_package() -> None:
    assert not (ROOT / "soma").exists()


def test_version_is_told_in_one_place() -> None:
    assert soma.__version__ == PROJECT["project"]["version"]


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from soma.cli.main import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "    cli.main(['--help'], standalone_mode=False)\n"
        "assert 'harvest' in out.getvalue()\n"
        "print(sorted({'duckdb', 'pyarrow', 'polars', 'scipy', 'deltalake', 'networkx', 'numpy'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_reference_of_rows_is_up_to_date() -> None:
    assert (ROOT / "docs" / "rows.md").read_text(encoding="utf-8") == schema.markdown()


def test_the_reference_of_commands_is_up_to_date() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference.markdown()
