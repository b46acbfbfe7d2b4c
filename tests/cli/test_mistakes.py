"""What a person sees who mistypes, has no vault, or pipes into head: one message, what to type next, an exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Answer, Soma

NO_VAULT = [
    ["status"], ["briefing", "--agent", "a"], ["divergence"], ["decisions", "--execution", "e"], ["signatures"],
    ["tasks"], ["report", "--out", "-"], ["vault", "info"], ["vault", "check"],
]  # fmt: skip


def clean(answer: Answer) -> bool:
    """Nothing on stdout, no traceback, and a hint."""
    return answer.out == "" and "Traceback" not in answer.err and "→" in answer.err


@pytest.mark.parametrize("arguments", NO_VAULT)
def test_without_a_vault_the_hint_says_how_to_make_one(soma: Soma, tmp_path: Path, arguments: list[str]) -> None:
    answer = soma(*arguments, "--vault", str(tmp_path / "none"))
    assert answer.code == 5
    assert clean(answer)
    assert "there is no vault here" in answer.err
    assert "soma harvest PATH" in answer.err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["briefing", "--agent", "gpt-4x"],
        ["signatures", "--agent", "gpt-4x"],
        ["divergence", "--agents", "starchat", "gpt-4x"],
    ],
)
def test_an_unknown_agent_is_answered_with_a_suggestion(soma: Soma, vault: Path, arguments: list[str]) -> None:
    answer = soma(*arguments, "--vault", str(vault))
    assert answer.code == 1
    assert clean(answer)
    assert "did you mean gpt-4" in answer.err


def test_an_unknown_execution_is_not_found(soma: Soma, vault: Path) -> None:
    answer = soma("decisions", "--execution", "nope", "--vault", str(vault))
    assert (answer.code, clean(answer)) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["brieffing"],
        ["briefing"],
        ["status", "--nope"],
        ["divergence", "--delta", "2"],
        ["divergence", "--agents", "one"],
        ["signatures", "--limit", "0"],
        ["decisions"],
        ["decisions", "--trace", "/nowhere.jsonl"],
        ["harvest"],
        ["outcomes", "import"],
    ],
)
def test_wrong_use_is_exit_code_2(soma: Soma, vault: Path, arguments: list[str]) -> None:
    answer = soma(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert answer.err


def test_a_mistyped_command_is_answered_with_the_nearest(soma: Soma) -> None:
    assert "Did you mean briefing?" in soma("brieffing").err


def test_both_a_trace_and_an_execution_is_wrong_use(soma: Soma, fixtures: Path, vault: Path) -> None:
    trace = str(fixtures / "claude-code" / "failures.jsonl")
    answer = soma("decisions", "--trace", trace, "--execution", "x", "--vault", str(vault))
    assert (answer.code, clean(answer)) == (2, True)


def test_a_file_that_is_no_trace_says_why(soma: Soma, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n")
    answer = soma("decisions", "--trace", str(path))
    assert (answer.code, clean(answer)) == (4, True)
    assert str(path) in answer.err


def test_a_report_that_cannot_be_written_says_where(soma: Soma, vault: Path, tmp_path: Path) -> None:
    answer = soma("report", "--out", str(tmp_path / "no" / "r.json"), "--vault", str(vault))
    assert (answer.code, clean(answer)) == (1, True)
    assert str(tmp_path / "no" / "r.json") in answer.err


def test_a_setting_that_cannot_be_used_is_exit_code_3(soma: Soma, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMA_NOW", "yesterday")
    answer = soma("report", "--out", "-", "--vault", str(vault))
    assert (answer.code, clean(answer)) == (3, True)


def test_whatever_breaks_is_one_message(soma: Soma, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("wheel\x1b[2J came off")

    monkeypatch.setattr("soma.synthesizer.jobs.health.run", broken)
    answer = soma("status", "--vault", str(vault))
    assert (answer.code, clean(answer)) == (70, True)
    assert "\x1b" not in answer.err
    assert "--debug" in answer.err


def test_soma_alone_shows_the_status_where_a_vault_is_else_its_help(
    soma: Soma, vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert soma().out.startswith("Usage: soma")
    (tmp_path / ".soma").symlink_to(vault)
    assert soma().out.startswith("Vault version 1 · ")


def shell(*arguments: str, head: int | None = None) -> subprocess.CompletedProcess[bytes]:
    """soma in a process of its own; ``head`` closes its output after so many bytes."""
    command = [sys.executable, "-m", "soma.cli.main", *arguments]
    if head is None:
        return subprocess.run(command, capture_output=True, timeout=120)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(head)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    return subprocess.CompletedProcess(command, process.wait(120), b"", errors)


@pytest.mark.parametrize("arguments", [["report", "--out", "-"], ["signatures", "--limit", "5000"], ["status"]])
def test_a_reader_that_goes_away_is_no_error(vault: Path, arguments: list[str]) -> None:
    done = shell(*arguments, "--vault", str(vault), head=10)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_screen_that_knows_no_signs_gets_question_marks(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    done = shell("decisions", "--execution", "cc:069508a5", "--vault", str(vault))
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"? exec:nvcc" in done.stdout


def test_help_answers_before_anything_heavy_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "soma.cli.main", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    heavy = {"duckdb", "pyarrow", "polars", "deltalake", "scipy", "numpy", "networkx", "rich", "rapidfuzz"}
    assert not imported & heavy
