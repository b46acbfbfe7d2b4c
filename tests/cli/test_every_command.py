"""Every command on real traces: text for people, JSON for programs, and nothing else on stdout."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from soma import codec
from soma.cli.main import COMMANDS
from soma.vault import VaultRoot

from .conftest import Answer, Soma

JSON = [
    (["status"], "soma.status"),
    (["briefing", "--agent", "gpt-4"], "soma.briefing"),
    (["divergence"], "soma.divergence"),
    (["divergence", "--agents", "gpt-4", "starchat", "--all"], "soma.divergence"),
    (["decisions", "--execution", "cc:069508a5"], "soma.decisions"),
    (["signatures", "--agent", "curator"], "soma.signatures"),
    (["tasks"], "soma.tasks"),
    (["variants", "--agent", "gpt-4"], "soma.variants"),
    (["map", "--agent", "gpt-4"], "soma.map"),
    (["conformance", "--agent", "gpt-4"], "soma.conformance"),
    (["drift"], "soma.drift"),
    (["archetypes"], "soma.archetypes"),
    (["insights"], "soma.insights"),
    (["lessons"], "soma.lessons"),
    (["operators"], "soma.operators"),
    (["policies", "query", "--intent", "route"], "soma.policies.query"),
    (["evidence", "cc:069508a5"], "soma.evidence"),
    (["replay", "--agent", "gpt-4"], "soma.replay"),
    (["patterns"], "soma.patterns"),
    (["gates", "--by", "agent", "--control", "gpt-4"], "soma.gates"),
    (["gates"], "soma.gates.patterns"),
    (["healing"], "soma.healing"),
    (["grade"], "soma.grade"),
    (["report"], "soma.report"),
    (["vault", "info", "--sources", "--quarantine"], "soma.vault.info"),
    (["vault", "check"], "soma.vault.check"),
    (["config", "show"], "soma.config"),
]


@pytest.mark.parametrize(("arguments", "schema"), JSON)
def test_json_is_one_object_that_names_its_schema(soma: Soma, vault: Path, arguments: list[str], schema: str) -> None:
    answer = soma(*arguments, "--vault", str(vault), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["schema"] == schema
    assert answer.json["schemaVersion"] >= 1
    assert answer.err == ""
    # The name of the schema says which command gave it.
    assert schema.split(".")[1] == arguments[0]


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, ...], Answer]:
    """What commands said to people, as far as they were asked."""
    return {}


def page_of(soma: Soma, vault: Path, pages: dict[tuple[str, ...], Answer], arguments: list[str]) -> Answer:
    """What a command says about the vault, asked once."""
    if tuple(arguments) not in pages:
        pages[tuple(arguments)] = soma(*arguments, "--vault", str(vault))
    return pages[tuple(arguments)]


@pytest.mark.parametrize(("arguments", "schema"), [case for case in JSON if case[0] != ["report"]])
def test_text_is_for_people(
    soma: Soma, vault: Path, pages: dict[tuple[str, ...], Answer], arguments: list[str], schema: str
) -> None:
    answer = page_of(soma, vault, pages, arguments)
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert answer.out.strip()
    assert "\x1b" not in answer.out
    assert not [line for line in answer.out.splitlines() if line != line.rstrip()]


def test_every_command_of_the_help_can_be_asked_for_help(soma: Soma) -> None:
    listed = soma("--help")
    assert listed.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name}  ", listed.out, re.MULTILINE)
        answer = soma(name, "--help")
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith(f"Usage: soma {name}")


def test_status_tells_what_the_vault_holds_and_what_to_type(soma: Soma, vault: Path) -> None:
    status = soma("status", "--vault", str(vault), "--json").json
    page = soma("status", "--vault", str(vault)).out
    assert f"{len(status['agents'])} agents · {status['executions']:,} executions" in page
    starchat = next(agent for agent in status["agents"] if agent["agentId"] == "starchat")
    failures = starchat["failures"]
    assert starchat["health"] == "critical"
    assert f"{100 * failures['rate']:.1f} % of {failures['total']} [" in page
    assert f"soma briefing --agent {status['agents'][0]['agentId']}" in page
    assert "soma vault info --sources" in " ".join(page.split())


def test_a_briefing_tells_why_and_what_to_do(soma: Soma, vault: Path) -> None:
    page = soma("briefing", "--agent", "starchat", "--vault", str(vault)).out
    assert page.startswith("starchat   CRITICAL   ")
    assert "gpt-4 does better on the same 87 tasks" in page
    assert "starchat should take exec:find at step 1, as gpt-4 does." in page
    assert "soma divergence --agents gpt-4 starchat" in page


def test_every_command_a_briefing_suggests_works_as_it_stands(
    soma: Soma, vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    agents = [agent["agentId"] for agent in soma("status", "--vault", str(vault), "--json").json["agents"]]
    suggested = set()
    for agent in agents[:12]:
        page = soma("briefing", "--agent", agent, "--vault", str(vault))
        assert page.code == 0, page.err
        suggested |= {line.strip() for line in page.out.splitlines() if line.strip().startswith("soma ")}
    # Commands that differ in nothing but their values are one: the first of each is tried.
    shapes: dict[tuple[str, ...], str] = {}
    for command in sorted(command for command in suggested if "labels.csv" not in command):
        words = shlex.split(command)
        shapes.setdefault((words[1], *(word for word in words if word.startswith("-"))), command)
    assert len(suggested) > 20
    assert {"divergence", "decisions", "localize"} <= {shape[0] for shape in shapes}
    for command in shapes.values():
        answer = soma(*shlex.split(command)[1:])
        assert answer.code == 0, (command, answer.err)


def test_every_command_that_pages_and_hints_name_exists(
    soma: Soma, vault: Path, pages: dict[tuple[str, ...], Answer]
) -> None:
    texts = [page_of(soma, vault, pages, arguments).out for arguments, _ in JSON if arguments != ["report"]]
    texts += [soma(*arguments).err for arguments in (["status", "--vault", "/nowhere"], ["decisions"])]
    named = {name for text in texts for name in re.findall(r"(?:^|[ (])soma ([a-z]+)\b(?! knows)", text)}
    assert {"briefing", "divergence", "decisions", "outcomes", "harvest"} <= named
    assert named <= COMMANDS.keys()


def test_a_trace_is_shown_without_a_vault(
    soma: Soma, fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trace = str(fixtures / "claude-code" / "failures.jsonl")
    page = soma("decisions", "--trace", trace)
    assert page.code == 0, page.err
    assert "13 decisions" in page.out
    assert "✘ exec:nvcc" in page.out
    assert "nvcc: command not found" in page.out
    assert "signature  plan:todo → exec:nvidia-smi" in page.out
    assert "with: " not in page.out
    assert "with: " in soma("decisions", "--trace", trace, "--output").out
    (chain,) = soma("decisions", "--trace", trace, "--json").json["chains"]
    assert chain["outcomes"] == {"failed": 2, "ok": 10, "unknown": 1}
    assert list(tmp_path.iterdir()) == []


def test_a_trace_tells_what_the_vault_tells(soma: Soma, fixtures: Path, vault: Path) -> None:
    trace = soma("decisions", "--trace", str(fixtures / "claude-code" / "failures.jsonl"), "--json").json["chains"][0]
    stored = soma("decisions", "--execution", trace["executionId"], "--vault", str(vault), "--json").json["chains"][0]
    assert {**trace, "agentId": "", "decisions": ""} == {**stored, "agentId": "", "decisions": ""}
    assert [link["action"] for link in trace["decisions"]] == [link["action"] for link in stored["decisions"]]


def test_labels_from_outside_change_the_answers(soma: Soma, fixtures: Path, tmp_path: Path) -> None:
    place = ["--vault", str(tmp_path / "vault")]
    assert soma("harvest", str(fixtures / "agentflow"), *place, "--jobs", "1").code == 0
    runs = (
        VaultRoot(tmp_path / "vault").snapshot().sql("SELECT execution_id FROM executions WHERE agent_id = 'curator'")
    )
    labels = tmp_path / "labels.csv"
    labels.write_text("execution_id,success\n" + "".join(f"{run.as_py()},no\n" for run in runs.column(0)))
    told = soma("outcomes", "import", str(labels), *place, "--json")
    assert (told.json["schema"], told.json["matched"]) == ("soma.outcomes", 8)
    page = soma("briefing", "--agent", "curator", *place).out
    assert "CRITICAL   100.0 % of its runs do not achieve their task (8 of 8)" in page


def test_pages_are_as_wide_as_columns_says(soma: Soma, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    page = soma("briefing", "--agent", "gpt-4", "--vault", str(vault)).out
    assert max(len(line) for line in page.splitlines() if "soma " not in line) <= 80


def test_a_report_is_written_whole_and_is_the_same_every_time(
    soma: Soma, vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jsonschema

    from soma.synthesizer.jobs.report.schema import shipped

    monkeypatch.setenv("SOMA_NOW", "2026-03-21T09:30:00Z")
    out = tmp_path / "soma-report.json"
    page = soma("report", "--out", str(out), "--vault", str(vault))
    assert page.code == 0, page.err
    # The path of a temporary folder may be longer than a line.
    assert page.out.replace("\n", "").startswith(f"{out}: ")
    first = out.read_bytes()
    value = codec.decode(first)
    jsonschema.validate(value, shipped(), jsonschema.Draft202012Validator)
    assert list(value)[:3] == ["schema", "schemaVersion", "available"]
    assert value["generatedAt"] == value["generated"] == "2026-03-21T09:30:00.000Z"
    assert value["totals"]["agents"] == len(value["agents"]) > 20
    assert value["sources"]["cannotTell"]["claude-code"] == ["alternatives", "confidence", "operator", "success"]
    assert first.startswith(b'{\n  "schema": "soma.report"')
    assert soma("report", "--out", str(out), "--vault", str(vault), "--json").out.encode() == first
    assert out.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["soma-report.json"]
    # In a process of another hash seed (this one has one of its own) and in another time zone likewise.
    elsewhere = {**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu"}
    command = [sys.executable, "-m", "soma.cli.main", "report", "--out", "-", "--vault", str(vault)]
    assert subprocess.run(command, env=elsewhere, capture_output=True, check=True, timeout=120).stdout == first


def test_a_report_lies_in_the_working_directory_when_nothing_else_is_said(
    soma: Soma, vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    soma("report", "--vault", str(vault), "--json")
    assert list(tmp_path.iterdir()) == []
    soma("report", "--vault", str(vault))
    assert [path.name for path in tmp_path.iterdir()] == ["soma-report.json"]


def test_failures_are_those_counted_in_the_raw_files(soma: Soma, fixtures: Path, vault: Path) -> None:
    files = sorted((fixtures / "generic" / "intercode").rglob("*starchat*.json"))
    runs = [run for path in files for run in codec.decode(path.read_bytes()).values()]
    unsolved = sum(run["summary"]["max_reward"] < 1 for run in runs)
    status = soma("status", "--vault", str(vault), "--json").json
    starchat = next(agent for agent in status["agents"] if agent["agentId"] == "starchat")
    assert (starchat["failures"]["successes"], starchat["failures"]["total"]) == (unsolved, len(runs))
