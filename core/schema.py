"""Every table of the vault, defined once: name, type, meaning, since when.

From this one list come the Arrow schema that is written, the DuckDB types that are read, the JSON Schema of a row and
the table in ``docs/rows.md``.
"""

from __future__ import annotations

from soma.table import LAYERS as LAYERS
from soma.table import Table as Table
from soma.table import optional as _optional
from soma.table import required as _required

SCHEMA_VERSION = 1
"""Version of the vault's layout; a vault of a higher version is refused, one of a lower version is migrated."""

_EVIDENCE = (
    _required("source_id", "string", "the source the row was read from"),
    _required("source_offset", "int64", "first byte of its record in the source (row number for a database)"),
    _required("source_length", "int64", "bytes of that record"),
)

DECISIONS = Table(
    "archive",
    "decisions",
    "one choice of an agent inside an execution",
    key=("decision_id",),
    order=("agent_id", "execution_id", "step"),
    columns=(
        _required("decision_id", "string", "stable id: execution id and the framework's own call id, else position"),
        _required("execution_id", "string", "the execution it belongs to"),
        _required("revision", "int64", "which reading of the execution"),
        _required("reading", "int64", "which write of it: bookkeeping that no view shows"),
        _required("agent_id", "string", "who decided"),
        _required("step", "int32", "0-based order inside the execution"),
        _required("turn", "int32", "0-based request of the user it serves"),
        _optional("parent_decision_id", "string", "the delegation that led here"),
        _required("kind", "string", "tool_choice, branch, retry, delegation, failure or guard"),
        _required("action", "string", "the enriched name of what was chosen, as exec:himalaya"),
        _required("tool", "string", "name of the tool as the framework wrote it"),
        _required("role", "string", "what kind of tool, across frameworks"),
        _optional("arguments", "string", "JSON, redacted, at most 4 KiB"),
        _optional("arguments_digest", "string", "keyed hash of the full arguments: equal means the same call again"),
        _optional("output_digest", "string", "keyed hash of the full output: equal means the same answer again"),
        _optional("reasoning", "string", "why, where the framework records it; redacted, at most 4 KiB"),
        _optional("alternatives", "list", "what else could have been chosen"),
        _optional("confidence", "double", "0 to 1, as stated by the agent"),
        _required("outcome", "string", "ok, failed, timeout, skipped or unknown"),
        _optional("error", "string", "the error message, redacted, at most 2 KiB"),
        _optional("output", "string", "what came back, redacted, at most 2 KiB"),
        _optional("started_at", "timestamp", "when the call was made"),
        _optional("duration_ms", "double", "how long it took; null when the source does not say"),
        _optional("tokens_in", "int64", "input tokens of the model call that made the choice, counted once"),
        _optional("tokens_out", "int64", "output tokens of that model call, counted once"),
        _optional("cost_usd", "double", "cost of that model call, counted once"),
        _optional("model", "string", "the model that chose"),
        *_EVIDENCE,
    ),
)

