"""What somebody should know after half a minute: sentences, and what needs a hand. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from soma.synthesizer.jobs.health.model import ORDER, Health
from soma.synthesizer.jobs.report.model import Report
from soma.synthesizer.wording import number, plain

from .dossier import Dossier

UNHEALTHY: tuple[Health, ...] = ("critical", "degraded")
_URGENT = 4


class Need(msgspec.Struct, frozen=True):
    """One thing that needs a hand: about whom, what is the matter, what to do, and where on the page it stands."""

    who: str
    what: str
    do: str
    link: str
    health: Health | None = None
    failing: float | None = None


def headline(report: Report) -> str:
    """How many agents, how many of them unhealthy."""
    many = number(len(report.agents), "agent")
    if not report.agents:
        return "No agent has been seen yet."
    bad = sum(agent.health in UNHEALTHY for agent in report.agents)
    if not bad:
        return f"None of {many} is known to be unhealthy."
    return f"{bad:,} of {many} {'is' if bad == 1 else 'are'} unhealthy."


def healths(report: Report) -> list[tuple[Health, int]]:
    """Every health that occurs, the worst first, with how many agents."""
    counts = Counter(agent.health for agent in report.agents)
    return [(health, counts[health]) for health in ORDER if counts[health]]


def since(report: Report) -> str:
    """What changed since the earlier report, in a sentence."""
    changes = report.changes
    if changes is None:
        return "No earlier report was given: this page says nothing about changes."
    became = Counter(change.became for change in changes.findings)
    failures = sum(each.failures for each in changes.failures)
    added = changes.executions.after - changes.executions.before
    words = [
        f"{number(added, 'new run')}, {failures:,} of them failed" if added > 0 else "no new run",
        f"{number(changes.worse, 'agent')} worse",
        f"{number(changes.better, 'agent')} better",
        f"{number(became['new'], 'new finding')}",
        *([f"{became['gone']:,} gone"] if became["gone"] else []),
    ]
    return ", ".join(words) + "."


def needs(dossier: Dossier) -> list[Need]:
    """What needs a hand, the most urgent first."""
    return [*_agents(dossier), *_rest(dossier.report)]


def _agents(dossier: Dossier) -> Iterator[Need]:
    unhealthy = [file for file in dossier.agents if file.briefing.agent.health in UNHEALTHY]
    for place, file in enumerate(unhealthy[:_URGENT], start=1):
        told = file.briefing
        why = told.reasons[0].text if told.reasons else _reason(dossier.report, told.agent.agent_id)
        do = told.advice[0].text if told.advice else "Nothing in its traces stands out; read its last failed run."
        yield Need(told.agent.agent_id, plain(why, 320), plain(do, 320), f"#agent-{place}", told.agent.health,
                   told.agent.failures.rate)  # fmt: skip


def _reason(report: Report, agent: str) -> str:
    return next(each.health_reason for each in report.agents if each.id == agent)


def _rest(report: Report) -> Iterator[Need]:
    if report.governance.to_decide:
        what = f"{number(report.governance.to_decide, 'proposal waits', 'proposals wait')} for a decision."
        yield Need(
            "Proposals", what, "Promote or reject each: nothing binds an agent before a person says so.", "#review"
        )
    replaced = sum(secret.replaced for secret in report.secrets)
    if replaced:
        different = number(sum(secret.different for secret in report.secrets), "different one")
        what = f"Secrets stood in {number(replaced, 'place')} of the traces ({different} in view); "
        what += "soma replaced them before writing anything."
        yield Need("Secrets", what, "Change them where they are valid: the traces still hold them.", "#secrets")
    lost = report.sources.failed + report.sources.empty
    if lost or report.sources.quarantined:
        parts = [number(lost, "source")] if lost else []
        parts += [number(report.sources.quarantined, "record")] if report.sources.quarantined else []
        what = f"{' and '.join(parts)} could not be used: what they hold is in no number here."
        yield Need("Sources", what, "The list says why, file by file.", "#sources")
