"""Trees, forks, copies, archives: which entries happened, and in which execution they count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import zstandard

from soma.adapters.openclaw import ADAPTER
from soma.source import Limits
from tests.adapters.reading import run, sniff

from .sessions import Script, call, one, outcomes, write_lines


def forked() -> Script:
    """A question answered twice: the first answer was abandoned, and so was a later attempt inside it."""
    script = Script()
    ask = script.user("question")
    first = script.answer(call("a1", command="one"))
    script.result("a1")
    script.answer("first answer")
    script.answer(call("a2", command="two"), parent=first)
    script.answer(call("b1", command="three"), parent=ask)
    script.result("b1", isError=True)
    script.answer("second answer")
    return script


def test_the_newest_leaf_is_what_happened(tmp_path: Path) -> None:
    out = run(ADAPTER, forked().write(tmp_path / "s1.jsonl"))
    drafts = out.by_id()
    assert {name: outcomes(draft) for name, draft in drafts.items()} == {
        "oc:s1": ["exec:failed"],
        "oc:s1~e002": ["exec:unknown", "exec:unknown"],
        "oc:s1~e003": [],
    }
    main, abandoned = drafts["oc:s1"], drafts["oc:s1~e002"]
    assert (main.status, main.parent_execution_id, "branch" in main.labels) == ("completed", None, False)
    assert (abandoned.labels["branch"], abandoned.parent_execution_id) == ("abandoned", "oc:s1")
    assert {draft.session_id for draft in out.executions} == {"s1"}
    assert abandoned.task_text == "question"
    assert [decision.arguments for decision in abandoned.decisions] == [{"command": "one"}, {"command": "two"}]
    assert sum(draft.tokens_out or 0 for draft in out.executions) == 10, "every model message counts once"


def test_a_result_off_the_path_settles_nothing_else(tmp_path: Path) -> None:
    """The call is shared, its result lies on the abandoned side only."""
    script = Script()
    script.user("question")
    asked = script.answer(call("a1"))
    script.result("a1")
    script.answer("left")
    script.answer("right", parent=asked)
    drafts = run(ADAPTER, script.write(tmp_path / "s1.jsonl")).by_id()
    assert outcomes(drafts["oc:s1"]) == ["exec:unknown"]
    assert [outcomes(draft) for name, draft in drafts.items() if name != "oc:s1"] == [[]]


def test_a_leaf_entry_moves_back(tmp_path: Path) -> None:
    script = Script()
    script.user("question")
    kept = script.answer(call("a1"))
    script.answer(call("a2"))
    script.entry({"type": "leaf", "targetId": kept})
    drafts = run(ADAPTER, script.write(tmp_path / "s1.jsonl")).by_id()
    assert [decision.native_id for decision in drafts["oc:s1"].decisions] == ["a1"]
    assert [decision.native_id for decision in drafts["oc:s1~e003"].decisions] == ["a2"]


def test_a_branch_nobody_answered_is_no_execution(tmp_path: Path) -> None:
    script = Script()
    script.user("first wording")
    script.user("second wording")
    script.entries[-1]["parentId"] = None
    script.answer("done")
    (draft,) = run(ADAPTER, script.write(tmp_path / "s1.jsonl")).executions
    assert draft.task_text == "second wording"


def test_a_broken_line_does_not_cut_the_path(tmp_path: Path) -> None:
    script = Script()
    script.user("question")
    script.answer(call("a1"))
    script.result("a1")
    script.answer(call("a2"))
    script.result("a2")
    path = script.write(tmp_path / "s1.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = b'{"type": "message", broken\n'
    path.write_bytes(b"".join(lines))
    out = run(ADAPTER, path)
    (draft,) = out.executions
    assert outcomes(draft) == ["exec:unknown", "exec:ok"]
    assert len(out.damage) == 1


def test_entries_written_twice_count_once(tmp_path: Path) -> None:
    script = Script()
    script.user("question")
    script.answer(call("a1"))
    script.result("a1")
    twice = [script.entries[0]] + [entry for entry in script.entries[1:] for _ in range(2)]
    draft = one(write_lines(tmp_path / "s1.jsonl", twice))
    assert outcomes(draft) == ["exec:ok"]
    assert draft.tokens_out == 2


def test_copied_history_of_a_fork_counts_once(tmp_path: Path) -> None:
    parent = forked()
    copied = [{**parent.entries[0], "id": "s2", "parentSession": "/old/home/2026-01-01T00-00-00-000Z_s1.jsonl"}]
    fork = Script(None)
    fork.entries = copied + parent.entries[1:4]
    fork._last, fork._clock = "e003", parent._clock
    fork.answer(call("c1", command="new"))
    paths = [parent.write(tmp_path / "s1.jsonl"), fork.write(tmp_path / "s2.jsonl")]
    drafts = run(ADAPTER, *paths).executions
    claims = {draft.execution_id: set(draft.claims) for draft in drafts}
    assert {"oc:s1", "oc:s2"} <= claims["oc:s2"] and "oc:s1" in claims["oc:s1"]
    shared = Counter((d.global_id, d.arguments["command"]) for draft in drafts for d in draft.decisions)
    assert {command: number for (_, command), number in shared.items()} == {"one": 2, "two": 1, "three": 1, "new": 1}
    assert {draft.execution_id: draft for draft in drafts}["oc:s2"].labels["forked_from"] == "s1"


def test_copies_and_grown_copies_are_one_execution(tmp_path: Path, fixtures: Path) -> None:
    whole = (fixtures / "openclaw/run-2026.4.26/agents/main/sessions/s-inventory.jsonl").read_bytes()
    part = b"".join(whole.splitlines(keepends=True)[:8])
    paths = []
    for name, data in (("a/s-inventory.jsonl.bak-93-177", part), ("b/s-inventory.jsonl", whole),
                       ("c/copy.jsonl.deleted.2026-05-05T14-56-23.713Z", whole)):  # fmt: skip
        paths.append(tmp_path / name)
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(data)
    earlier, *copies = run(ADAPTER, *paths).executions
    assert {draft.execution_id for draft in (earlier, *copies)} == {"oc:s-inventory"}
    assert len(earlier.decisions) < len(copies[0].decisions)
    assert all(outcomes(copy) == ["exec:ok", "read:ok", "read:ok", "write:ok"] for copy in copies)
    ids = [{decision.global_id for decision in draft.decisions} for draft in (earlier, *copies)]
    assert ids[0] < ids[1] == ids[2]


def test_what_follows_a_reset_is_an_execution_of_its_own(tmp_path: Path) -> None:
    """The archive keeps the session id, and the live file goes on under it without a header."""
    old = Script("s1")
    old.user("before")
    old.answer(call("a1"))
    old.result("a1")
    new = Script(None)
    new.answer("Reset.")
    new.user("after")
    new.answer(call("b1"))
    archive = old.write(tmp_path / "s1.jsonl.reset.2026-05-05T14-56-23.713Z")
    live = new.write(tmp_path / "s1.jsonl")
    match = sniff(ADAPTER, live)
    assert match is not None and (match.variant, match.use) == ("headless", "read")
    drafts = run(ADAPTER, archive, live).by_id()
    assert drafts.keys() == {"oc:s1", "oc:s1~e000"}
    assert drafts["oc:s1~e000"].labels["head"] == "missing"
    assert {draft.session_id for draft in drafts.values()} == {"s1"}
    assert all("oc:s1" in draft.claims for draft in drafts.values())


def test_compressed_archives_read_like_plain_ones(tmp_path: Path, fixtures: Path) -> None:
    plain = fixtures / "openclaw/run-2026.4.26/agents/main/sessions/s-broken.jsonl"
    packed = tmp_path / "3f2a.jsonl.zst"
    packed.write_bytes(zstandard.ZstdCompressor().compress(plain.read_bytes()))
    match = sniff(ADAPTER, packed)
    assert match is not None and (match.confidence, match.variant) == (1.0, "v3+zstd")
    draft = one(packed)
    assert draft.execution_id == "oc:s-broken"
    assert outcomes(draft) == outcomes(one(plain))
    assert [d.offset for d in draft.decisions] == [d.offset for d in one(plain).decisions]


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_a_broken_archive_gives_what_comes_before_the_damage(tmp_path: Path, damage: str) -> None:
    script = Script("s1")
    for number in range(20_000):
        script.answer(call(f"c{number}"))
    data = zstandard.ZstdCompressor().compress(script.write(tmp_path / "s1.jsonl").read_bytes())
    half = len(data) // 2
    path = tmp_path / "s1.jsonl.zst"
    path.write_bytes(data[:half] + (b"" if damage == "cut" else b"\xff" * 64 + data[half + 64 :]))
    out = run(ADAPTER, path)
    assert [found.reason.partition(":")[0] for found in out.damage][-1] == "broken zstd archive"
    (draft,) = out.executions
    assert 5_000 < len(draft.decisions) < 20_000


def test_an_archive_of_several_frames_is_read_to_its_end(tmp_path: Path, fixtures: Path) -> None:
    lines = (fixtures / "openclaw/run-2026.4.26/agents/main/sessions/s-broken.jsonl").read_bytes().splitlines(True)
    path = tmp_path / "s-broken.jsonl.zst"
    path.write_bytes(b"".join(zstandard.ZstdCompressor().compress(line) for line in lines))
    assert outcomes(one(path)) == ["exec:failed", "read:failed", "exec:failed"]


def test_an_archive_that_unpacks_without_end_is_left(tmp_path: Path) -> None:
    path = tmp_path / "s1.jsonl.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(b"{}\n" * 1_000_000))
    out = run(ADAPTER, path, limits=Limits(document_bytes=1_000_000))
    assert [damage.reason for damage in out.damage] == ["broken zstd archive: it unpacks to more than 1,000,000 bytes"]


def test_a_deep_session_is_read_without_recursion(tmp_path: Path) -> None:
    script = Script()
    for number in range(3000):
        script.answer(call(f"c{number}"))
    assert len(one(script.write(tmp_path / "s1.jsonl")).decisions) == 3000
