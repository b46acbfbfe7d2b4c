"""What an id stands for: the chain of findings above it, the rows below it, and the number in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from soma import clock
from soma.errors import NothingFound
from soma.governance.canon import ratified
from soma.governance.draft import learned
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import divergence, insights
from soma.synthesizer.jobs.divergence.model import Pair
from soma.synthesizer.kept import basis
from soma.synthesizer.wording import plain
from soma.vault import Snapshot, VaultRoot
from soma.vault.canon import canon_of

from . import again
from .model import Again, Step
from .originals import Row

_SUGGESTED = 3
_NEAR = 70


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for.

    Attributes:
        identity: Its id in full; kind: what it is.
        steps: The chain down to it and below, without the records.
        evidence: Ids of the decisions and executions it rests on, the most telling first.
        told: Rows that are records themselves: a finding that a source told.
        again: Makes its number again.
    """

    identity: str
    kind: str
    steps: tuple[Step, ...]
    evidence: Sequence[str]
    again: Callable[[], Again]
    told: Sequence[Row] = ()


def subject_of(vault: Snapshot, identity: str) -> Subject:
    """What ``identity`` stands for.

    Of executions and decisions the beginning of an id is enough when only one fits.

    Raises:
        NothingFound: if the vault holds nothing of that id, with the nearest ids as a hint.
    """
    for look in (_policy, _finding, _team_finding, _told, _divergence, _run, _decision):
        if (subject := look(vault, identity)) is not None:
            return subject
    raise NothingFound(f"the vault holds nothing with the id {plain(identity, 80)!r}", hint=_hint(vault, identity))


def _policy(vault: Snapshot, identity: str) -> Subject | None:
    """A policy of the canon, above the finding it was drafted from; one the audit does not bear out is none."""
    canon = canon_of(VaultRoot(vault.storage), vault)
    versions = [one for one in ratified(canon, clock.now()) if one.policy.id == identity]
    if not versions:
        return None
    one = versions[-1]
    policy = one.policy
    when = str(clock.to_iso(one.ratified_at))[:10]
    said = f"{one.status}, {policy.effect}, ratified by {one.ratified_by} on {when}: {policy.message}"
    step = Step("canon", "policy", f"{policy.id} version {policy.version}", said)
    item = next((each for each in insights.known(vault) if each.insight_id == policy.origin), None)
    if item is None:
        why = f"the finding {policy.origin} is gone" if policy.origin else "a person wrote it"
        return Subject(
            identity=policy.id, kind="policy", steps=(step,), evidence=policy.evidence,
            again=lambda: Again(outcome="not found again" if policy.origin else "nothing to derive", how=why),
        )  # fmt: skip
    below = of_insight(vault, item, above=(step,))
    if learned(item) == policy.learned_from or not policy.learned_from:
        return msgspec.structs.replace(below, identity=policy.id, kind="policy")
    changed = Again(outcome="changed", how="the finding no longer reads as it did when the policy was drafted from it")
    return msgspec.structs.replace(below, identity=policy.id, kind="policy", again=lambda: changed)


def _finding(vault: Queryable, identity: str) -> Subject | None:
    item = next((each for each in insights.known(vault) if each.insight_id == identity), None)
    return None if item is None else of_insight(vault, item)


def of_insight(vault: Queryable, item: insights.Insight, above: Sequence[Step] = ()) -> Subject:
    """A finding of soma's own jobs, below the policies that came of it."""
    moved = not answer_is_current(vault)
    return Subject(
        identity=item.insight_id,
        kind="insight",
        steps=(*above, Step("emerging", item.type, item.insight_id, item.claim)),
        evidence=item.evidence,
        again=lambda: again.of_finding(vault, item.insight_id, item.type, item, moved=moved),
    )


def _team_finding(vault: Snapshot, identity: str) -> Subject | None:
    row = vault.sql("SELECT team_id FROM team_findings WHERE insight_id = ? ORDER BY team_id NULLS LAST", (identity,))
    if not row.num_rows:
        return None
    team = str(row["team_id"][0].as_py())
    item = next(each for each in insights.known(vault, team) if each.insight_id == identity)
    moved = not answer_is_current(vault)
    return Subject(
        identity=identity,
        kind="team finding",
        steps=(Step("working", item.type, identity, f"team {team}: {item.claim}"),),
        evidence=item.evidence,
        again=lambda: again.of_finding(vault.of_team(team), identity, item.type, item, moved=moved, team=team),
    )


def answer_is_current(vault: Queryable) -> bool:
    """Whether the nightly jobs ran over the very rows the vault holds."""
    found = vault.sql("SELECT CAST(count(*) AS BIGINT) AS many FROM results WHERE basis = ?", (basis(vault),))
    return bool(found["many"][0].as_py())


class _Told(msgspec.Struct, frozen=True):
    insight_id: str
    type: str
    claim: str
    evidence: list[str]
    source_id: str
    source_offset: int
    source_length: int


