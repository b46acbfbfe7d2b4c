"""An adapter of another company: built, installed, found by its entry point, used by soma, checked by the kit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parent / "acme"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the package installed."""
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("acme")
    shutil.copytree(PACKAGE, folder / "package", ignore=shutil.ignore_patterns("__pycache__", "__init__.py", "samples"))
    target = folder / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--target", str(target), str(folder / "package")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    paths = [str(target), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A log under a name that says nothing."""
    return Path(shutil.copy(PACKAGE / "samples" / "monday.jsonl", tmp_path / "unnamed.txt"))


def soma(environment: dict[str, str], *arguments: str) -> Any:
    code = "from soma.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_soma_harvests_with_it(installed: dict[str, str], sample: Path, tmp_path: Path) -> None:
    vault = str(tmp_path / "vault")
    told = soma(installed, "harvest", str(sample), "--vault", vault, "--json")
    assert told["sources"]["read"] == 1 and told["executions"] == 2 and told["decisions"] == 6
    assert [entry["format"] for entry in told["formats"]] == ["acme"]
    shown = soma(installed, "decisions", "--execution", "acme:7f0c1d2e", "--vault", vault, "--json")
    assert "the lift is broken" in json.dumps(shown) and "carry" in json.dumps(shown)


def test_what_it_read_is_not_read_again(installed: dict[str, str], sample: Path, tmp_path: Path) -> None:
    vault = str(tmp_path / "vault")
    assert soma(installed, "harvest", str(sample), "--vault", vault, "--json")["sources"]["new"] == 1
    assert soma(installed, "harvest", str(sample), "--vault", vault, "--json")["sources"]["unchanged"] == 1


def test_it_conforms(installed: dict[str, str], sample: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from acme_traces import ADAPTER\n"
        "from soma.adapters.registry import adapter_named\n"
        "from soma.testing import assert_conforms\n"
        "assert adapter_named('acme') is ADAPTER\n"
        "assert_conforms(ADAPTER, [Path(sys.argv[1])])\n"
        "print('pytest' in sys.modules, 'hypothesis' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(sample)], env=installed, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "False"], "the kit must not need a test library"


def test_without_it_nobody_claims_the_file(sample: Path, tmp_path: Path) -> None:
    told = soma(dict(os.environ), "harvest", str(sample), "--vault", str(tmp_path / "vault"), "--json")
    assert told["sources"]["unrecognised"] == 1 and told["executions"] == 0


def test_two_adapters_of_one_name_are_refused(installed: dict[str, str], tmp_path: Path) -> None:
    twin = tmp_path / "twin-1.dist-info"
    twin.mkdir()
    (twin / "METADATA").write_text("Metadata-Version: 2.1\nName: twin\nVersion: 1\n")
    (twin / "entry_points.txt").write_text("[soma.adapters]\ntwin = acme_traces:ADAPTER\n")
    environment = {**installed, "PYTHONPATH": os.pathsep.join([str(tmp_path), installed["PYTHONPATH"]])}
    code = "from soma.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "harvest", str(tmp_path), "--dry-run"],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "two adapters are called 'acme'" in done.stderr and "uninstall" in done.stderr