EXECUTIONS = Table(
    "archive",
    "executions",
    "one run of one agent; a decision is visible through its execution only",
    key=("execution_id",),
    order=("agent_id", "started_at", "execution_id"),
    columns=(
        _required("execution_id", "string", "identity given by the framework, qualified by it"),
        _required("revision", "int64", "which reading: depends on the bytes read and the adapter's version"),
        _required("reading", "int64", "which write of it: bookkeeping that no view shows"),
        _required("agent_id", "string", "who ran"),
        _required("framework", "string", "the software that wrote the trace"),
        _required("adapter", "string", "the adapter that read it"),
        _required("adapter_version", "int32", "its version"),
        _optional("session_id", "string", "the framework's session or thread"),
        _optional("parent_execution_id", "string", "the execution that delegated to this one"),
        _optional("parent_decision_id", "string", "the delegation itself"),
        _optional("task_id", "string", "the task, where the source names it"),
        _optional("task_text", "string", "the first request, redacted, at most 2 KiB"),
        _optional("model", "string", "the model, the most used one where there are several"),
        _required("status", "string", "how it ended: completed, failed or unknown"),
        _optional("success", "bool", "whether the task was achieved; only where something outside the run says so"),
        _optional("success_from", "string", "what says so: reward, feedback, evaluation, labels"),
        _optional("score", "double", "the score behind it"),
        _optional("error", "string", "the error that ended it, redacted"),
        _optional("started_at", "timestamp", "first known instant"),
        _optional("ended_at", "timestamp", "last known instant"),
        _optional("duration_ms", "double", "from the one to the other"),
        _required("decisions", "int32", "how many decisions"),
        _required("ok", "int32", "of them ok"),
        _required("failed", "int32", "of them failed"),
        _required("timeout", "int32", "of them timed out"),
        _required("skipped", "int32", "of them skipped (rejected, aborted)"),
        _required("unknown", "int32", "of them without a recorded result"),
        _optional("tokens_in", "int64", "own input tokens, each model message once, without cache where told apart"),
        _optional("tokens_out", "int64", "own output tokens"),
        _optional("tokens_cache_read", "int64", "own tokens read from a prompt cache"),
        _optional("tokens_cache_write", "int64", "own tokens written to a prompt cache"),
        _optional("cost_usd", "double", "own cost as the source states it"),
        _required("signature", "string", "the collapsed action path"),
        _optional("operator_id", "string", "who operated it"),
        _optional("team_id", "string", "their team"),
        _optional("instance_id", "string", "their instance"),
        _required("labels", "map", "short facts worth filtering by"),
        _required("knows", "map", "field to known, missing (the format has it, this run does not) or cannot"),
        *_EVIDENCE,
    ),
)

SOURCES = Table(
    "archive",
    "sources",
    "the ledger: every source that was looked at, and what came of it",
    key=("source_id",),
    order=("path",),
    columns=(
        _required("source_id", "string", "id of the source, from its path"),
        _required("path", "string", "absolute path, redacted"),
        _required("size", "int64", "bytes when it was read"),
        _required("modified_ns", "int64", "its modification time in nanoseconds"),
        _required("stamp", "string", "sizes and times of its companion files"),
        _required("content_hash", "string", "SHA-256 of the bytes read and of what companions told"),
        _required("bytes_read", "int64", "how far it was read; less than its size when the last line was torn"),
        _optional("adapter", "string", "the adapter that claimed it"),
        _optional("adapter_version", "int32", "its version"),
        _required("reader", "string", "digest of everything else that decides what the same bytes yield"),
        _required("status", "string", "read, empty, companion, copy, unrecognised or failed"),
        _optional("reason", "string", "why it yielded nothing, or what is odd"),
        _required("claims", "list", "keys it shares with other sources of the same executions"),
        _required("executions", "int64", "executions its bytes hold"),
        _required("decisions", "int64", "decisions its bytes hold"),
        _required("quarantined", "int64", "records that could not be used"),
        _required("redacted", "int64", "secrets replaced"),
        _required("redactions", "map", "kind of secret to how many were replaced"),
    ),
)

QUARANTINE = Table(
    "archive",
    "quarantine",
    "records that could not be used: where and why, never what they say",
    key=("source_id", "source_offset", "reason"),
    order=("source_id", "source_offset"),
    columns=(*_EVIDENCE, _required("reason", "string", "why it could not be used")),
)

OUTCOMES = Table(
    "archive",
    "outcomes",
    "outcome labels from outside, by execution or session",
    key=("key",),
    order=("key",),
    columns=(
        _required("key", "string", "an execution id or a session id"),
        _optional("success", "bool", "whether the task was achieved"),
        _optional("score", "double", "the score behind it"),
        _required("origin", "string", "name of the file it came from"),
    ),
)

INSIGHTS = Table(
    "emerging",
    "insights",
    "proposals with confidence and evidence that wait for a person's decision",
    key=("insight_id",),
    order=("insight_id",),
    columns=(
        _required("insight_id", "string", "stable id"),
        _required("type", "string", "what kind of finding"),
        _required("claim", "string", "the finding in words"),
        _optional("confidence", "double", "0 to 1"),
        _required("agents", "list", "whom it is about"),
        _required("evidence", "list", "execution or decision ids it rests on"),
        _required("status", "string", "pending, promoted or rejected"),
        _required("origin", "string", "who found it"),
        _optional("seen_at", "timestamp", "when it was found"),
        *_EVIDENCE,
    ),
)

