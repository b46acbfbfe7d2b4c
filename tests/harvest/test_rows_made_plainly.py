"""Rows made many at a time are those made one value at a time, whatever an adapter says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.contract import Adapter
from soma.adapters.registry import adapters, recognise
from soma.harvester.agents import AgentNames
from soma.harvester.normalise import Item, Normaliser
from soma.harvester.redact import Redactor
from soma.model import DecisionDraft, ExecutionDraft
from soma.schema import DECISIONS, EXECUTIONS, Table
from soma.source import DEFAULT_LIMITS, Source
from soma.text import clip

from .plain_rows import plain_rows

KEY = bytes(range(32))
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
ADAPTER = adapters()[0]

SAID = ("", "x", "node_1", "toolu_01AbCdEfGhIjKlMnOpQrStUv", "a..b", "a b", "two\nlines", " padded ", "ünïcödé",
        "x" * 250, "ls -la /tmp", "password=hunter22", "see [REDACTED:token:0a1b]", "-" * 130, '{"path": "a/b.py"}',
        "AKIA" + "Q7RZ2MN4KD8WPX3Y", "curl -u me:hunter22x https://example.org/a", "long " * 900)  # fmt: skip
texts = st.sampled_from(SAID) | st.text(max_size=12)
maybe = st.none() | texts
numbers = st.none() | st.integers(-2, 2**63 - 1)
leaves = (
    st.none() | st.booleans() | st.just(1 << 70) | st.integers(-5, 5) | st.floats(allow_nan=False, width=32) | texts
)
keys = st.sampled_from(["path", "command", "value", "name", "token", "apiKey", "n", "files", "url"]) | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))
decisions = st.builds(
    DecisionDraft,
    tool=st.sampled_from(["exec", "read", "edit", "web_fetch", "grep", "x", ""]) | texts,
    arguments=values | st.fixed_dictionaries({"command": texts, "half": st.just("a \ud83d")}),
    action=st.just("") | texts, role=st.sampled_from(["", "read", "odd"]),
    kind=st.sampled_from(["retry", "odd"]), outcome=st.sampled_from(["ok", "failed", "odd"]),
    reasoning=maybe, output=maybe | st.sampled_from(SAID).map(lambda text: clip(text * 4000)), error=maybe,
    alternatives=st.none() | st.lists(texts, max_size=3),
    confidence=st.none() | st.floats(0, 1), started_at=st.none() | st.integers(0, 10**15),
    duration_ms=st.none() | st.floats(0, 1e6), tokens_in=numbers, tokens_out=numbers,
    cost_usd=st.none() | st.floats(0, 9), model=maybe, turn=st.integers(0, 2**40), native_id=maybe,
    parent_decision_id=maybe, source_id=st.just("src-1"), offset=st.integers(0, 9), length=st.integers(0, 9),
)  # fmt: skip
executions = st.builds(
    ExecutionDraft,
    execution_id=texts, framework=st.just("f"), session_id=maybe, parent_execution_id=maybe, parent_decision_id=maybe,
    task_id=maybe, task_text=maybe, model=maybe, status=st.sampled_from(["failed", "odd"]), error=maybe,
    tokens_in=numbers, operator_id=maybe, labels=st.dictionaries(texts, texts, max_size=2),
    decisions=st.lists(decisions, max_size=5), source_id=st.sampled_from(["src-1", "src-2"]),
)  # fmt: skip


def assert_made_alike(drafts: Sequence[tuple[ExecutionDraft, Adapter]]) -> None:
    rows, plain = Normaliser(KEY, Redactor(KEY), AgentNames(override="who")), Redactor(KEY)
    executions: list[dict[str, Any]] = []
    decisions: list[dict[str, Any]] = []
    items: list[Item] = []
    marks: dict[str, Counter[str]] = {}
    for draft, adapter in drafts:
        execution, made = plain_rows(draft, adapter, KEY, plain)
        place = {"agent_id": "who", "revision": 3, "reading": 4}
        executions.append(execution | place)
        decisions += [row | place for row in made]
        marks.setdefault(draft.source_id, Counter()).update(plain.take_counts())
        items.append(Item(draft, adapter, "/traces/t.jsonl", 3, 4))
    # Two at a time: what is made of one must not depend on the other.
    for start in range(0, len(items), 2):
        rows.add(items[start : start + 2])
    tables = rows.tables()
    assert tables.executions.to_pylist() == expected(EXECUTIONS, executions)
    assert tables.decisions.to_pylist() == expected(DECISIONS, decisions)
    assert rows.redactions == {source: counts for source, counts in marks.items() if counts}


def expected(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = pa.Table.from_pylist(rows, schema=table.arrow()).to_pylist()
    return made


@given(st.lists(executions, max_size=3))
@settings(deadline=None, max_examples=60)
def test_whatever_an_adapter_says(drafts: list[ExecutionDraft]) -> None:
    assert_made_alike([(draft, ADAPTER) for draft in drafts])


def test_shipped_traces() -> None:
    drafts: list[tuple[ExecutionDraft, Adapter]] = []
    for path in sorted(path for path in FIXTURES.rglob("*.json*") if path.stat().st_size):
        source = Source(str(path), "src-1", size=path.stat().st_size)
        found = recognise(Head(source.name, source.size, path.read_bytes()[:HEAD_BYTES]))
        if found is not None and found[1].use == "read":
            adapter = found[0]
            source.context = adapter.context(source)
            said = list(adapter.map(adapter.read(source, DEFAULT_LIMITS)))
            drafts += [(draft, adapter) for draft in said if isinstance(draft, ExecutionDraft)]
    assert len(drafts) > 80
    assert_made_alike(drafts)
