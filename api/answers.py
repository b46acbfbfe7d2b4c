"""What a program may ask a vault for, each answer bounded: the tools of ``soma mcp``, without the protocol.

Everything that comes in is data: an id is looked up, never run, opened or put into a query's text. There is no tool
that takes SQL, and none that writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, get_args

import msgspec

from soma import codec
from soma.errors import UsageError
from soma.governance.bridge import Intent, PolicyBridge
from soma.synthesizer.agents import agent_names, require_known, require_team, team_names

from .vault import Vault

MOST_BYTES = 60_000
"""Bytes of JSON one answer may have."""
MOST_ROWS = 100
_LONG_TEXT = 1_000
_LONGEST_NAME = 400


class Answers:
    """The questions; each method returns a JSON-like object with a ``note`` when something was left out.

    Args:
        vault: The vault; every question is answered from its newest version.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._bridge: PolicyBridge | None = None
        # Questions may come in on several threads, and one connection serves one at a time.
        self._one_at_a_time = threading.Lock()

    def query_policies(
        self, intent: str = "enforce", agent: str | None = None, team: str | None = None, limit: int = 20
    ) -> dict[str, Any]:
        """Policies and findings by intent: what binds, what is advised, what a team's own runs show, how agents did.

        Args:
            intent: enforce, advise, brief, route or all.
            agent: Only what is about this agent, or about all.
            team: Only what is about this team; brief needs it.
            limit: At most so many answers, 1 to 100.
        """
        meant = next((name for name in get_args(Intent) if name == intent), None)
        if meant is None:
            raise UsageError(f"there is no intent {intent[:40]!r}", hint=f"one of: {', '.join(get_args(Intent))}")

        def ask() -> dict[str, Any]:
            if self._bridge is None:
                self._bridge = PolicyBridge(self._vault, ready=False)
            self._bridge.reload()
            found = self._bridge.query(meant, agent=_name(agent), team=_name(team))
            return {"vaultVersion": self._bridge.version, "total": len(found), "answers": list(found[: _rows(limit)])}

        return self._answered(ask)

    def briefing(self, agent: str, team: str | None = None) -> dict[str, Any]:
        """Half a minute about one agent: is it healthy, why not, what to do, its peers, its last failed run.

        Args:
            agent: The agent's name.
            team: Only runs of this team.
        """

        def ask() -> Any:
            vault = self._of(team)
            require_known(str(_name(agent)), agent_names(vault.snapshot()))
            return vault.briefing(agent)

        return self._answered(ask)

    def divergence(
        self, agents: list[str] | None = None, task: str | None = None, team: str | None = None, limit: int = 5
    ) -> dict[str, Any]:
        """Agents that do the same work: who does better, at which step they part, and whether that is real.

        Args:
            agents: Only these.
            task: Only tasks of this key, or whose label contains it.
            team: Only runs of this team.
            limit: At most so many pairs, 1 to 100.
        """

        def ask() -> Any:
            vault = self._of(team)
            names = [str(_name(name)) for name in agents or ()]
            known = agent_names(vault.snapshot())
            for name in names:
                require_known(name, known)
            found = vault.divergence(*names, task=_name(task))
            return msgspec.structs.replace(found, pairs=found.pairs[: _rows(limit)])

        return self._answered(ask)

    def evidence(self, id: str, limit: int = 3) -> dict[str, Any]:  # noqa: A002 - the word every answer uses
        """What a policy, finding, divergence, run or decision rests on: original records, and its number made again.

        Args:
            id: Its id, as other answers give it.
            limit: Show the text of at most so many records, 0 to 100.
        """
        return self._answered(lambda: self._vault.evidence(str(_name(id)), limit=max(0, min(limit, MOST_ROWS))))

    def decisions(self, execution: str, start: int = 0, limit: int = 30) -> dict[str, Any]:
        """One run, decision by decision: what was called, why, and what came back.

        Args:
            execution: Id of the run; the beginning of it is enough when only one fits.
            start: Leave out so many decisions from the start.
            limit: At most so many decisions, 1 to 100.
        """

        def ask() -> dict[str, Any]:
            (chain,) = self._vault.chain(str(_name(execution))).chains
            first = max(0, start)
            shown = chain.decisions[first : first + _rows(limit)]
            return {
                "total": len(chain.decisions),
                "run": msgspec.structs.replace(chain, decisions=shown),
            }

        return self._answered(ask)

    def _of(self, team: str | None) -> Vault:
        if team is None:
            return self._vault
        require_team(str(_name(team)), team_names(self._vault.snapshot()))
        return self._vault.of_team(team)

    def _answered(self, ask: Callable[[], Any]) -> dict[str, Any]:
        with self._one_at_a_time:
            return bounded(msgspec.to_builtins(ask(), str_keys=True))


def _rows(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))


def _name(text: str | None) -> str | None:
    """A name or id as it came in.

    Raises:
        UsageError: if it is longer than any name.
    """
    if text is not None and len(text) > _LONGEST_NAME:
        raise UsageError(f"a name of {len(text):,} characters is none", hint="give an id or a name as other answers do")
    return text


def bounded(answer: dict[str, Any], most: int = MOST_BYTES) -> dict[str, Any]:
    """``answer`` in at most ``most`` bytes of JSON; what was left out is told in its ``note``.

    Long texts are cut first, then the longest lists are halved, until it fits.
    """
    if _size(answer) <= most:
        return answer
    left_out: dict[str, tuple[int, int]] = {}
    answer = _with_short_texts(answer)
    while _size(answer) + _size(_note(left_out)) > most:
        place = max(_lists(answer, ""), key=lambda each: _size(each[1]), default=None)
        if place is None or not place[1]:
            return {"note": f"the answer has more than {most:,} bytes even when cut; ask for less"}
        name, items = place
        before = left_out.get(name, (0, len(items)))[1]
        del items[len(items) // 2 :]
        left_out[name] = (len(items), before)
    return {**answer, **_note(left_out)}


def _note(left_out: dict[str, tuple[int, int]]) -> dict[str, str]:
    parts = [f"{name}: the first {kept:,} of {total:,}" for name, (kept, total) in sorted(left_out.items())]
    told = "; ".join(["long texts are cut", *parts])
    return {"note": f"This answer was cut to fit: {told}. Ask for less at once (limit, start, agent, task)."}


def _with_short_texts(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONG_TEXT else value[: _LONG_TEXT - 1] + "…"
    if isinstance(value, dict):
        return {key: _with_short_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_short_texts(item) for item in value]
    return value


def _lists(value: Any, path: str) -> list[tuple[str, list[Any]]]:
    """Every list in the answer with the names that lead to it, except those inside lists: these go with their item."""
    if isinstance(value, list):
        return [(path, value)]
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _lists(item, f"{path}.{key}" if path else str(key))]
    return []


def _size(value: Any) -> int:
    return len(codec.encode(value).encode())
