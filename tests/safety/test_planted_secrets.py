"""Secrets planted in real traces of every format reach neither the vault nor any answer."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from soma.cli.main import cli
from soma.harvester.harvest import Options, harvest
from soma.vault import VaultRoot


def planted() -> dict[str, str]:
    """Secrets as people leak them, put together here so that the repository itself holds none."""
    return {
        "aws-access-key": "AKIA" + "Q3EGRIVZ7K2WMX4T",
        "github-token": "ghp_" + "x7Fq2LmZ9aRt4VbN8cKj1WdYs6HpEu3GoTi0",
        "bearer": "eyJhbGciOi" + "JIUzI1NiJ9.eyJzdWIiOiI0MiJ9.Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA",
        "private-key": "MIIEpAIBAAKCAQEA7d4f0cQbk2m" + "Y3ZxV9rT1sWqPLo8uNhGj5iKeDfBcAzXy",
        "password": "correct-Horse-7battery" + "-staple",
    }


def leak(secrets: dict[str, str]) -> str:
    key = secrets["private-key"]
    return (
        f"export AWS_ACCESS_KEY_ID={secrets['aws-access-key']} && "
        f"curl -H 'Authorization: Bearer {secrets['bearer']}' "
        f"https://bob:{secrets['password']}@db.example.org/ -d token={secrets['github-token']}\n"
        f"-----BEGIN RSA PRIVATE KEY-----\n{key}\n{key}\n-----END RSA PRIVATE KEY-----"
    )


# Texts of the fixtures that end up in columns of the vault: whatever of them a format has
# is prefixed with the leak.
FORMATS = ("openclaw", "claude-code", "langchain", "otel", "agentflow", "generic")
TEXTS = {"text", "command", "content", "thinking", "output", "error", "stringValue", "query", "observations", "actions",
         "prompt", "stdout", "arguments", "aggregated", "rationale", "message", "input", "errorMessage"}  # fmt: skip


def poisoned(value: object, leaked: str, *, inside: bool = False) -> object:
    if isinstance(value, dict):
        # An attribute value without a space is a name that says what a span is.
        named = isinstance(value.get("stringValue"), str) and " " not in value["stringValue"]
        return {key: poisoned(item, leaked, inside=key in TEXTS and not named) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, leaked, inside=inside) for item in value]
    if isinstance(value, str) and inside and not value.lstrip().startswith(("{", "[")):
        return f"{value} {leaked}"
    return value


def plant(source: Path, place: Path, leaked: str) -> int:
    """Copy the files with the leak in every text; returns how many files hold it."""
    files = 0
    for path in sorted(source.rglob("*")):
        target = place / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".sqlite":
            shutil.copy(path, target)
            files += plant_database(target, leaked)
        elif path.suffix == ".jsonl":
            lines = [poisoned_line(line, leaked) for line in path.read_text(encoding="utf-8").splitlines()]
            target.write_text("\n".join(lines) + "\n", encoding="utf-8")
            files += leaked[:20] in target.read_text(encoding="utf-8")
        elif path.suffix == ".json":
            target.write_text(
                json.dumps(poisoned(json.loads(path.read_text(encoding="utf-8")), leaked)), encoding="utf-8"
            )
            files += leaked[:20] in target.read_text(encoding="utf-8")
    return files


def poisoned_line(line: str, leaked: str) -> str:
    try:
        return json.dumps(poisoned(json.loads(line), leaked))
    except ValueError:
        return line


def plant_database(path: Path, leaked: str) -> int:
    with sqlite3.connect(path) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        if "transcript_events" not in tables:
            return 0
        rows = database.execute(
            "SELECT session_id, seq, event_json FROM transcript_events WHERE event_json IS NOT NULL"
        )
        for session, seq, event in rows.fetchall():
            database.execute(
                "UPDATE transcript_events SET event_json = ? WHERE session_id = ? AND seq = ?",
                (poisoned_line(event, leaked), session, seq),
            )
    database.close()
    return 1


@pytest.mark.parametrize("name", FORMATS)
def test_no_secret_reaches_the_vault_or_an_answer(name: str, fixtures: Path, tmp_path: Path) -> None:
    secrets = planted()
    assert plant(fixtures / name, tmp_path / "traces", leak(secrets)) > 0
    root = VaultRoot(tmp_path / "vault")
    summary = harvest([str(tmp_path / "traces")], root, Options(jobs=1))
    snapshot = root.snapshot()
    assert summary.decisions > 0 and summary.redacted >= len(secrets)

    tables = ("executions", "decisions", "sources", "quarantine", "insights")
    everything = [str(snapshot.sql(f"SELECT * FROM {table}").to_pylist()) for table in tables]
    stored = "\n".join(everything)
    assert "[REDACTED:" in stored
    runner = CliRunner()
    agent = snapshot.sql("SELECT agent_id FROM executions ORDER BY decisions DESC, execution_id").column(0)[0].as_py()
    execution = snapshot.sql("SELECT execution_id FROM executions ORDER BY decisions DESC, execution_id").column(0)[0]
    vault = ["--vault", str(root.path)]
    for arguments in (
        ["status", *vault], ["status", "--json", *vault], ["briefing", "--agent", agent, "--json", *vault],
        ["decisions", "--execution", execution.as_py(), "--reasoning", "--output", *vault], ["signatures", *vault],
        ["tasks", "--json", *vault], ["divergence", "--json", *vault], ["report", "--out", "-", *vault],
        ["vault", "info", "--sources", "--quarantine", "--json", *vault],
    ):  # fmt: skip
        answer = runner.invoke(cli, arguments, catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        everything.append(answer.output)
    text = "\n".join(everything)
    for kind, secret in secrets.items():
        # Neither whole nor in a half that a bound could have left.
        assert secret not in text, kind
        assert secret[: len(secret) * 2 // 3] not in text, kind

    for path in root.path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert all(secret.encode() not in data for secret in secrets.values()), path
