"""Worlds whose truth is known: agents, tasks of unequal difficulty, and where one choice costs success."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import msgspec

from soma.synthesizer.jobs.divergence.compute import Question, divergence_of
from soma.synthesizer.jobs.divergence.model import Divergence, Path, Run
from soma.synthesizer.jobs.tasks.compute import tasks_of
from soma.synthesizer.jobs.tasks.model import Attempt

from . import made


class World(msgspec.Struct):
    """Rows as the queries of the job give them."""

    runs: list[Run] = msgspec.field(default_factory=list)
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    paths: dict[str, Path] = msgspec.field(default_factory=dict)
    actions: dict[str, Sequence[str]] = msgspec.field(default_factory=dict)

    def add(
        self, agent: str, task: str, success: bool | None, actions: Sequence[str] = (), night: int | None = None
    ) -> None:
        execution = f"{agent}/{len(self.runs):05}"
        at = None if night is None else night * 86_400_000_000
        self.runs.append(Run(execution, agent, "generic", None, "completed", success, at, at))
        self.attempts.append(Attempt(execution, agent, task, None))
        if actions:
            self.actions[execution] = actions
            self.paths[execution] = Path(
                execution,
                [f"{execution}/{place}" for place, _ in enumerate(actions, 1)],
                [0] * len(actions),
                [0] * len(actions),
                [None] * len(actions),
            )

    def until(self, night: int) -> World:
        """What was there after this night."""
        runs = [run for run in self.runs if run.started_at is not None and run.started_at <= night * 86_400_000_000]
        names = {run.execution_id for run in runs}
        return World(runs, [each for each in self.attempts if each.execution_id in names], self.paths, self.actions)

    def answer(self, **question: object) -> Divergence:
        asked = msgspec.convert(question, Question)
        paths = made.paths(made.words(self.actions), self.paths.values())
        return divergence_of(self.runs, tasks_of(self.attempts), lambda: paths, asked)


COSTLY, BETTER = "exec:node", "process:poll"


def planted(
    seed: int,
    step: int = 2,
    *,
    effect: float = 0.3,
    runs: int = 30,
    habits: tuple[float, float] = (0.1, 0.9),
    extra: float = 0.15,
    decoys: int = 0,
    places: int = 7,
) -> World:
    """Two agents; at ``step`` ``worse`` mostly takes ``exec:node``, which lowers its success by ``effect`` over all.

    Any place may have an extra action before it with chance ``extra``; the costly choice is mostly followed by another
    act. At ``decoys`` other places the agents choose between two harmless actions, each with a leaning of its own.
    """
    generator = random.Random(f"planted {seed}")
    world = World()
    cost = effect / (habits[1] - habits[0])
    others = [place for place in generator.sample(range(1, places + 1), places) if place != step][:decoys]
    leanings = {place: (generator.uniform(0.2, 0.8), generator.uniform(0.2, 0.8)) for place in others}
    for side, agent in enumerate(("better", "worse")):
        for number in range(runs):
            costly = generator.random() < habits[side]
            path = []
            for place in range(1, places + 1):
                if generator.random() < extra:
                    path.append(generator.choice(["plan", "read:config", "message:send"]))
                if place == step:
                    path.append(COSTLY if costly else BETTER)
                elif place in leanings:
                    path.append(f"look:{place}{'ab'[generator.random() < leanings[place][side]]}")
                elif place == step + 1 and costly and generator.random() < 0.7:
                    path.append("exec:kill")
                else:
                    path.append(f"do:{'abcdefghij'[place]}")
            task = number % 5
            chance = 0.95 - 0.02 * task - (cost if costly else 0)
            world.add(agent, f"task {task}", generator.random() < chance, path)
    return world


def level(seed: int, agents: int, mix: Mapping[int, Sequence[float]] | None = None) -> World:
    """``agents`` who are all equally good, 30 runs each over 20 nights.

    ``mix`` gives single agents other shares of easy and hard tasks.
    """
    generator = random.Random(f"level {seed}")
    world = World()
    difficulty = (0.9, 0.8, 0.6, 0.4, 0.2)
    for agent in range(agents):
        shares = (mix or {}).get(agent, (1, 1, 1, 1, 1))
        for number in range(30):
            (task,) = generator.choices(range(5), shares)
            good = generator.random() < difficulty[task]
            world.add(f"agent-{agent}", f"task {task}", good, night=number * 2 // 3 + 1)
    return world
