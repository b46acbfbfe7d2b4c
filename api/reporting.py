"""The report of a vault with what binds in it: the one place where findings and the canon meet on paper."""

from __future__ import annotations

from collections.abc import Sequence

from soma import clock
from soma.governance.canon import in_force
from soma.governance.model import Ratified
from soma.governance.policy.words import condition_words, scope_words
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import report
from soma.synthesizer.jobs.report.changes import Earlier
from soma.synthesizer.jobs.report.model import Canon, Enforcement, Policy, Report
from soma.synthesizer.kept import Keeping
from soma.synthesizer.wording import plain
from soma.vault import Snapshot, VaultRoot


def report_of(
    root: VaultRoot, snapshot: Snapshot, *, now: int, earlier: Earlier | None = None, by: Sequence[str] = report.BY,
    asked: Queryable | None = None,
) -> Report:  # fmt: skip
    """Everything in one result.

    Args:
        root: The vault.
        snapshot: Its pinned state.
        now: The instant of the report, which also tells which policies have expired.
        earlier: An earlier report to tell the changes from.
        by: Labels that may deal executions to arms.
        asked: The snapshot as one that answers each question once, where the caller asks more of it.
    """
    policies = in_force(root, now=now, snapshot=snapshot)
    return report.run(
        asked or Keeping(snapshot),
        now=now,
        version=snapshot.version,
        by=by,
        earlier=earlier,
        policies=[_policy(one) for one in policies],
        canon=[_canon(one) for one in policies],
    )


def _policy(one: Ratified) -> Policy:
    strength: Enforcement = "error" if one.policy.effect == "error" else "warn"
    return Policy(
        name=one.policy.id,
        id=one.policy.id,
        type="policy",
        enforcement=strength if one.binds else "info",
        severity=strength,
        scope=scope_words(one.policy.scope),
        conditions=plain(condition_words(one.policy.condition), 1000),
        layer="canon",
        status="enforcing" if one.binds else "shadow",
    )


def _canon(one: Ratified) -> Canon:
    return Canon(
        id=one.policy.id,
        title=plain(one.policy.message, 200) or one.policy.id,
        ratified_by=one.ratified_by,
        ratified_at=clock.to_iso(one.ratified_at) or "",
    )