PATHS = Table(
    "working",
    "paths",
    "the path of an execution: its choices in order, consecutive repeats of one action taken together",
    key=("execution_id",),
    order=("execution_id",),
    columns=(
        _required("execution_id", "string", "whose path"),
        _required("reading", "int64", "which write of the execution it was made from: bookkeeping that no view shows"),
        _required("actions", "list", "the actions, one per place; numeric suffixes dropped"),
        _required("decision_ids", "list", "the first decision at each place"),
        _required("decisions", "ints", "how many decisions each place stands for"),
        _required("failed", "ints", "of them failed"),
        _required("timeouts", "ints", "of them timed out"),
        _required("durations_ms", "doubles", "how long the first decision at each place took; null where not known"),
    ),
)

RESULTS = Table(
    "working",
    "results",
    "answers of jobs over the whole vault, kept so that asking again is instant",
    key=("job", "parameters"),
    order=("job", "parameters"),
    columns=(
        _required("job", "string", "the job"),
        _required("parameters", "string", "what it was asked, as JSON"),
        _required("basis", "string", "digest of the rows and of the rules it was answered from"),
        _required("answer", "string", "its result, as JSON"),
    ),
)

_FINDING = (
    _required("insight_id", "string", "stable id: the same finding has it every night"),
    _required("type", "string", "what kind of finding"),
    _required("subject", "string", "what it is about, in a fixed form: the id is its digest"),
    _required("claim", "string", "the finding in words"),
    _required("confidence", "double", "0 to 1: docs/insights.md gives the formula"),
    _optional("estimate", "double", "the effect behind it"),
    _optional("low", "double", "lower end of its interval"),
    _optional("high", "double", "upper end of its interval"),
    _required("support", "int64", "executions it rests on"),
    _required("agents", "list", "whom it is about"),
    _required("tasks", "list", "keys of the tasks it is about; empty when it is about all"),
    _required("evidence", "list", "decision or execution ids it rests on, the most telling first"),
    _required("contradicts", "list", "ids of findings that cannot hold together with it"),
    _required("status", "string", "pending, promoted, rejected, superseded, decayed or retired"),
    _required("origin", "string", "the job that found it"),
    _required("first_seen_at", "timestamp", "when it was first found"),
    _required("seen_at", "timestamp", "when it was last found"),
    _required("nights", "int64", "on how many days it was found"),
    _required("decay_at", "timestamp", "when it decays unless it is found again or decided"),
    _required("details", "string", "what else belongs to it, as JSON"),
)

PROPOSALS = Table(
    "emerging",
    "proposals",
    "what soma's own jobs found, waiting for a person's decision",
    key=("insight_id",),
    order=("insight_id",),
    columns=_FINDING,
)

TEAM_FINDINGS = Table(
    "working",
    "team_findings",
    "what soma's jobs found among the runs of one team alone; decays after 14 days unless found again",
    key=("insight_id",),
    order=("team_id", "insight_id"),
    columns=(_required("team_id", "string", "the team"), *_FINDING),
)

DECAYED = Table(
    "archive",
    "decayed",
    "findings that were not found again in time",
    key=("insight_id", "decayed_at"),
    order=("insight_id", "decayed_at"),
    columns=(
        *_FINDING,
        _required("decayed_from", "string", "the layer they stood in"),
        _required("decayed_at", "timestamp", "when they were moved"),
    ),
)

