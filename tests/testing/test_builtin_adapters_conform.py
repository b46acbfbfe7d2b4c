"""Every adapter that ships with soma, against every check of the kit, on the traces that ship with soma."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Adapter
from soma.adapters.registry import adapters, recognise
from soma.testing import CHECKS, check_adapter
from soma.testing.foreign import foreign
from soma.testing.hostile import hostile_input

from .samples import samples_of

MUTANTS = 300
ACCEPTED = {
    # InterCode results name no run, and two models may have done the very same: only the place tells such runs apart.
    ("generic", "identity"): ("ic_bash_multiturn", ("other execution ids under another name", "a copy beside it")),
}
"""Adapter and check to what stays as it is (file, and what is found), with the reason."""

pytestmark = pytest.mark.usefixtures("smaller_files")
every_adapter = pytest.mark.parametrize("adapter", adapters(), ids=lambda adapter: adapter.name)


@every_adapter
def test_there_are_samples(adapter: Adapter, tmp_path: Path) -> None:
    assert samples_of(adapter, tmp_path), f"put a few small traces into fixtures/{adapter.name}"


@pytest.mark.parametrize("check", [name for name in CHECKS if name != "hostile_input"])
@every_adapter
def test_the_adapter_conforms(adapter: Adapter, check: str, tmp_path: Path) -> None:
    found = check_adapter(adapter, samples_of(adapter, tmp_path), [check])
    file, messages = ACCEPTED.get((adapter.name, check), ("", ()))
    accepted = [v for v in found if v.sample.startswith(file) and v.message.startswith(messages)] if messages else []
    assert not [str(violation) for violation in found if violation not in accepted]
    assert bool(accepted) == bool(messages), f"{adapter.name} keeps {check} now: it needs no exception"


@every_adapter
def test_the_adapter_survives_mutants_of_its_traces(adapter: Adapter, tmp_path: Path) -> None:
    found = list(hostile_input(adapter, samples_of(adapter, tmp_path), runs=MUTANTS, seed=20260321))
    assert not [str(violation) for violation in found]


@pytest.mark.slow
@every_adapter
def test_the_adapter_survives_many_more(adapter: Adapter, tmp_path: Path) -> None:
    found = list(hostile_input(adapter, samples_of(adapter, tmp_path), runs=30 * MUTANTS, seed=20260322))
    assert not [str(violation) for violation in found]


@pytest.mark.parametrize("other", [other for other in foreign() if other.owner], ids=lambda other: other.name)
def test_small_files_of_a_format_go_to_its_adapter(other: object) -> None:
    from soma.testing.foreign import Foreign

    assert isinstance(other, Foreign)
    found = recognise(Head("unnamed", len(other.data), other.data))
    assert found is not None and found[0].name == other.owner


def test_every_adapter_has_a_small_file_in_the_kit() -> None:
    assert {adapter.name for adapter in adapters()} <= {other.owner for other in foreign()}


def _fingerprints(seed: str, paths: Sequence[str]) -> str:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from soma.adapters.registry import adapters\n"
        "from soma.identity import digest\n"
        "from soma.testing import read\n"
        "from soma.testing.comparison import fingerprint\n"
        "from tests.testing.samples import samples_of\n"
        "for adapter in adapters():\n"
        "    samples = samples_of(adapter, Path(sys.argv[1]))\n"
        "    one_by_one = [repr(item) for path in samples for item in read(adapter, path).items]\n"
        "    together = fingerprint(read(adapter, *samples))\n"
        "    print(adapter.name, digest('\\n'.join(one_by_one)), digest('\\n'.join(together)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True, timeout=120,
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip
    return done.stdout


def test_no_adapter_depends_on_the_order_of_sets(tmp_path: Path) -> None:
    """Worker processes hash texts differently: what comes out, and in which order, must not depend on it."""
    first, second = (_fingerprints(seed, [str(tmp_path)]).splitlines() for seed in ("1", "2"))
    assert len(first) == len(adapters())
    assert first == second