_TOLD = """
    SELECT insight_id, type, claim, evidence, source_id, source_offset, source_length FROM insights
    WHERE insight_id = ? AND source_id IS NOT NULL ORDER BY insight_id NULLS LAST"""


def _told(vault: Queryable, identity: str) -> Subject | None:
    found = [_Told(**row) for row in vault.sql(_TOLD, (identity,)).to_pylist()]
    if not found:
        return None
    item = found[0]
    record = Row(
        item.insight_id, "insight", "", item.type, "told by the source", None, None, item.source_id, item.source_offset,
        item.source_length,
    )  # fmt: skip
    return Subject(
        identity=item.insight_id,
        kind="insight",
        steps=(Step("emerging", item.type, item.insight_id, item.claim),),
        evidence=(),
        again=lambda: Again(outcome="nothing to derive", how="it was told by the source, not found by soma"),
        told=(record,),
    )


def _divergence(vault: Queryable, identity: str) -> Subject | None:
    if not identity.startswith("dvg-"):
        return None
    pair = next((each for each in divergence.run(vault).pairs if each.divergence_id == identity), None)
    return None if pair is None else _of_pair(vault, pair)


def _of_pair(vault: Queryable, pair: Pair) -> Subject:
    parting = pair.parting
    rows = () if parting is None else (*parting.second.evidence, *parting.first.evidence)
    said = f"{pair.first.agent_id} beside {pair.second.agent_id}: {pair.finding}"
    return Subject(
        identity=pair.divergence_id,
        kind="divergence",
        steps=(Step("working", "divergence", pair.divergence_id, said),),
        evidence=rows,
        again=lambda: again.of_pair(vault, pair),
    )


_RUN = """
    SELECT execution_id, agent_id, framework, status, success FROM executions
    WHERE execution_id = ? OR starts_with(execution_id, ?) ORDER BY execution_id NULLS LAST LIMIT 5"""
_ITS_DECISIONS = "SELECT decision_id FROM decisions WHERE execution_id = ? ORDER BY step NULLS LAST"


def _run(vault: Queryable, identity: str) -> Subject | None:
    row = _only(vault, _RUN, "execution_id", identity)
    if row is None:
        return None
    execution_id = str(row["execution_id"])
    return Subject(
        identity=execution_id,
        kind="execution",
        steps=(_step_of_run(row),),
        evidence=[execution_id, *vault.sql(_ITS_DECISIONS, (execution_id,))["decision_id"].to_pylist()],
        again=lambda: again.of_execution(vault, execution_id),
    )


def _step_of_run(row: dict[str, Any]) -> Step:
    ended = {None: "success not known", True: "achieved its task", False: "did not achieve its task"}[row["success"]]
    return Step(
        "archive", "execution", str(row["execution_id"]),
        f"a run of {row['agent_id']} in {row['framework']}: {row['status']}, {ended}",
    )  # fmt: skip


_DECISION = """
    SELECT d.decision_id, d.execution_id, d.step, d.action, d.outcome, e.agent_id, e.framework, e.status, e.success
    FROM decisions AS d JOIN executions AS e ON d.execution_id = e.execution_id
    WHERE d.decision_id = ? OR starts_with(d.decision_id, ?) ORDER BY d.decision_id NULLS LAST LIMIT 5"""


def _decision(vault: Queryable, identity: str) -> Subject | None:
    row = _only(vault, _DECISION, "decision_id", identity)
    if row is None:
        return None
    says = f"decision {row['step'] + 1} of it: {row['action']}, {row['outcome']}"
    return Subject(
        identity=row["decision_id"],
        kind="decision",
        steps=(_step_of_run(row), Step("archive", "decision", row["decision_id"], says)),
        evidence=[row["decision_id"]],
        again=lambda: Again(outcome="nothing to derive", how="a decision is no number: its record is what it rests on"),
    )


def _only(vault: Queryable, query: str, name: str, identity: str) -> dict[str, Any] | None:
    """The row of that id, or the one row whose id begins so."""
    if not identity:
        return None
    rows = vault.sql(query, (identity, identity)).to_pylist()
    exact = [row for row in rows if row[name] == identity]
    return (exact or rows)[0] if len(exact or rows) == 1 else None


_IDS = """
    SELECT insight_id AS id FROM insights UNION SELECT execution_id AS id FROM executions
    ORDER BY id NULLS LAST LIMIT 100000"""


def _hint(vault: Queryable, identity: str) -> str:
    from rapidfuzz import process

    known = [*vault.sql(_IDS)["id"].to_pylist(), *(pair.divergence_id for pair in divergence.run(vault).pairs)]
    near = [choice for choice, *_ in process.extract(identity, known, limit=_SUGGESTED, score_cutoff=_NEAR)]
    if near:
        return f"did you mean {' or '.join(plain(choice, 80) for choice in near)}?"
    return "soma insights, soma divergence and soma signatures name ids"