PRESSURE = Table(
    "working",
    "pressure",
    "what the pressure engine answered to a decision, each execution replayed with a fresh engine",
    key=("decision_id",),
    order=("execution_id", "step"),
    columns=(
        _required("decision_id", "string", "the decision"),
        _required("execution_id", "string", "its execution"),
        _required("reading", "int64", "which write of the execution was replayed: bookkeeping that no view shows"),
        _required("engine", "string", "digest of the engine's version, its configuration and the patterns"),
        _required("step", "int32", "0-based order inside the execution"),
        _required("pressure", "double", "own pressure after it, 0 to 1"),
        _required("mode", "string", "OBSERVE, GUIDE, WARN or BLOCK"),
        _required("signals", "doubles", "the five signals in the order of soma.pressure.SIGNALS; null where not known"),
        _required("pressures", "doubles", "pressure of each"),
        _required("floor", "double", "height of the highest absolute floor, 0 for none"),
        _optional("floor_reason", "string", "which floor it is"),
        _required("patterns", "list", "patterns that match right after it, cooldown or not"),
    ),
)

VITALS = Table(
    "working",
    "vitals",
    "the pressure of an execution as a whole",
    key=("execution_id",),
    order=("execution_id",),
    columns=(
        _required("execution_id", "string", "the execution"),
        _required("reading", "int64", "which write of it was replayed: bookkeeping that no view shows"),
        _required("engine", "string", "digest of the engine's version, its configuration and the patterns"),
        _required("peak_pressure", "double", "highest own pressure, 0 to 1; 0 without decisions"),
        _optional("peak_step", "int32", "step of the first decision with it; null without decisions"),
        _optional("warn_step", "int32", "step of the first decision at WARN or above; null where none is"),
        _required("observe", "int32", "decisions after which the mode was OBSERVE"),
        _required("guide", "int32", "of them GUIDE"),
        _required("warn", "int32", "of them WARN"),
        _required("block", "int32", "of them BLOCK"),
        _optional("warn_ms", "double", "time spent at WARN or above, in ms; null where starts are not known"),
    ),
)

FIRINGS = Table(
    "archive",
    "firings",
    "a guidance pattern fired: where, and whether its message was given",
    key=("firing_id",),
    order=("pattern", "firing_id"),
    columns=(
        _required("firing_id", "string", "stable id; a commit with an empty one is refused"),
        _required("pattern", "string", "the pattern"),
        _required("pattern_version", "int32", "its version"),
        _required("agent_id", "string", "at whose action it fired"),
        _required("family", "string", "agents dealt together: the agent without a trailing number"),
        _required("arm", "string", "treatment, control, or shadow: nobody was there to be told"),
        _required("source", "string", "hook, wrap, runtime, replay or test; test never counts"),
        _optional("dealt", "int64", "0-based number of the firing among those dealt an arm in this vault; else null"),
        _required("severity", "string", "info, warn or critical"),
        _required("engine", "string", "digest of the engine's version, its configuration and the patterns"),
        _required("pressure", "double", "own pressure when it fired, 0 to 1"),
        _required("what", "string", "what was seen, redacted, at most 500 characters"),
        _optional("healing", "string", "role of the action advised next"),
        _optional("execution_id", "string", "the execution, where it is known"),
        _optional("decision_id", "string", "the decision after which it fired, where it is known"),
        _optional("step", "int32", "its step"),
        _optional("fired_at", "timestamp", "when"),
    ),
)

FIRING_OUTCOMES = Table(
    "archive",
    "firing_outcomes",
    "what became of a firing some actions later, and in the end; no row where the execution ended before",
    key=("firing_id", "horizon"),
    order=("firing_id", "horizon"),
    columns=(
        _required("firing_id", "string", "the firing; a commit with an empty one is refused"),
        _required("horizon", "int32", "1, 5 or 10 actions later; 0 means the last action of the execution"),
        _optional("pressure", "double", "own pressure after that action; null where none followed the firing"),
        _optional(
            "recovered",
            "bool",
            "whether no action from the one after the firing to that one failed and the pattern does not match after "
            "it; null where none followed",
        ),
        _optional("followed", "bool", "whether one of these actions has the advised role; null where none is advised"),
        _optional("success", "bool", "at horizon 0: whether the task was achieved, where it is known"),
    ),
)

