"""From the answers of the other jobs to the report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from soma import clock, codec
from soma.identity import digest
from soma.synthesizer.jobs.divergence.model import Divergence
from soma.synthesizer.jobs.health.model import Run, Status
from soma.synthesizer.jobs.insights.merge import ORIGIN
from soma.synthesizer.wording import number

from .agents import agent_of
from .blindness import Coverage
from .changes import Earlier
from .diff import changes_of
from .findings import intelligence_of, pair_of, reported, stored
from .graded import Grades
from .model import (
    Canon,
    Digests,
    Governance,
    InsightRow,
    KnowsRow,
    Layers,
    LedgerEntry,
    Policy,
    Report,
    Secret,
    SourceRow,
    Sources,
    Totals,
    UnusableRow,
    UnusableSource,
)
from .review import Proposal
from .shifts import Shift
from .strain import Strain
from .trials import Trial

_UNUSABLE_LISTED = 100
_LEDGER_LISTED = 1000


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the report as other jobs gave it.

    Attributes:
        last_failed: Agent to its failed run that began last. archetypes: how many there are.
        basis, content: As in ``Digests``.
    """

    last_failed: dict[str, Run]
    proposals: list[Proposal]
    gates: list[Trial]
    drift: list[Shift]
    pressure: list[Strain]
    grades: Grades
    coverage: Coverage
    secrets: list[Secret]
    ledger: list[LedgerEntry]
    policies: list[Policy]
    canon: list[Canon]
    archetypes: int
    basis: str
    content: str


def report_of(
    status: Status,
    divergence: Divergence,
    insights: Sequence[InsightRow],
    sources: Sequence[SourceRow],
    unusable: Sequence[UnusableRow],
    knows: Sequence[KnowsRow],
    parts: Parts,
    *,
    now: int,
) -> Report:
    """The report of one vault version at one instant."""
    moment = clock.to_iso(now) or ""
    different = [pair for pair in divergence.pairs if pair.verdict == "different"]
    # What the nightly run has proposed already is not told a second time.
    proposed = {frozenset(row.agents) for row in insights if row.type == "divergence"}
    unproposed = [pair for pair in different if frozenset((pair.first.agent_id, pair.second.agent_id)) not in proposed]
    findings = [*(stored(row) for row in insights), *(reported(pair) for pair in unproposed)]
    became = Counter(row.status for row in insights)
    ledger = sources_of(sources, unusable, knows, parts.ledger)
    made = Report(
        schema="soma.report",
        schema_version=1,
        available=True,
        generated_at=moment,
        generated=moment,
        vault_version=status.vault_version,
        level=status.level,
        agents=[agent_of(agent, parts.last_failed.get(agent.agent_id)) for agent in status.agents],
        insights=findings,
        policies=parts.policies,
        guard_recommendations=[],
        canon=parts.canon,
        proposals=parts.proposals,
        intelligence=[intelligence_of(pair) for pair in different],
        divergences=[pair_of(pair) for pair in divergence.pairs],
        divergences_total=divergence.pairs_total,
        gates=parts.gates,
        drift=parts.drift,
        pressure=parts.pressure,
        grades=parts.grades,
        totals=Totals(
            agents=len(status.agents),
            executions=status.executions,
            decisions=status.decisions,
            insights=len(findings),
            policies=len(parts.policies),
            archetypes=parts.archetypes,
        ),
        layers=Layers(
            archive=status.executions,
            working=sum(strain.executions for strain in parts.pressure),
            emerging=became["pending"],
            canon=len(parts.canon),
        ),
        governance=Governance(
            pending=became["pending"],
            to_decide=sum(row.status == "pending" and row.origin == ORIGIN for row in insights),
            promoted=became["promoted"],
            rejected=became["rejected"],
        ),
        sources=ledger,
        coverage=parts.coverage,
        secrets=parts.secrets,
        changes=None,
        not_known=_not_known(status, divergence, ledger),
        digests=Digests(basis=parts.basis, content=parts.content, report=""),
    )
    return sealed(made)


def sealed(report: Report) -> Report:
    """The report with its own digest in it: ``Digests`` says of what."""
    body = msgspec.to_builtins(report)
    for name in ("generatedAt", "generated", "digests"):
        del body[name]
    own = digest(codec.encode(body), size=16)
    return msgspec.structs.replace(report, digests=msgspec.structs.replace(report.digests, report=own))


def with_changes(report: Report, earlier: Earlier) -> Report:
    """The report with what changed since an earlier one, sealed anew."""
    return sealed(msgspec.structs.replace(report, changes=changes_of(earlier, report)))


def sources_of(
    rows: Sequence[SourceRow],
    unusable: Sequence[UnusableRow],
    knows: Sequence[KnowsRow],
    entries: Sequence[LedgerEntry],
) -> Sources:
    """The ledger and what the frameworks behind it cannot tell."""
    many = {row.status: row.many for row in rows}
    cannot: dict[str, list[str]] = {}
    for row in knows:
        if row.cannot:
            cannot.setdefault(row.framework, []).append(row.fact)
    return Sources(
        total=sum(many.values()),
        read=many.get("read", 0),
        empty=many.get("empty", 0),
        unrecognised=many.get("unrecognised", 0),
        failed=many.get("failed", 0),
        copies=many.get("copy", 0),
        companions=many.get("companion", 0),
        quarantined=sum(row.quarantined for row in rows),
        redacted=sum(row.redacted for row in rows),
        unusable=[UnusableSource(row.path, row.status, row.reason or "") for row in unusable[:_UNUSABLE_LISTED]],
        unusable_total=len(unusable),
        cannot_tell=cannot,
        ledger=list(entries[:_LEDGER_LISTED]),
    )


def _not_known(status: Status, divergence: Divergence, sources: Sources) -> list[str]:
    """In words, what would change the answers if it were known."""
    lines = []
    unlabelled = sum(agent.runs - (agent.success.total if agent.success else 0) for agent in status.agents)
    if unlabelled:
        lines.append(f"success of {unlabelled:,} of {number(status.executions, 'run')}")
    unjudged = sum(agent.runs - agent.failures.total for agent in status.agents)
    if unjudged:
        lines.append(f"how {number(unjudged, 'run')} ended")
    for what, many in (
        ("tokens", sum(agent.tokens is None for agent in status.agents)),
        ("costs", sum(agent.cost_usd is None for agent in status.agents)),
    ):
        if many:
            lines.append(f"{what} of {many:,} of {number(len(status.agents), 'agent')}")
    lines += [line for line in divergence.not_known if line.startswith("the task of")]
    lost = sources.failed + sources.empty + sources.unrecognised
    if lost:
        lines.append(f"what is in {number(lost, 'source')} that could not be used")
    if sources.quarantined:
        lines.append(f"what is in {number(sources.quarantined, 'record')} that could not be used")
    return lines
