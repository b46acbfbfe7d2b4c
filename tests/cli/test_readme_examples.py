"""What README shows is what happens: every command line, the notebook and the settings, on the shipped traces."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from soma import Vault
from soma.config import load
from tests.conftest import ROOT

from .conftest import Soma

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
# What a reader fills in: a word of the README to what is meant here.
HERE = {
    "~/.openclaw": "traces/openclaw",
    "~/.claude/projects": "traces/claude-code",
    "exports/*.jsonl": "traces/langchain/*.jsonl",
    "~/agents": "traces/agentflow",
    "session.jsonl": "traces/claude-code/sample.jsonl",
    "labels.csv": "labels.csv",
}


def commands() -> Iterator[str]:
    """The command lines of the README, comments cut off, ``a | b | c`` taken apart."""
    for language, text in BLOCKS:
        for line in text.splitlines() if not language else ():
            told = line.partition("  #")[0].strip()
            if not told.startswith("soma ") or told == "soma --help":
                continue
            head, *rest = told.split(" | ")
            yield head
            # Of alternatives after the first only the last word differs: "soma export --format atif | xes | ocel".
            yield from (" ".join([*head.split(" ")[:-1], other]) for other in rest)


# It serves until its client leaves: tests/governance has a real client.
COMMANDS = [line for line in commands() if line != "soma mcp"]


@pytest.fixture
def place(
    tmp_path_factory: pytest.TempPathFactory, synthesized: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder like a reader's: traces, a vault of last night, an export of labels, and who decides."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "traces").symlink_to(fixtures)
    shutil.copytree(synthesized, folder / ".soma")
    (folder / "labels.csv").write_text("execution_id,success,score\nnobody,true,1\n", encoding="utf-8")
    (folder / "soma.toml").write_text('[governance]\nactor = "Ada Lovelace"\n', encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory, vault: Path) -> Path:
    """A vault over which the jobs of the night ran."""
    folder = tmp_path_factory.mktemp("last-night") / "vault"
    shutil.copytree(vault, folder)
    Vault(folder).synthesize()
    return folder


def test_the_readme_has_commands_and_code() -> None:
    assert len(COMMANDS) > 20
    assert {"python", "toml"} <= {language for language, _ in BLOCKS}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readme_works(soma: Soma, place: Path, line: str) -> None:
    words = [HERE.get(word, word) for word in shlex.split(line)[1:]]
    if "ID" in words:
        words[words.index("ID")] = _id_for(soma, words)
    if "POLICY" in words:
        ratified = soma("governance", "promote", _id_for(soma, ["governance"]), "--yes", "--json").json
        words[words.index("POLICY")] = ratified["policy"]["id"]
    answer = soma(*words)
    assert answer.code == 0, (line, answer.err)
    assert answer.out.strip() or "--out" in line or "harvest" in line


def _id_for(soma: Soma, words: list[str]) -> str:
    """What stands for ``ID`` in this command: a finding that gives a policy, or the last failed run of an agent."""
    if words[0] in {"governance", "evidence"}:
        proposals = soma("governance", "list", "--json").json["proposals"]
        return str(next(proposal["id"] for proposal in proposals if proposal["drafted"]))
    briefing = soma("briefing", "--agent", "mailer", "--json").json
    return str(briefing["lastFailed"]["executionId"])


def test_the_notebook_runs(place: Path) -> None:
    for language, text in BLOCKS:
        if language == "python":
            exec(compile(text, "README.md", "exec"), {})


def test_the_settings_are_settings(tmp_path: Path) -> None:
    for language, text in BLOCKS:
        if language == "toml":
            (tmp_path / "soma.toml").write_text(text, encoding="utf-8")
            assert load(tmp_path, {}, {}).origins["vault"].endswith("soma.toml")