CALIBRATIONS = Table(
    "working",
    "calibrations",
    "the learned aggregator: models of the chance that an execution fails, with what they are worth on held-out tasks",
    key=("calibration_id",),
    order=("after",),
    columns=(
        _required("calibration_id", "string", "digest of data, features and number of decisions"),
        _required("after", "int32", "how many decisions of an execution the model knows"),
        _required("data", "string", "digest of all rows of features and outcomes it was fitted on"),
        _required("features", "int32", "version of the features"),
        _required("executions", "int64", "executions with known success that were still running"),
        _required("used_for", "list", "frameworks in which it takes the place of the documented blend"),
        _required("held_out", "string", "areas under the ROC curve on tasks it was not fitted on, as JSON"),
        _required("model", "string", "coefficients, means and spreads, as JSON"),
    ),
)

POLICIES = Table(
    "canon",
    "policies",
    "what named persons ratified; a row counts only with the entry of the audit that put it there",
    key=("policy_id", "version"),
    order=("policy_id", "version"),
    columns=(
        _required("policy_id", "string", "name of the policy"),
        _required("version", "int32", "raised with every change of it"),
        _required("scope", "string", "whom it is about, as JSON: docs/governance.md"),
        _required("condition", "string", "when it holds, as JSON: docs/governance.md"),
        _required("effect", "string", "error (stops the call) or warning (speaks only)"),
        _required("mode", "string", "enforce, or shadow: it counts without binding"),
        _required("message", "string", "what the agent is told"),
        _required("evidence", "list", "execution or decision ids it rests on"),
        _required("learned_from", "string", "digest of the finding it was drafted from; empty where a person wrote it"),
        _required("origin", "string", "the proposal it came from; empty where a person wrote it"),
        _required("ratified_by", "string", "the person who ratified it"),
        _required("ratified_at", "timestamp", "when"),
        _optional("expires_at", "timestamp", "from when on it no longer binds"),
        _optional("review_at", "timestamp", "from when on it is to be looked at again"),
        _required("status", "string", "active, retired or superseded"),
        _required("audit_entry", "int64", "number of the audit entry that put the row there as it is"),
    ),
)

AUDIT = Table(
    "archive",
    "audit",
    "who decided what, when and why: only ever added to, each entry chained to the one before",
    key=("number",),
    order=("number",),
    columns=(
        _required("number", "int64", "1, 2, 3, ..."),
        _required("decided_at", "timestamp", "when"),
        _required("actor", "string", "the person"),
        _required("action", "string", "request, promote, supersede, reject or retire"),
        _required("subject", "string", "id of the proposal or policy"),
        _required("reason", "string", "why, in the person's words; may be empty where none is asked for"),
        _required("details", "string", "what else belongs to it, as JSON: the policy in full, digest of its row"),
        _required("previous", "string", "hash of the entry before; empty for the first"),
        _required("hash", "string", "SHA-256 over everything above: docs/governance.md"),
        _required("mac", "string", "the hash authenticated with the vault's key"),
    ),
)

TABLES: tuple[Table, ...] = (
    EXECUTIONS, DECISIONS, SOURCES, QUARANTINE, OUTCOMES, INSIGHTS, PATHS, RESULTS, PROPOSALS, TEAM_FINDINGS, DECAYED,
    PRESSURE, VITALS, FIRINGS, FIRING_OUTCOMES, CALIBRATIONS, POLICIES, AUDIT,
)  # fmt: skip
HARVESTED: tuple[Table, ...] = (EXECUTIONS, DECISIONS, SOURCES, QUARANTINE, OUTCOMES, INSIGHTS)
"""What was read or told; the other tables are made from these."""
BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}


def markdown() -> str:
    """The reference of all rows, as ``docs/rows.md`` holds it."""
    out = ["# The rows", "", "Generated from `core/schema.py` by `python -m soma.schema`.", ""]
    for table in TABLES:
        out += [f"## {table.path}", "", f"{table.meaning[0].upper()}{table.meaning[1:]}.", ""]
        out += ["| column | type | may be null | meaning |", "| --- | --- | --- | --- |"]
        out += [f"| {c.name} | {c.type} | {'yes' if c.nullable else ''} | {c.meaning} |" for c in table.columns]
        out.append("")
    return "\n".join(out)


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
