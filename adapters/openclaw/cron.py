"""Cron run logs: one finished run of a job a line. What cron calls ``ok`` says nothing about the task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soma import clock
from soma.adapters.blocks.document import as_count, as_number, as_object, as_text
from soma.identity import qualified
from soma.model import ExecutionDraft, Status
from soma.source import Damage, Record

from .facts import Session
from .transcript import FRAMEWORK, PREFIX

_STATUS: dict[object, Status] = {"ok": "completed", "succeeded": "completed", "error": "failed", "failed": "failed"}


def is_cron_run(value: dict[str, Any]) -> bool:
    """Whether a record is a line of a cron run log."""
    return "jobId" in value and "action" in value


def cron_runs(record: Record) -> Iterator[ExecutionDraft | Damage]:
    """The execution a line tells of, if the run has finished.

    It has no decisions: those are in the session's transcript, which has the same ``session_id``.
    """
    value = as_object(record.value)
    if value.get("action") != "finished":
        return
    source = record.source
    job_id = as_text(value.get("jobId"))
    # Both storage eras write when a run was due, so that a run that was moved from one to the other stays the same.
    moment = as_count(value.get("runAtMs")) or as_count(value.get("ts")) or as_text(value.get("sessionId"))
    if job_id is None or moment is None:
        yield Damage(source_id=source.source_id, offset=record.offset, length=record.length,
                     reason="cron run without a job or a time")  # fmt: skip
        return
    known = as_object(source.context.get("job"))
    job = known if known.get("id") == job_id else {}
    key = as_text(value.get("sessionKey"))
    usage = as_object(value.get("usage"))
    name = as_text(job.get("name")) or as_text(value.get("jobName"))
    execution_id = qualified(PREFIX, f"cron:{job_id}:{moment}")
    draft = ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        agent_id=Session(key=key).agent("") or as_text(value.get("agentId")) or as_text(job.get("agentId")) or "",
        session_id=as_text(value.get("sessionId")),
        task_id=f"cron:{job_id}",
        task_text=as_text(job.get("text")) or name,
        model=as_text(value.get("model")),
        status=_STATUS.get(as_text(value.get("status")), "unknown") if _agent_ran(value, job) else "unknown",
        error=as_text(value.get("error")),
        started_at=clock.instant(value.get("runAtMs")),
        ended_at=_ended(value),
        tokens_in=as_count(usage.get("input_tokens")),
        tokens_out=as_count(usage.get("output_tokens")),
        tokens_cache_read=as_count(usage.get("cache_read_tokens")),
        labels={"record": "run-log", "trigger": "cron", "cron_status": as_text(value.get("status")) or "unknown"},
        claims=[execution_id],
        source_id=source.source_id,
        offset=record.offset,
        length=record.length,
    )
    if name:
        draft.labels["job"] = name
    yield draft


def _agent_ran(value: dict[str, Any], job: dict[str, Any]) -> bool:
    """False for jobs that only put a text into the main session's queue: whatever it sets off is not in the log."""
    if job.get("sessionTarget") == "main" or job.get("payloadKind") == "systemEvent":
        return False
    return bool(as_text(value.get("sessionId")) or as_text(value.get("sessionKey")) or as_object(value.get("usage"))
                or job.get("sessionTarget") == "isolated")  # fmt: skip


def _ended(value: dict[str, Any]) -> int | None:
    started, lasted = clock.instant(value.get("runAtMs")), as_number(value.get("durationMs"))
    if started is not None and lasted is not None and lasted >= 0:
        return clock.plausible(started + int(lasted * 1000))
    return clock.instant(value.get("ts"))
