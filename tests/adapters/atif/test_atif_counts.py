"""The real trajectories, against independent counts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.atif import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import run, sniff

pytestmark = pytest.mark.corpus


def expected(corpus: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((corpus / "EXPECTED.json").read_text())["atif"]
    return found


def one(path: Path) -> ExecutionDraft:
    out = run(ADAPTER, path)
    assert out.damage == []
    (draft,) = out.executions
    return draft


def agent_steps(path: Path) -> list[dict[str, Any]]:
    steps = json.loads(path.read_text())["steps"]
    return [step for step in steps if step["source"] == "agent" and not step.get("is_copied_context")]


def test_every_figure_of_every_file(corpus: Path) -> None:
    for entry in expected(corpus):
        path = corpus / "atif" / entry["file"]
        document = json.loads(path.read_text())
        match, draft = sniff(ADAPTER, path), one(path)
        assert match is not None and (match.confidence, match.variant) == (1.0, entry["schema"])
        assert draft.agent_id == entry["agent"]
        assert len(document["steps"]) == entry["steps"]
        assert Counter(step["source"] for step in document["steps"]) == entry["sources"]
        if entry["tool_calls"]:
            assert Counter(decision.tool for decision in draft.decisions) == entry["tools"]
            assert sum(decision.outcome != "unknown" for decision in draft.decisions) == entry["observations"]
        else:
            # Without tool_calls every step of the agent acts in its text; none of these steps calls more than once.
            assert len(draft.decisions) == len(agent_steps(path))
        metrics = [step["metrics"] for step in agent_steps(path)]
        assert draft.tokens_in == sum(metric["prompt_tokens"] for metric in metrics)
        assert draft.tokens_out == sum(metric["completion_tokens"] for metric in metrics)
        assert draft.cost_usd == pytest.approx(sum(metric["cost_usd"] for metric in metrics))
        if ".cont-" not in entry["file"]:
            # Totals of a continuation also hold what came before it and what its summarising sub-agents used.
            final = entry["final"]
            assert (draft.tokens_in, draft.tokens_out) == (
                final["total_prompt_tokens"],
                final["total_completion_tokens"],
            )
            assert draft.cost_usd == pytest.approx(final["total_cost_usd"])


def test_a_continued_run_is_one_execution_whatever_the_order_of_its_files(corpus: Path) -> None:
    paths = sorted((corpus / "atif").iterdir())
    out, backwards = run(ADAPTER, *paths), run(ADAPTER, *reversed(paths))
    assert {key: draft.decisions for key, draft in out.by_id().items()} == {
        key: draft.decisions for key, draft in backwards.by_id().items()
    }
    assert len(out.executions) == len(paths) - 1
    (whole,) = (draft for draft in out.executions if draft.labels.get("files"))
    parts = [path for path in paths if "terminus" in path.name]
    assert len(whole.decisions) == sum(len(agent_steps(path)) for path in parts)
    assert whole.tokens_in == sum(step["metrics"]["prompt_tokens"] for path in parts for step in agent_steps(path))
    last = next(entry["final"] for entry in expected(corpus) if ".cont-" in entry["file"])
    assert whole.tokens_in is not None and whole.tokens_in < last["total_prompt_tokens"]
    assert whole.execution_id in {one(path).execution_id for path in parts}
    assert [str(decision.arguments)[16:30] for decision in whole.decisions[:1]] == ["mkdir test_dir"]
    assert {decision.source_id for decision in whole.decisions} == {
        source.source_id for source in out.sources if "terminus" in source.name
    }
