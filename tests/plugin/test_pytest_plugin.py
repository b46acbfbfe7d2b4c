"""The plugin as a user has it: pytest in a process of its own, nothing but soma installed beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

A_TRACE = """
def test_a_trace(soma_trace):
    soma_trace({trace!r}).stays_below(0.99)
"""
A_STORM = """
from soma.pressure import Action

def test_a_storm(soma_trace):
    failing = [Action(action="exec:make", arguments_digest="a", outcome="failed")] * 5
    soma_trace(failing).stays_below("BLOCK")
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_a_storm_fails_its_test_and_says_where(tmp_path: Path, fixtures: Path) -> None:
    trace = str(fixtures / "claude-code" / "failures.jsonl")
    (tmp_path / "test_agent.py").write_text(A_STORM + A_TRACE.format(trace=trace))
    answer = run(tmp_path)
    assert answer.returncode == 1
    assert "1 failed, 1 passed" in answer.stdout
    assert "not below BLOCK (0.75)" in answer.stdout
    assert "action 5 of agent: exec:make" in answer.stdout


def test_the_settings_file_that_is_named_counts(tmp_path: Path) -> None:
    (tmp_path / "test_agent.py").write_text(A_STORM)
    (tmp_path / "lax.toml").write_text("[thresholds]\nblock = 0.9\n")
    assert run(tmp_path).returncode == 1
    (tmp_path / "pytest.ini").write_text("[pytest]\nsoma_config = lax.toml\n")
    answer = run(tmp_path)
    assert answer.returncode == 0, answer.stdout


def test_pytest_pays_nothing_for_a_plugin_it_does_not_use(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n\ndef test_other():\n"
        "    assert 'soma.api.pytest_plugin' in sys.modules\n"
        "    assert not {'pyarrow', 'duckdb', 'soma.harvester', 'soma.pressure'} & set(sys.modules)\n"
    )
    answer = run(tmp_path)
    assert answer.returncode == 0, answer.stdout
