"""An execution as an ATIF-v1.7 trajectory, which Harbor and other tools of that ecosystem read.

Every decision becomes one agent step with one tool call, its observation and its metrics. What ATIF has no field for
(outcome, action, duration, turn...) stands in ``extra.soma``, where the ``atif`` adapter finds it again: a trajectory
that is harvested back yields the decisions it was made from. It holds what the vault holds, redacted and bounded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from soma import codec
from soma.errors import NothingFound
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.queries import query

SCHEMA_VERSION = "ATIF-v1.7"
_PACKAGE = "soma.synthesizer.export"
_OF_DECISION = ("action", "role", "kind", "outcome", "turn", "error", "duration_ms", "confidence", "alternatives")
_OF_EXECUTION = (
    "execution_id", "framework", "parent_execution_id", "session_id", "task_id", "model", "status", "success",
    "success_from", "score", "error", "started_at", "ended_at", "tokens_in", "tokens_out", "tokens_cache_read",
    "tokens_cache_write", "cost_usd", "operator_id", "team_id", "instance_id",
)  # fmt: skip


def export_atif(vault: Queryable, execution_id: str) -> dict[str, Any]:
    """The trajectory of one execution, as plain JSON values.

    Args:
        vault: A snapshot.
        execution_id: The whole id.

    Raises:
        NothingFound: if the vault holds no such execution.
    """
    found = vault.sql(query(_PACKAGE, "execution"), [execution_id]).to_pylist()
    if not found:
        raise NothingFound(f"there is no execution {execution_id!r}")
    run: dict[str, Any] = found[0]
    steps = [] if run["task_text"] is None else [{"source": "user", "message": run["task_text"]}]
    steps += [_step(row) for row in vault.sql(query(_PACKAGE, "decisions"), [execution_id]).to_pylist()]
    if not steps:
        # ATIF knows no trajectory without steps; this one says nothing and is read back as nothing.
        steps = [{"source": "system", "message": ""}]
    labels = dict(run["labels"])
    return {
        "schema_version": SCHEMA_VERSION,
        "session_id": run["session_id"] or execution_id,
        "trajectory_id": execution_id,
        "agent": _known(name=run["agent_id"], version=labels.get("agent_version", "unknown"), model_name=run["model"]),
        "steps": [{"step_id": number, **step} for number, step in enumerate(steps, start=1)],
        "final_metrics": _known(**_usage(run, "total_"), total_steps=len(steps)),
        "extra": {"soma": {**_facts(run, _OF_EXECUTION), "labels": labels}},
    }


def _step(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = _facts(row, _OF_DECISION)
    content = row["output"]
    if content is None and row["error"] is not None:
        content, facts["output_is_error"] = row["error"], True
    if not row["tool"]:
        facts["tool"] = ""
    call = {
        "tool_call_id": row["decision_id"],
        "function_name": row["tool"] or row["action"],
        "arguments": _arguments(row["arguments"], facts),
    }
    result = {"source_call_id": row["decision_id"], "content": content}
    return _known(
        timestamp=_plain(row["started_at"]),
        source="agent",
        model_name=row["model"],
        message="",
        reasoning_content=row["reasoning"],
        tool_calls=[call],
        observation=None if content is None else {"results": [result]},
        metrics=_usage(row) or None,
        extra={"soma": facts},
    )


def _arguments(written: str | None, facts: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the object ATIF wants; ``facts`` keep them where that object does not yield them again."""
    if written is None:
        facts["arguments_unknown"] = True
        return {}
    try:
        parsed = codec.decode(written)
    except codec.Undecodable:
        parsed = None
    if isinstance(parsed, dict) and codec.encode(parsed) == written:
        return parsed
    facts["arguments"] = written
    return {"input": written}


def _usage(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Tokens and cost under ATIF's names; its prompt tokens include those that came from or went to a cache."""
    cached, stored = row.get("tokens_cache_read"), row.get("tokens_cache_write")
    fresh = row["tokens_in"]
    return _known(**{
        f"{prefix}prompt_tokens": None if fresh is None else fresh + (cached or 0) + (stored or 0),
        f"{prefix}completion_tokens": row["tokens_out"],
        f"{prefix}cached_tokens": cached,
        f"{prefix}cost_usd": row["cost_usd"],
    })  # fmt: skip


def _facts(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return _known(**{name: _plain(row[name]) for name in names})


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _plain(value: Any) -> Any:
    """Times as ISO 8601 text to the microsecond, everything else as it is."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, dt.datetime) else value
