"""The paths of each agent: counts, endings that are not called success, and what is not known."""

from __future__ import annotations

import pytest

from soma.synthesizer.jobs import signatures

from .lake import Lake, execution

PATH = "exec:himalaya → process:poll[2]"


def test_success_is_counted_where_it_is_known() -> None:
    (row,) = signatures.run(
        Lake(execution(str(n), signature=PATH, success=known) for n, known in enumerate([True, True, False, None]))
    ).signatures
    assert row.executions == 4
    assert row.success is not None
    assert (row.success.successes, row.success.total) == (2, 3)


def test_completed_is_never_called_success() -> None:
    (row,) = signatures.run(
        Lake(execution(s, signature=PATH, status=s) for s in ("completed", "failed", "unknown"))
    ).signatures
    assert row.success is None
    assert row.completed is not None
    assert (row.completed.successes, row.completed.total) == (1, 2)


def test_sums_and_medians_are_over_what_is_recorded() -> None:
    (row,) = signatures.run(
        Lake(
            [
                execution("1", duration_ms=100.0, tokens_in=10, tokens_out=5, cost_usd=0.1, started_at=5, ended_at=9),
                execution("2", duration_ms=300.0, tokens_in=1, cost_usd=0.2, started_at=2, ended_at=20),
                execution("3", duration_ms=900.0),
                execution("4"),
            ]
        )
    ).signatures
    assert (row.median_duration_ms, row.tokens, row.tokens_known) == (300.0, 16, 2)
    assert row.cost_usd == pytest.approx(0.3)
    assert row.cost_known == 2
    assert (row.first_seen, row.last_seen, row.example) == (2, 20, "2")
    assert row.signature == ""


def test_nothing_recorded_stays_unknown() -> None:
    (row,) = signatures.run(Lake([execution("1")])).signatures
    assert (row.success, row.completed, row.median_duration_ms, row.tokens, row.cost_usd) == (None,) * 5


def test_the_most_frequent_are_kept_and_the_rest_counted() -> None:
    lake = Lake(
        [execution(f"{n}", "b", signature="x") for n in range(3)]
        + [execution(f"a{n}", "a", signature=f"y{n}") for n in range(4)]
    )
    found = signatures.run(lake, limit=2)
    assert [(row.agent_id, row.signature) for row in found.signatures] == [("a", "y0"), ("b", "x")]
    assert (found.total, found.executions) == (5, 7)


def test_one_agent_is_asked_for_by_its_very_name() -> None:
    hostile = "a' OR '1'='1"
    lake = Lake([execution("1", "a"), execution("2", hostile), execution("3", "x", labels={"branch": "abandoned"})])
    assert [row.agent_id for row in signatures.run(lake, hostile).signatures] == [hostile]
    assert [row.agent_id for row in signatures.run(lake).signatures] == ["a", hostile]
