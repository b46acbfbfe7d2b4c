"""Executions to tasks, tasks to families of agents: pure, and the same whatever order rows come in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from soma.identity import digest
from soma.synthesizer.wording import plain

from .cluster import like_texts
from .model import Attempt, Family, Found, Task, Tasks
from .normalise import normalised

_LABEL = 60
# Ids that end in a number or a hash tell a person less than the request does.
_OPAQUE = re.compile(r"(?:[0-9]|[0-9a-f-]{12})$", re.IGNORECASE)


def tasks_of(attempts: Sequence[Attempt]) -> Tasks:
    """The task of each attempt: by the source's id where it gives one, else by its text."""
    texts = sorted({attempt.task_text for attempt in attempts if attempt.task_text and not attempt.task_id})
    reduced = {text: normalised(text) for text in texts}
    group_of, capped = like_texts(text for text in reduced.values() if text)
    members: dict[str, list[Attempt]] = defaultdict(list)
    found: dict[str, Found] = {}
    variants: dict[str, set[str]] = defaultdict(set)
    for attempt in sorted(attempts, key=lambda attempt: attempt.execution_id):
        if attempt.task_id:
            key = attempt.task_id
            found[key] = "explicit"
        elif text := reduced.get(attempt.task_text or "", ""):
            key = "txt-" + digest(group_of[text], size=6)
            variants[key].add(text)
            found[key] = "text" if len(variants[key]) == 1 else "like text"
        else:
            continue
        members[key].append(attempt)
    tasks = [_task(key, found[key], len(variants[key]), members[key]) for key in sorted(members)]
    assignments = {attempt.execution_id: key for key in sorted(members) for attempt in members[key]}
    return Tasks(
        tasks=tuple(sorted(tasks, key=lambda task: (-task.executions, task.key))),
        families=_families(tasks),
        assignments=assignments,
        executions=len(attempts),
        untasked=len(attempts) - len(assignments),
        capped=capped,
    )


def _task(key: str, found: Found, texts: int, members: Sequence[Attempt]) -> Task:
    agents = Counter(attempt.agent_id for attempt in members)
    return Task(
        key=key,
        label=_label(key, found, members),
        found=found,
        texts=texts,
        executions=len(members),
        agents=dict(sorted(agents.items())),
    )


def _label(key: str, found: Found, members: Sequence[Attempt]) -> str:
    texts = {attempt.task_text for attempt in members if attempt.task_text}
    if not texts or (found == "explicit" and not _OPAQUE.search(key)):
        return plain(key, _LABEL)
    return plain(min(texts, key=lambda text: (len(text), text)), _LABEL)


def _families(tasks: Iterable[Task]) -> tuple[Family, ...]:
    """Connected components of agents over the tasks they share; an agent that shares none makes no family."""
    shared = [task for task in tasks if len(task.agents) > 1]
    families: list[tuple[set[str], list[Task]]] = []
    for task in shared:
        agents, own = set(task.agents), [task]
        apart = []
        for family in families:
            if family[0].isdisjoint(agents):
                apart.append(family)
            else:
                agents |= family[0]
                own += family[1]
        families = [*apart, (agents, own)]
    found = [
        Family(
            family_id="fam-" + digest("\x1f".join(sorted(agents)), size=6),
            agents=tuple(sorted(agents)),
            tasks=len(own),
            executions=sum(task.executions for task in own),
        )
        for agents, own in families
    ]
    return tuple(sorted(found, key=lambda family: (-family.executions, family.agents)))
