"""One folder with every kind of file that nobody would write on purpose, and three good ones among them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from soma.cli.main import cli
from soma.harvester.harvest import Options, harvest
from soma.harvester.summary import Summary
from soma.vault import VaultRoot
from soma.vault.check import check
from tests.harvest.traces import session, spans

GOOD = ("good-claude.jsonl", "good-openclaw.jsonl", "good-otel.json")
WRONG: tuple[Any, ...] = (
    None, True, -1, 10**30, 1e308, "", "²", [], {}, [[]], [None], {"a": [{}]}, "9" * 400, ["x"], "\x1b[2J",
)  # fmt: skip
NESTED = 5000
TRAVERSAL = "../../etc/x"
NAMES = (
    TRAVERSAL,
    "Robert'); DROP TABLE executions;--",
    "\"quoted\" 'agent' %s {0} $1 \\",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07 \x07\x08bell\r\nnew\tline\u202eesrever\u200b",
    "[bold]markup[/bold] {{ 7*7 }} `backtick` | pipe",
)
FILE_NAMES = ("\x1b[31mred\x07 \u202eeman.jsonl", "[bold]x {0} %s.jsonl", "<img src=x onerror=alert(3)>';--.jsonl")
SECONDS = 120
NO_FILES = {"knot.jsonl", "device.jsonl", "pipe.jsonl", "sessions.json", "loop"}
TOLD = {
    "cut.jsonl": ("read", "torn at byte"),
    "cut-langfuse.json": ("failed", "damaged"),
    "cut-otel.json": ("failed", "damaged"),
    "cut-agentflow.json": ("failed", "damaged"),
    "cut-atif.json": ("failed", "damaged"),
    "cut-gemini.json": ("failed", "damaged"),
    "deep.json": ("unrecognised", "no adapter claims it"),
    "deep-list.json": ("unrecognised", "no adapter claims it"),
    "deep-line.jsonl": ("read", "2 of 7 records could not be used"),
    "nul.jsonl": ("read", "2 of 5 records could not be used"),
    "broken-lines.jsonl": ("read", "5 of 12 records could not be used"),
    "noise.jsonl": ("unrecognised", "a binary file"),
    "picture.json": ("unrecognised", "a binary file"),
    "database.sqlite": ("unrecognised", "a binary file"),
    "archive.jsonl.zst": ("unrecognised", "a binary file"),
    "nothing.jsonl": ("empty", "the file is empty"),
    "utf16.jsonl": ("unrecognised", "UTF-16"),
    "wrong-claude.jsonl": ("read", "records could not be used"),
    "wrong-otel.jsonl": ("read", "records could not be used"),
    "knot.jsonl": ("failed", "symbolic links"),
    "device.jsonl": ("unrecognised", "a device, never opened"),
    "pipe.jsonl": ("unrecognised", "a named pipe, never opened"),
    "sessions.json": ("unrecognised", "a named pipe, never opened"),
    "loop": ("unrecognised", "a link back to a folder it lies in"),
}
# What steers a terminal, apart from the line end; on pages for people also what hides in text or turns its direction.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Harvested(NamedTuple):
    folder: Path
    root: VaultRoot
    summary: Summary

    def state(self, name: str) -> tuple[str, str | None]:
        rows = self.root.snapshot().sql("SELECT path, status, reason FROM sources").to_pylist()
        return next((row["status"], row["reason"]) for row in rows if row["path"].endswith(f"/{name}"))

    def quarantined(self, name: str) -> list[dict[str, Any]]:
        query = (
            "SELECT q.* FROM quarantine q JOIN sources s USING (source_id) WHERE s.path LIKE '%/' || ? ORDER BY 1, 2"
        )
        rows: list[dict[str, Any]] = self.root.snapshot().sql(query, [name]).to_pylist()
        return rows

    def agents(self) -> list[str]:
        found = self.root.snapshot().sql("SELECT DISTINCT agent_id FROM executions ORDER BY 1").column(0).to_pylist()
        return [str(agent) for agent in found]


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def openclaw(session_id: str, tool: str = "exec", model: str = "glm-5", task: str = "tidy the inbox") -> list[str]:
    """Lines of an OpenClaw session with one call."""

    def entry(native: str, parent: str | None, message: dict[str, Any]) -> dict[str, Any]:
        return {"type": "message", "id": native, "parentId": parent, "timestamp": "2026-03-02T10:00:00.000Z",
                "message": message}  # fmt: skip

    call = {"type": "toolCall", "id": f"call-{session_id}", "name": tool, "arguments": {"command": "himalaya list"}}
    result = {
        "role": "toolResult", "toolCallId": f"call-{session_id}", "toolName": tool, "isError": False,
        "content": [{"type": "text", "text": "2 mails"}], "details": {"status": "completed", "exitCode": 0},
    }  # fmt: skip
    lines: list[dict[str, Any]] = [
        {"type": "session", "version": 3, "id": session_id, "timestamp": "2026-03-02T10:00:00.000Z", "cwd": "/srv"},
        entry("e1", None, {"role": "user", "content": [{"type": "text", "text": task}]}),
        entry("e2", "e1", {"role": "assistant", "model": model, "provider": "z-ai", "stopReason": "toolUse",
                           "usage": {"input": 9, "output": 4}, "content": [call]}),
        entry("e3", "e2", result),
    ]  # fmt: skip
    return [json.dumps(line) + "\n" for line in lines]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def wronged(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = wronged(value[path[0]], path[1:], new) if len(path) > 1 else new
    return copy


def wrong_types(records: list[dict[str, Any]], own: str = "") -> Iterator[dict[str, Any]]:
    """Every record once for every field in it, that field with another type; ``own`` is the field of its own id."""
    number = 0
    for record in records:
        for path in places(record):
            if path != ("type",):
                wrong = wronged(record, path, WRONG[number % len(WRONG)])
                # With the id of its original it would only be taken for a copy.
                yield {**wrong, own: f"{own}-{number}"} if own and path != (own,) else wrong
                number += 1


def records_of(path: Path, most: int = 40) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:most] if line.strip()]


def claude_named(name: str, number: int) -> list[str]:
    lines = [json.loads(line) for line in session(f"named-{number}", 2)]
    for line in lines:
        line["cwd"] = f"/srv/{name}"
        line["sessionId"] = f"{name} #{number}"
        message = line["message"]
        if isinstance(message["content"], str):
            message["content"] = f"task {name}"
            continue
        message.update({"model": f"model {name}"} if message["role"] == "assistant" else {})
        for block in message["content"]:
            for key in ("name", "id", "tool_use_id"):
                if key in block:
                    block[key] = f"{block[key]} {name}"
    return [json.dumps(line) + "\n" for line in lines]


def otel_named(name: str, number: int) -> dict[str, Any]:
    text = json.dumps(spans(f"{number:032x}", first=0, count=2, root=True))
    written = json.dumps(name)[1:-1]
    export: dict[str, Any] = json.loads(text.replace("mailer", written).replace('"tool_', f'"{written}_'))
    return export


def hostile_folder(folder: Path, fixtures: Path) -> None:
    """All of it, written into an empty folder."""

    def text(name: str, data: str | list[str]) -> None:
        (folder / name).write_text("".join(data), encoding="utf-8", errors="surrogatepass", newline="")

    text("good-claude.jsonl", session("good-claude", 3, agent="good"))
    text("good-openclaw.jsonl", openclaw("good-openclaw"))
    text("good-otel.json", json.dumps(spans("ab" * 16, first=0, count=3, root=True)))

    # Cut in the middle: a line waits for its end, a document does not.
    lines = "".join(session("torn", 3))
    text("cut.jsonl", lines[: lines.rindex('"message"') + 40])
    cut_documents = {"langfuse": "langfuse/koog-2025-08-26.trace.json", "otel": "otel/any-agent-google.json",
                     "agentflow": "agentflow/mailer-0.json", "atif": "atif/terminus.json",
                     "gemini": "gemini-cli/session-2025-10-27T19-55-981c87cb.json"}  # fmt: skip
    for name, source in cut_documents.items():
        data = (fixtures / source).read_bytes()
        (folder / f"cut-{name}.json").write_bytes(data[: len(data) * 2 // 3])

    text("deep.json", nested(NESTED))
    text("deep-list.json", "[" * NESTED + "]" * NESTED)
    good = session("deep", 2)
    deep_call = json.loads(good[1])
    deep_call["message"]["content"][0]["input"] = {"command": "@"}
    deep = json.dumps(deep_call).replace('{"command": "@"}', nested(NESTED)) + "\n"
    text("deep-line.jsonl", [good[0], nested(NESTED) + "\n", deep, *good[1:]])

    odd = session("odd", 2)
    odd[0] = odd[0].replace("tidy the inbox", "tidy \\ud83d the \\udc00 inbox \\u0000")
    odd[2] = odd[2].replace("mail 0", "mail \\u0000 0 \\ud800")
    for odd_number in ("NaN", "-Infinity"):
        call = (
            odd[1]
            .replace('"input_tokens": 10', f'"input_tokens": {odd_number}')
            .replace("toolu_odd_0", f"toolu_{odd_number}")
        )
        odd.append(call.replace('"uuid": "odd-a0"', f'"uuid": "odd-{odd_number}"'))
    text("odd-values.jsonl", odd)
    (folder / "nul.jsonl").write_bytes("".join(session("nul", 1)).encode() + b"\x00" * 4096 + b"\n" + b"\x00{}\n")
    (folder / "half.jsonl").write_bytes(
        "".join(session("half", 1)).encode().replace(b"mail 0", b"mail \xff\xfe\xed\xa0\x80")
    )

    good = session("broken", 3)
    text("broken-lines.jsonl", [*good[:2], "{not json\n", "[1, 2]\n", '"text"\n', "12\n", "}{\n", *good[2:]])
    (folder / "noise.jsonl").write_bytes(bytes(range(256)) * 40)
    (folder / "picture.json").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    (folder / "database.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 20)
    (folder / "archive.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(range(256)))
    (folder / "nothing.jsonl").touch()

    wrong = {
        "wrong-openclaw.jsonl": wrong_types([json.loads(line) for line in openclaw("wrong")], "id"),
        "wrong-claude.jsonl": wrong_types(records_of(fixtures / "claude-code" / "failures.jsonl", 12), "uuid"),
    }
    starts = {"wrong-openclaw.jsonl": openclaw("wrong")[0], "wrong-claude.jsonl": session("wrong", 1)[0]}
    for name, records in wrong.items():
        text(name, [starts[name], *(json.dumps(record) + "\n" for record in records)])
    export = spans("cd" * 16, first=0, count=1, root=True)
    text("wrong-otel.jsonl", [json.dumps(item) + "\n" for item in (export, *wrong_types([export]))])

    (folder / "utf16.jsonl").write_bytes("".join(session("utf16", 2)).encode("utf-16"))
    (folder / "bom.jsonl").write_bytes(b"\xef\xbb\xbf" + "".join(session("bom", 2)).encode())
    text("crlf.jsonl", [line.replace("\n", "\r\n") for line in session("crlf", 2)])

    for number, name in enumerate(NAMES):
        text(f"named-{number}.jsonl", claude_named(name, number))
        text(f"named-{number}.json", json.dumps(otel_named(name, number + 1)))
        text(f"named-openclaw-{number}.jsonl", openclaw(f"{name} {number}", name, name, name))

    for number, name in enumerate(FILE_NAMES):
        text(name, session(f"file-{number}", 1))
        text(f"bad {name}", "no trace at all\n")

    (folder / "below").mkdir()
    (folder / "below" / "loop").symlink_to(folder)
    (folder / "knot.jsonl").symlink_to(folder / "knot.jsonl")
    (folder / "device.jsonl").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jsonl")
    os.mkfifo(folder / "sessions.json")


@pytest.fixture(scope="module")
def harvested(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Harvested:
    place = tmp_path_factory.mktemp("hostile")
    folder = place / "t"
    folder.mkdir()
    hostile_folder(folder, fixtures)
    before = everything_below(place)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOMA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        patched.chdir(place)
        root = VaultRoot(place / "a" / "b" / "vault")
        summary = harvest([str(folder)], root, Options(jobs=1))
    made = everything_below(place) - before
    assert {path for path in made if not path.startswith("a/b/vault/")} == {"a", "a/b", "a/b/vault"}
    return Harvested(folder, root, summary)


def everything_below(place: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), place)
        for folder, folders, files in os.walk(place)
        for name in (*folders, *files)
    }


def test_the_good_ones_are_harvested_as_if_they_were_alone(harvested: Harvested, tmp_path: Path) -> None:
    alone = VaultRoot(tmp_path / "alone")
    harvest([str(harvested.folder / name) for name in GOOD], alone, Options(jobs=1))
    for name in GOOD:
        assert harvested.state(name) == ("read", None)
        assert not harvested.quarantined(name)
        for view, many in (("executions", 1), ("decisions", 1 if "openclaw" in name else 3)):
            query = (
                f"SELECT v.* FROM {view} v JOIN sources s USING (source_id) WHERE s.path LIKE '%/' || ? ORDER BY ALL"
            )
            rows = harvested.root.snapshot().sql(query, [name]).to_pylist()
            assert len(rows) == many
            assert rows == alone.snapshot().sql(query, [name]).to_pylist()


def test_the_vault_is_whole_and_some_sources_failed(harvested: Harvested) -> None:
    assert check(harvested.root.snapshot()).findings == []
    assert harvested.summary.exit_code == 4
    assert [item for item in harvested.summary.unusable if "broke" in item.reason] == []


def test_each_source_that_could_not_be_used_has_one_line_that_says_why(harvested: Harvested) -> None:
    told = {os.path.basename(item.path): (item.state, item.reason) for item in harvested.summary.unusable}
    assert len(told) == len(harvested.summary.unusable)
    bad_names = {f"bad {name}": ("unrecognised", "text that is no JSON") for name in FILE_NAMES}
    for name, (state, reason) in {**TOLD, **bad_names}.items():
        assert told[name][0] == state, (name, told[name])
        assert reason in told[name][1], (name, told[name])
    assert told.keys() == TOLD.keys() | bad_names
    stored = {
        os.path.basename(row["path"]): (row["status"], row["reason"])
        for row in harvested.root.snapshot().sql("SELECT path, status, reason FROM sources").to_pylist()
    }
    assert {name: line for name, line in told.items() if name not in NO_FILES} == {
        name: line for name, line in stored.items() if line[1] is not None
    }
    assert stored.keys() & NO_FILES == set()


@pytest.mark.parametrize("name", ["deep-line.jsonl", "nul.jsonl", "broken-lines.jsonl", "cut-otel.json"])
def test_damaged_records_are_in_quarantine_to_the_byte(harvested: Harvested, name: str) -> None:
    data = (harvested.folder / name).read_bytes()
    rows = harvested.quarantined(name)
    assert rows
    for row in rows:
        record = data[row["source_offset"] : row["source_offset"] + row["source_length"]]
        assert len(record) == row["source_length"]
        assert row["reason"].startswith(("no JSON", "a JSON"))
        assert (
            name.startswith("cut")
            or (data[row["source_offset"] - 1 : row["source_offset"]], record[-1:]) == (b"\n",) * 2
        )
    if name == "broken-lines.jsonl":
        assert [data[r["source_offset"] :].split(b"\n")[0] for r in rows] == [
            b"{not json", b"[1, 2]", b'"text"', b"12", b"}{",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("run", "decisions"),
    [("bom", 2), ("crlf", 2), ("torn", 3), ("broken", 3), ("odd", 4), ("half", 1), ("nul", 1), ("deep", 2)],
)
def test_what_stands_between_the_damage_is_kept(harvested: Harvested, run: str, decisions: int) -> None:
    query = "SELECT decisions FROM executions WHERE execution_id = ?"
    assert harvested.root.snapshot().sql(query, [f"cc:{run}"]).column(0).to_pylist() == [decisions]


@pytest.mark.parametrize("name", ["wrong-openclaw.jsonl", "wrong-claude.jsonl", "wrong-otel.jsonl"])
def test_wrong_types_leave_the_rest_of_a_file_readable(harvested: Harvested, name: str) -> None:
    assert harvested.state(name)[0] == "read"
    query = "SELECT count(*) FROM decisions d JOIN sources s USING (source_id) WHERE s.path LIKE '%/' || ?"
    assert harvested.root.snapshot().sql(query, [name]).column(0)[0].as_py() > 0


def test_names_are_kept_as_text_on_one_line(harvested: Harvested) -> None:
    agents = harvested.agents()
    for name in NAMES:
        assert " ".join(name.split()) in agents, name
    models = harvested.root.snapshot().sql("SELECT DISTINCT model FROM executions").column(0).to_pylist()
    assert f"model {NAMES[1]}" in models and NAMES[3] in models


@pytest.mark.parametrize("output", ["text", "json"])
def test_every_page_shows_those_names_without_control_characters(harvested: Harvested, output: str) -> None:
    vault = ["--vault", str(harvested.root.path), *(["--json"] if output == "json" else [])]
    # One run of every source tells as much as all of them.
    query = "SELECT min(execution_id) FROM executions GROUP BY source_id ORDER BY 1"
    runs = harvested.root.snapshot().sql(query).column(0)
    pages = [
        ["status"], ["divergence"], ["tasks"], ["signatures"], ["sources"], ["secrets"], ["report", "--out", "-"],
        ["vault", "info", "--sources", "--quarantine"],
        *(["briefing", "--agent", " ".join(name.split())] for name in NAMES),
        *(["decisions", "--execution", run.as_py(), "--reasoning", "--output"] for run in runs),
    ]  # fmt: skip
    for page in pages:
        answer = CliRunner().invoke(cli, [*page, *vault], catch_exceptions=False)
        assert answer.exit_code == 0, (page, answer.output)
        unfit = CONTROL if output == "text" and page[0] != "report" else STEERING
        assert not unfit.search(answer.output), (page, unfit.findall(answer.output))
        if output == "json":
            json.loads(answer.output)


def test_no_name_ever_became_a_path(harvested: Harvested) -> None:
    vault = harvested.root.path
    for path in vault.rglob("*"):
        assert re.fullmatch(r"[\w.=-]+", path.name), path
        assert path.resolve().is_relative_to(vault.resolve())


def test_the_command_ends_says_the_same_and_shows_no_control_characters(
    harvested: Harvested, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        start = "import sys; from soma.cli.main import main; sys.exit(main())"
        command = [sys.executable, "-c", start, "harvest", str(harvested.folder), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        assert done.returncode == 4, done.stderr
        assert b"Traceback" not in done.stdout + done.stderr
        return done.stdout.decode("utf-8")

    page = run("--vault", "page")
    assert not CONTROL.search(page), CONTROL.findall(page)
    assert "could not be used" in page and "--json lists them" in page
    answer = run("--vault", "answer", "--json")
    assert not STEERING.search(answer)
    found = json.loads(answer)
    told = [{"path": i.path, "state": i.state, "reason": i.reason, "hint": i.hint} for i in harvested.summary.unusable]
    assert found["unusable"] == told
    for name in ("executions", "decisions", "quarantined"):
        assert found[name] == getattr(harvested.summary, name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer", "page"]
