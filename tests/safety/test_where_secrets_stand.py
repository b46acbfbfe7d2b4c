"""``soma secrets`` and ``soma sources`` over a harvest in which secrets were planted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from soma.cli.main import cli
from soma.harvester.harvest import Options, harvest
from soma.synthesizer.jobs import coverage, secrets
from soma.vault import VaultRoot

TOKEN = "ghp_" + "x7Fq2LmZ9aRt4VbN8cKj1WdYs6HpEu3GoTi0"


@pytest.fixture
def vault(tmp_path: Path) -> VaultRoot:
    run = {
        "id": "3f0c5a52-8d1e-4d0b-9f43-0d6f2f1f9a11",
        "messages": [
            {"role": "user", "content": "push it"},
            {"role": "assistant", "tool_calls": [
                {"id": "c1", "function": {"name": "bash", "arguments": json.dumps({"command": f"git push https://{TOKEN}@github.com/x"})}},
                {"id": "c2", "function": {"name": "bash", "arguments": json.dumps({"command": f"echo {TOKEN}"})}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "done"},
            {"role": "tool", "tool_call_id": "c2", "content": "done"},
        ],
    }  # fmt: skip
    traces = tmp_path / "traces"
    traces.mkdir()
    (traces / "run.json").write_text(json.dumps(run))
    (traces / "empty.json").write_text("")
    (traces / "odd.json").write_text('{"level": "info", "msg": "hello"}')
    root = VaultRoot(tmp_path / "vault")
    harvest([str(traces)], root, Options(jobs=1))
    return root


def test_equal_secrets_have_one_mark_and_their_places_are_told(vault: VaultRoot) -> None:
    found = secrets.run(vault.snapshot())
    (kind,) = found.kinds
    assert (kind.kind, kind.replaced, kind.different, kind.sources) == ("github", 2, 1, 1)
    assert len({mark.mark for mark in found.marks}) == 1
    assert {mark.place for mark in found.marks} == {"arguments"}
    assert all(mark.path.endswith("run.json") and mark.length > 0 for mark in found.marks)


def test_only_the_kind_asked_for(vault: VaultRoot) -> None:
    assert secrets.run(vault.snapshot(), "aws-key").kinds == ()


def test_the_page_names_the_place_but_never_the_secret(vault: VaultRoot) -> None:
    shown = CliRunner().invoke(cli, ["secrets", "--vault", str(vault.path)])
    assert shown.exit_code == 0
    assert "github" in shown.output and "run.json" in shown.output
    assert TOKEN not in shown.output and TOKEN[4:24] not in shown.output


def test_what_was_known_and_what_could_not_be(vault: VaultRoot) -> None:
    found = coverage.run(vault.snapshot())
    (chat,) = found.formats
    cells = {field.field: field.cell for field in chat.fields}
    assert chat.format == "generic" and chat.executions == 1
    assert (cells["arguments"], cells["output"]) == ("known", "known")
    assert cells["success"] in {"missing", "cannot"}


def test_silent_sources_are_loud(vault: VaultRoot) -> None:
    found = coverage.run(vault.snapshot())
    assert {Path(source.path).name: source.status for source in found.silent} == {
        "empty.json": "empty",
        "odd.json": "unrecognised",
    }
    shown = CliRunner().invoke(cli, ["sources", "--vault", str(vault.path)])
    assert "unrecognised" in shown.output and "keys level, msg" in " ".join(shown.output.split())
