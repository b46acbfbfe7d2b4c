"""Worlds whose truth is known: agents, tasks of unequal difficulty, and where one choice costs success."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import msgspec

from soma.synthesizer.jobs.divergence.compute import Question, divergence_of
from soma.synthesizer.jobs.divergence.model import Divergence, Path, Run
from soma.synthesizer.jobs.tasks.compute import tasks_of
from soma.synthesizer.jobs.tasks.model import Attempt


class World(msgspec.Struct):
    """Rows as the queries of the job give them."""

    runs: list[Run] = msgspec.field(default_factory=list)
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    paths: dict[str, Path] = msgspec.field(default_factory=dict)

    def add(self, agent: str, task: str, success: bool | None, actions: Sequence[str] = ()) -> None:
        execution = f"{agent}/{len(self.runs):05}"
        self.runs.append(Run(execution, agent, "generic", None, "completed", success, None, None))
        self.attempts.append(Attempt(execution, agent, task, None))
        if actions:
            self.paths[execution] = Path(
                execution,
                list(actions),
                [f"{execution}/{place}" for place, _ in enumerate(actions, 1)],
                [0] * len(actions),
                [0] * len(actions),
                [None] * len(actions),
            )

    def answer(self, **question: object) -> Divergence:
        asked = msgspec.convert(question, Question)
        return divergence_of(self.runs, tasks_of(self.attempts), lambda: self.paths, asked)


def planted(seed: int, effect: float = 0.3, runs: int = 30) -> World:
    """Two agents; at step 2 ``worse`` mostly takes ``exec:node``, which lowers its success by ``effect`` over all."""
    generator = random.Random(f"planted {seed}")
    world = World()
    cost = effect / 0.8  # nine in ten of one side, one in ten of the other make the costly choice
    for agent, habit in (("better", 0.1), ("worse", 0.9)):
        for number in range(runs):
            task = number % 5
            costly = generator.random() < habit
            first = "exec:himalaya" if generator.random() < 0.9 else "read:config"
            third = generator.choice(["write:inbox", "message:send"])
            chance = 0.95 - 0.02 * task - (cost if costly else 0)
            success = generator.random() < chance
            world.add(agent, f"task {task}", success, [first, "exec:node" if costly else "process:poll", third])
    return world


def level(seed: int, agents: int, mix: Mapping[int, Sequence[float]] | None = None) -> World:
    """``agents`` who are all equally good; ``mix`` gives single agents other shares of easy and hard tasks."""
    generator = random.Random(f"level {seed}")
    world = World()
    difficulty = (0.9, 0.8, 0.6, 0.4, 0.2)
    for agent in range(agents):
        shares = (mix or {}).get(agent, (1, 1, 1, 1, 1))
        for _ in range(30):
            (task,) = generator.choices(range(5), shares)
            world.add(f"agent-{agent}", f"task {task}", generator.random() < difficulty[task])
    return world
