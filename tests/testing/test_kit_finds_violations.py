"""Every promise of the contract, broken once: the kit names the check, and finds nothing in the adapter as it is."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma import clock, codec
from soma.adapters.blocks.head import Head
from soma.adapters.blocks.jsonl import read_lines
from soma.adapters.contract import Adapter, Capabilities, Match, Yield
from soma.errors import SourceError, UsageError
from soma.model import DecisionDraft, ExecutionDraft
from soma.source import Damage, Limits, Reading, Record, Source
from soma.testing import CHECKS, assert_conforms, check_adapter
from soma.testing.hostile import fault_with

from .acme.acme_traces import ADAPTER

pytestmark = pytest.mark.usefixtures("smaller_files")
SAMPLE = Path(__file__).parent / "acme" / "samples" / "monday.jsonl"
MATCH = Match(confidence=1.0, variant="v1", why="because")
_NUMBERS = itertools.count()

Change = Callable[[ExecutionDraft, Source], None]


def but(**changes: Any) -> Adapter:
    return msgspec.structs.replace(ADAPTER, **changes)


def with_fields(**fields: str) -> Adapter:
    known = {**ADAPTER.capabilities.fields, **fields}
    return but(capabilities=Capabilities(title="x", fields=known))  # type: ignore[arg-type]


def executions(change: Change) -> Adapter:
    """The adapter with every execution changed."""

    def mapped(records: Iterable[Record | Damage]) -> Iterator[Yield]:
        sources: dict[str, Source] = {}

        def watched() -> Iterator[Record | Damage]:
            for record in records:
                if isinstance(record, Record):
                    sources[record.source.source_id] = record.source
                yield record

        for item in ADAPTER.map(watched()):
            if isinstance(item, ExecutionDraft):
                change(item, sources[item.source_id])
            yield item

    return but(map=mapped)


def decisions(change: Callable[[DecisionDraft], None]) -> Adapter:
    def each(draft: ExecutionDraft, _: Source) -> None:
        for decision in draft.decisions:
            change(decision)

    return executions(each)


def put(**values: Any) -> Callable[..., None]:
    def change(draft: Any, _: Any = None) -> None:
        for name, value in values.items():
            setattr(draft, name, value)

    return change


def reading(read: Callable[[Source, Limits], Reading]) -> Adapter:
    return but(read=read)


def rename(draft: ExecutionDraft, name: str) -> None:
    draft.execution_id = f"acme:{name}:{draft.execution_id}"
    draft.claims = [draft.execution_id]


def read_all_at_once(source: Source, limits: Limits) -> Reading:
    with source.open() as stream:
        lines = stream.read(source.size).splitlines(keepends=True)
    offset = 0
    for line in lines:
        yield Record(source, offset, len(line), codec.decode(line))
        offset += len(line)


def read_torn_lines_as_damage(source: Source, limits: Limits) -> Reading:
    yield from read_lines(source, limits)
    if source.bytes_read < source.size:
        yield Damage(source_id=source.source_id, offset=source.bytes_read, length=0, reason="torn")
        source.bytes_read = source.size


def read_without_torn_ends(source: Source, limits: Limits) -> Reading:
    yield from read_lines(source, limits)
    source.bytes_read = source.size


def read_printing(source: Source, limits: Limits) -> Reading:
    sys.stdout.write("reading")
    yield from read_lines(source, limits)


def read_another_file(source: Source, limits: Limits) -> Reading:
    with open(os.path.join(os.path.dirname(__file__), "__init__.py"), "rb") as stream:
        stream.read()
    yield from read_lines(source, limits)


def read_and_leave_a_mark(source: Source, limits: Limits) -> Reading:
    with open(source.path + ".seen", "w") as stream:
        stream.write("seen")
    yield from read_lines(source, limits)


_CACHE: dict[str, list[Record | Damage]] = {}


def read_once_and_for_all(source: Source, limits: Limits) -> Reading:
    if source.path not in _CACHE:
        _CACHE[source.path] = list(read_lines(source, limits))
    yield from _CACHE[source.path]


def map_trustingly(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    for item in ADAPTER.map(records):
        if isinstance(item, ExecutionDraft):
            item.decisions.sort(key=lambda decision: decision.arguments["what"] if decision.tool == "find" else "")
        yield item


def map_telling(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    for record in records:
        if isinstance(record, Record):
            yield Damage(source_id=record.source.source_id, offset=0, length=0, reason=f"strange: {record.value}")


def map_by_place_in_the_family(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    for number, item in enumerate(ADAPTER.map(records)):
        if isinstance(item, ExecutionDraft):
            item.labels["number"] = str(number)
        yield item


def map_twice(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    for item in ADAPTER.map(records):
        yield item
        yield item


def keep_whole_outputs(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    whole: list[str] = []

    def noted() -> Iterator[Record | Damage]:
        for record in records:
            if isinstance(record, Record):
                whole.append(str(record.value.get("gave")))
            yield record

    for item in ADAPTER.map(noted()):
        if isinstance(item, ExecutionDraft):
            for decision in item.decisions:
                decision.output = next(text for text in whole if text.startswith(decision.output or ""))
        yield item


def tokens_twice(draft: ExecutionDraft, _: Source) -> None:
    draft.tokens_in = 10
    for decision in draft.decisions:
        decision.tokens_in = 10


BROKEN: list[tuple[str, str, Adapter]] = [
    ("sniff", "claims nothing", but(sniff=lambda head: None)),
    ("sniff", "claims everything", but(sniff=lambda head: MATCH)),
    ("sniff", "goes by the name", but(sniff=lambda head: MATCH if head.name.endswith(".jsonl") else None)),
    ("sniff", "claims all JSON objects surely", but(sniff=lambda head: MATCH if head.records else None)),
    ("sniff", "claims it as a copy", but(sniff=lambda head: msgspec.structs.replace(MATCH, use="copy"))),
    ("sniff", "is more than sure", but(sniff=lambda head: msgspec.structs.replace(MATCH, confidence=7.0))),
    ("sniff", "raises", but(sniff=lambda head: 1 / 0)),
    ("sound_drafts", "a word of its own", decisions(put(outcome="success"))),
    ("sound_drafts", "a kind of its own", decisions(put(kind="thought"))),
    ("sound_drafts", "a status of its own", executions(put(status="done"))),
    ("sound_drafts", "a negative duration", decisions(put(duration_ms=-1.0))),
    ("sound_drafts", "a duration that is no number", decisions(put(duration_ms=float("nan")))),
    ("sound_drafts", "milliseconds as an instant", decisions(put(started_at=1_774_085_400_000))),
    ("sound_drafts", "a number for a text", decisions(put(output=7))),
    ("sound_drafts", "a lone surrogate", decisions(put(error="\ud800"))),
    ("sound_drafts", "success by nobody", executions(put(success=True))),
    ("sound_drafts", "success from a status", executions(put(success=True, success_from="status"))),
    ("sound_drafts", "claims without itself", executions(put(claims=[]))),
    ("sound_drafts", "bytes that are not there", decisions(put(length=1 << 40))),
    ("sound_drafts", "no source", decisions(put(source_id=""))),
    ("sound_drafts", "another source", executions(put(source_id="src-elsewhere"))),
    ("sound_drafts", "tokens more than once", executions(tokens_twice)),
    ("sound_drafts", "ends before it starts", executions(put(started_at=10**15, ended_at=9 * 10**14))),
    ("sound_drafts", "arguments nobody can write", decisions(put(arguments={"x": object()}))),
    ("sound_drafts", "more than certain", decisions(put(confidence=70.0))),
    ("positions", "all at the start", decisions(put(offset=0, length=1))),
    ("positions", "nowhere", decisions(put(offset=5, length=0))),
    ("capability_honesty", "gives what it never gives", decisions(put(reasoning="because"))),
    ("capability_honesty", "never gives what it gives", with_fields(cost_usd="given")),
    ("capability_honesty", "a field nobody knows", with_fields(mood="given")),
    ("capability_honesty", "a knowledge nobody knows", with_fields(output="maybe")),
    ("idempotence", "a number that goes on", executions(lambda draft, _: rename(draft, str(next(_NUMBERS))))),
    ("idempotence", "the same run twice", but(map=map_twice)),
    ("identity", "known by its path", executions(lambda draft, source: rename(draft, source.path))),
    ("identity", "known by its name", executions(lambda draft, source: rename(draft, source.name))),
    ("identity", "known by its source", executions(lambda draft, source: rename(draft, source.source_id))),
    ("order_independence", "numbered as they come", but(map=map_by_place_in_the_family)),
    ("growth", "known by its size", executions(lambda draft, source: rename(draft, str(source.size)))),
    ("growth", "remembers what it read", reading(read_once_and_for_all)),
    ("torn_tail", "torn lines are damage", reading(read_torn_lines_as_damage)),
    ("torn_tail", "torn lines are read", reading(read_without_torn_ends)),
    ("torn_tail", "torn lines raise", reading(read_all_at_once)),
    ("purity", "prints", reading(read_printing)),
    ("purity", "opens another file", reading(read_another_file)),
    ("purity", "writes beside the source", reading(read_and_leave_a_mark)),
    ("purity", "asks the clock", executions(lambda draft, _: put(ended_at=clock.now())(draft))),
    ("purity", "looks at the watch", executions(lambda draft, _: put(started_at=time.time_ns() // 1000)(draft))),
    ("streaming", "reads all at once", reading(read_all_at_once)),
    ("bounded_memory", "reads all at once", reading(read_all_at_once)),
    ("long_texts", "keeps whole outputs", but(map=keep_whole_outputs)),
    ("hostile_input", "trusts types", but(map=map_trustingly)),
    ("hostile_input", "repeats the record in the reason", but(map=map_telling)),
]


@pytest.mark.parametrize(("check", "what", "adapter"), BROKEN, ids=[f"{check}: {what}" for check, what, _ in BROKEN])
def test_the_check_finds_it(check: str, what: str, adapter: Adapter, tmp_path: Path) -> None:
    sample = tmp_path / "monday.jsonl"
    sample.write_bytes(SAMPLE.read_bytes())
    found = check_adapter(adapter, [sample], [check])
    assert found, f"an adapter that {what} passes"
    assert {violation.check for violation in found} == {check}
    with pytest.raises(AssertionError, match=f"acme does not conform[^\n]*\n  {check}: "):
        assert_conforms(adapter, [sample], [check])


def test_every_check_is_shown_to_find_something() -> None:
    assert {check for check, _, _ in BROKEN} == set(CHECKS)


def test_the_adapter_as_it_is_conforms() -> None:
    assert check_adapter(ADAPTER, [SAMPLE]) == []


def test_a_hang_is_cut_short() -> None:
    def read_for_ever(source: Source, limits: Limits) -> Reading:
        while True:
            source.bytes_read = 0
        yield

    begun = clock.stopwatch()
    fault = fault_with(reading(read_for_ever), SAMPLE, seconds=0.2)
    assert fault is not None and "was not done after 0.2 s, at testing/test_kit_finds_violations.py" in fault
    assert clock.stopwatch() - begun < 5


def test_an_unreadable_sample_is_a_violation_but_an_unreadable_mutant_is_not() -> None:
    def refuse(source: Source, limits: Limits) -> Reading:
        raise SourceError("not today")
        yield

    (found,) = check_adapter(reading(refuse), [SAMPLE], ["idempotence"])
    assert "a sample cannot be read: not today" in str(found)
    assert fault_with(reading(refuse), SAMPLE) is None


def test_what_cannot_be_checked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are none"):
        check_adapter(ADAPTER, [])
    with pytest.raises(UsageError, match="no check 'mood'"):
        check_adapter(ADAPTER, [SAMPLE], ["mood"])
    with pytest.raises(UsageError, match="no file"):
        check_adapter(ADAPTER, [tmp_path])


def test_heads_are_shown_without_a_name() -> None:
    names: list[str] = []

    def noting(head: Head) -> Match | None:
        names.append(head.name)
        return ADAPTER.sniff(head)

    assert check_adapter(but(sniff=noting), [SAMPLE], ["sniff"]) == []
    assert {"monday.jsonl", "unnamed", "foreign"} <= set(names)
