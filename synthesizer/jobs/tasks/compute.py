"""Executions to tasks: pure, and the same whatever order rows come in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from soma.config import TaskRule
from soma.identity import digest

from .cluster import like_texts
from .explicit import same_ids, spaced
from .families import families_of
from .group import WAYS, Group, Place, Text
from .label import labels_of
from .model import Attempt, Detail, Found, Member, Task, Tasks, Wording
from .normalise import is_cut, normalised
from .rules import Labels, ruling
from .template import templates


def tasks_of(attempts: Sequence[Attempt], rules: Sequence[TaskRule] = (), labels: Labels | None = None) -> Tasks:
    """The task of each attempt: by a rule of the project, else by the source's id, else by its text.

    Raises:
        ConfigError: if a rule cannot be used.
    """
    return grouped(attempts, rules, labels)[0]


def detail_of(
    attempts: Sequence[Attempt], words: str, rules: Sequence[TaskRule] = (), labels: Labels | None = None
) -> Detail | list[Task]:
    """The one task of this key or label, or whose label or ids contain the words; else all that could be meant."""
    tasks, groups = grouped(attempts, rules, labels)
    exact = [task for task in tasks.tasks if words in (task.key, task.label, *task.ids)]
    folded = words.casefold()
    near = exact or [task for task in tasks.tasks if folded in task.label.casefold() or folded in task.key.casefold()]
    if len(near) != 1:
        return near
    (task,) = near
    group = groups[task.key]
    said: dict[tuple[str | None, Found], list[Attempt]] = defaultdict(list)
    for attempt, place in zip(group.attempts, group.places, strict=True):
        said[attempt.task_text, place.found].append(attempt)
    order = sorted(said, key=lambda said_so: (-len(said[said_so]), said_so[0] or "", said_so[1]))
    numbers = {said_so: number for number, said_so in enumerate(order, 1)}
    return Detail(
        task=task,
        wordings=tuple(_wording(said_so[0], said_so[1], said[said_so]) for said_so in order),
        executions=tuple(
            Member(
                execution_id=attempt.execution_id,
                agent_id=attempt.agent_id,
                found=place.found,
                task_id=attempt.task_id,
                wording=numbers[attempt.task_text, place.found],
            )
            for attempt, place in zip(group.attempts, group.places, strict=True)
        ),
    )


def _wording(text: str | None, found: Found, attempts: Sequence[Attempt]) -> Wording:
    return Wording(
        text=text,
        found=found,
        executions=len(attempts),
        ids=tuple(sorted({attempt.task_id for attempt in attempts if attempt.task_id})),
        agents=dict(sorted(Counter(attempt.agent_id for attempt in attempts).items())),
    )


def grouped(
    attempts: Sequence[Attempt], rules: Sequence[TaskRule] = (), labels: Labels | None = None
) -> tuple[Tasks, dict[str, Group]]:
    """The tasks, and what each was made from, by key."""
    ordered = sorted(attempts, key=lambda attempt: attempt.execution_id)
    ruled = ruling(ordered, rules, labels)
    free = [one for one in ordered if one.execution_id not in ruled.named and one.execution_id not in ruled.excluded]
    stands, owned = same_ids(free)
    by_text, capped = _by_text(free, owned)
    groups: dict[str, Group] = defaultdict(Group)
    for attempt in ordered:
        if (name := ruled.named.get(attempt.execution_id)) is not None:
            place = Place(stands.get(name, name), "file")
        elif attempt.execution_id in ruled.excluded:
            continue
        elif attempt.task_id:
            place = Place(stands[attempt.task_id], "explicit")
        elif attempt.task_text in by_text:
            place = by_text[attempt.task_text]
        else:
            continue
        groups[place.key].add(attempt, place)
    names = labels_of(groups)
    tasks = [_task(key, groups[key], names[key]) for key in sorted(groups)]
    known = sum(task.executions for task in tasks)
    result = Tasks(
        tasks=tuple(sorted(tasks, key=lambda task: (-task.executions, task.key))),
        families=families_of(tasks),
        assignments={attempt.execution_id: key for key in sorted(groups) for attempt in groups[key].attempts},
        executions=len(attempts),
        untasked=len(attempts) - known - len(ruled.excluded),
        excluded=len(ruled.excluded),
        cut=sum(group.cut for group in groups.values()),
        capped=capped,
        rules=ruled.uses,
    )
    return result, dict(groups)


def _by_text(attempts: Sequence[Attempt], owned: Mapping[str, str]) -> tuple[dict[str | None, Place], bool]:
    """The place of each request that came without an id."""
    found: dict[str | None, Place] = {}
    reduced: dict[str, str] = {}
    for text in sorted({attempt.task_text for attempt in attempts if attempt.task_text and not attempt.task_id}):
        short = normalised(text)
        owner = owned.get(spaced(text)) if owned and not is_cut(text) else None
        if owner is not None:
            found[text] = Place(owner, "text", Text(short, short))
        elif short:
            reduced[text] = short
    # How a request goes on of which only the beginning is stored, nobody knows: it is compared as it is.
    whole = {short for text, short in reduced.items() if not is_cut(text)}
    made = templates(whole)
    forms = {short: made.get(short, short) for short in reduced.values()}
    group_of, capped = like_texts(forms[short] for short in whole)
    group_of = {form: group_of.get(form, form) for form in forms.values()}
    many = Counter(group_of[form] for form in set(forms.values()))
    for text, short in reduced.items():
        form = forms[short]
        group = group_of[form]
        way: Found = "like text" if many[group] > 1 else "template" if short in made else "text"
        found[text] = Place("txt-" + digest(group, size=6), way, Text(short, form))
    return found, capped


def _task(key: str, group: Group, label: str) -> Task:
    return Task(
        key=key,
        label=label,
        found=group.found,
        by={way: group.by[way] for way in WAYS if way in group.by},
        texts=len({text.reduced for text in group.texts}),
        ids=tuple(sorted({attempt.task_id for attempt in group.attempts if attempt.task_id})),
        executions=len(group.attempts),
        agents=dict(sorted(Counter(attempt.agent_id for attempt in group.attempts).items())),
    )
