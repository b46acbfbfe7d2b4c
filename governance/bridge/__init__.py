"""The policy bridge: what the vault has to say to an agent or a guard, from memory. It reads and never writes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, get_args

from soma import clock
from soma.action.signature import uncounted
from soma.errors import UsageError
from soma.globs import any_of
from soma.governance.policy import Facts, Policy
from soma.vault import Snapshot, VaultRoot

from .memory import Memory
from .model import LAYER_OF, Answer, Asked, Intent, Profile

__all__ = ["Answer", "Asked", "Intent", "PolicyBridge", "Profile"]

RECENT = 20
"""Runs that count as recent unless told otherwise."""
LEAST_RECENT = 5
"""Below so many, a rate of failures is not known."""
_DAY = 24 * 3600 * 1_000_000
_REMEMBERED = 4096


class Place(Protocol):
    """Where a vault lies and how it is opened: ``soma.Vault`` or ``VaultRoot``."""

    @property
    def address(self) -> str:
        """The vault's folder, or its address on S3."""
        ...

    def snapshot(self) -> Snapshot:
        """The vault as it is now."""
        ...


class PolicyBridge:
    """Answers by intent, and the four calls of a policy source.

    Args:
        vault: The vault, its folder or its address on S3.
        ready: Read everything now; otherwise each part when it is first asked for.

    Examples:
        >>> bridge = PolicyBridge(".soma")                           # doctest: +SKIP
        >>> bridge.query("enforce", agent="mailer")                  # doctest: +SKIP
        >>> bridge.recent_failure_rate("mailer", last=50)            # doctest: +SKIP

    Raises:
        VaultMissing, VaultError: if the vault cannot be read.
    """

    def __init__(self, vault: Place | str | Path, *, ready: bool = True) -> None:
        self._place: Place = VaultRoot(vault) if isinstance(vault, str | Path) else vault
        self._ready = ready
        self._memory = self._read()

    def _read(self) -> Memory:
        self._remembered: dict[tuple[Intent, str | None, str | None, int], tuple[Answer, ...]] = {}
        memory = Memory(VaultRoot(self._place.address), self._place.snapshot())
        if self._ready:
            memory.load()
        return memory

    @property
    def version(self) -> int:
        """The version of the vault it answers from."""
        return self._memory.version

    def reload(self) -> bool:
        """Read the vault anew if it has changed since; whether it had."""
        if self._place.snapshot().version == self._memory.version:
            return False
        self._memory = self._read()
        return True

    def query(self, intent: Intent = "all", *, agent: str | None = None, team: str | None = None) -> tuple[Answer, ...]:
        """What there is to say, the mandatory first.

        ``enforce``: policies that bind. ``advise``: proposals, as warnings. ``brief``: what was found in a team's own
        runs. ``route``: how agents did so far. ``all``: everything, with policies in shadow mode, and of the working
        layer what is the named team's.

        Args:
            intent: What the answer is for.
            agent: Only what is about this agent, or about all.
            team: Only what is about this team, or about all; left out, the teams of the agent's runs count.

        Raises:
            UsageError: if there is no such intent, or ``brief`` names no team.
        """
        if intent not in get_args(Intent):
            raise UsageError(f"there is no intent {str(intent)[:40]!r}", hint="one of: " + ", ".join(LAYER_OF))
        if intent == "brief" and team is None:
            raise UsageError(
                "brief is about a team, and none is named", hint="soma policies query --intent brief --team T"
            )
        today = clock.now() // _DAY
        asked = (intent, agent, team, today)
        if asked not in self._remembered:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[asked] = self._answers(intent, agent, team)
        return self._remembered[asked]

    def _answers(self, intent: Intent, agent: str | None, team: str | None) -> tuple[Answer, ...]:
        memory, now = self._memory, clock.now()
        teams = (team,) if team is not None else memory.teams.get(agent, ()) if agent is not None else None
        found: list[Answer] = []
        for layer in LAYER_OF[intent]:
            if layer == "canon":
                found += [one for one in memory.canon if one.policy is not None and not one.policy.expired(now)
                          and (one.binds or intent == "all")]  # fmt: skip
            elif layer == "emerging":
                found += memory.emerging
            elif layer == "working":
                found += memory.working.get(team, ()) if team is not None else ()
            else:
                found += memory.archive
        return tuple(one for one in found if _about(one, agent, teams))

    def policies(self, *, agent: str | None = None, team: str | None = None) -> tuple[Policy, ...]:
        """The policies that bind, for a guard: their scopes decide about each run."""
        return tuple(one.policy for one in self.query("enforce", agent=agent, team=team) if one.policy is not None)

    def recent_failure_rate(
        self, agent_id: str, *, last: int = RECENT, days: float | None = None, least: int = LEAST_RECENT
    ) -> float | None:
        """Share of the agent's last runs that failed, by how they ended; ``None`` where too few are known.

        Args:
            agent_id: The agent.
            last: How many runs are recent, of those whose end is known.
            days: And no older than so many days.
            least: Below so many the rate is not known.
        """
        since = None if days is None else clock.now() - round(days * _DAY)
        ended: list[bool] = []
        for run in reversed(self._memory.runs.get(agent_id, ())):
            if len(ended) == last:
                break
            if run.status != "unknown" and (since is None or (run.ended_at is not None and run.ended_at >= since)):
                ended.append(run.status == "failed")
        return sum(ended) / len(ended) if len(ended) >= max(1, least) else None

    def is_known_bottleneck(self, action: str, agent_id: str | None = None) -> bool:
        """Whether most of the time goes to this action: of this agent, or of any where none is named."""
        known = self._memory.bottlenecks
        name = uncounted(action)
        if agent_id is not None:
            return name in known.get(agent_id, frozenset())
        return any(name in actions for actions in known.values())

    def last_conformance_score(self, agent_id: str) -> float | None:
        """Conformance of the agent's last run that could be measured, 0 to 1; ``None`` where none could."""
        return self._memory.conformance.get(agent_id)

    def get_agent_profile(self, agent_id: str) -> Profile | None:
        """What is known of the agent; ``None`` where the vault holds no run of it."""
        one = self._memory.agents.get(agent_id)
        if one is None:
            return None
        return Profile(
            health=one,
            teams=self._memory.teams.get(agent_id, ()),
            bottlenecks=tuple(sorted(self._memory.bottlenecks.get(agent_id, ()))),
            conformance=self.last_conformance_score(agent_id),
        )

    def facts(
        self, agent_id: str, *, team: str | None = None, tasks: tuple[str, ...] = (), depth: int | None = None
    ) -> Facts:
        """What policies may ask about a run of this agent that begins now."""
        own = self._memory.teams.get(agent_id, ())
        return Facts(
            agent_id=agent_id,
            team_id=team if team is not None else own[0] if len(own) == 1 else None,
            tasks=tasks,
            failure_rate=self.recent_failure_rate(agent_id),
            conformance=self.last_conformance_score(agent_id),
            bottlenecks=self._memory.bottlenecks.get(agent_id, frozenset()),
            depth=depth,
        )


def _about(one: Answer, agent: str | None, teams: tuple[str, ...] | None) -> bool:
    if agent is not None and one.agents and not _names(one, one.agents, agent):
        return False
    return teams is None or not one.teams or any(_names(one, one.teams, team) for team in teams)


def _names(one: Answer, names: tuple[str, ...], name: str) -> bool:
    # A policy speaks of agents by globs, everything else by their names: text that looks like a glob is none.
    return any_of(names, name) if one.policy is not None and one.source_layer == "canon" else name in names
