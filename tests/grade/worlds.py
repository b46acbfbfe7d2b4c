"""Executions whose truth is known: what each decision shows, and how much of it has to do with the end."""

from __future__ import annotations

import random

from soma.synthesizer.jobs.calibrate.compute import rows_of
from soma.synthesizer.jobs.calibrate.model import Known, Row
from soma.synthesizer.jobs.grade.model import MOMENTS, Answered, Trace

PATTERNS = ("alarm", "noise_a", "noise_b", "noise_c")
WORDS = ("order", "refund", "address", "invoice", "total", "item", "customer", "shipping")


class World:
    """Traces with the first decisions of each.

    Args:
        seed: Of everything.
        executions: How many.
        repeats: Executions of each task.
        effect: How much likelier, 0 to 1, the pattern ``alarm`` is at a decision of an execution that will fail.
        word: Whether failures use a word in their arguments that successes do not.
        agents: How many; the later ones fail more by ``skill``.
        skill: By how much.
    """

    def __init__(
        self, seed: str, *, executions: int = 200, repeats: int = 1, effect: float = 0.0, word: bool = False,
        agents: int = 1, skill: float = 0.0, framework: str = "generic",
    ) -> None:  # fmt: skip
        rng = random.Random(seed)
        self.traces: list[Trace] = []
        self.decisions: dict[str, list[Known]] = {}
        self.texts: dict[str, str | None] = {}
        for number in range(executions):
            name, task = f"{framework}/{number:04}", f"{framework}-task-{number // repeats}"
            agent = number % agents
            failed = rng.random() < 0.5 + skill * (agent / max(1, agents - 1) - 0.5)
            length = rng.choice((4, 6, 8, 12))
            steps = []
            for place in range(length):
                alarm = rng.random() < 0.1 + effect * failed
                noise = [one for one in PATTERNS[1:] if rng.random() < 0.15]
                steps.append(
                    answered(
                        name, place, patterns=["alarm", *noise] if alarm else noise, failed=rng.random() < 0.2,
                        pressure=rng.random(),
                    )
                )  # fmt: skip
            self.traces.append(Trace(name, f"agent-{agent}", framework, task, failed, steps, length))
            said = "careless" if word and failed and rng.random() < 0.8 else "careful"
            self.decisions[name] = [known(name, place, f"{said} {rng.choice(WORDS)}") for place in range(length)]
            self.texts[name] = " ".join(rng.choices(WORDS, k=5))

    def rows(self) -> dict[int, list[Row]]:
        """The rows of features at every moment."""
        return {after: rows_of(self.traces, self.decisions, self.texts, after, PATTERNS) for after in MOMENTS}


def answered(execution: str, place: int, **more: object) -> Answered:
    """One decision and the engine's answer."""
    given: dict[str, object] = {
        "failed": False, "chosen": True, "pressure": 0.1, "warned": False, "pressures": [0.0] * 5, "floor": 0.0,
        "floor_reason": None, "patterns": [], **more,
    }  # fmt: skip
    return Answered(execution, f"{execution}/{place}", **given)  # type: ignore[arg-type]


def known(execution: str, place: int, arguments: str, **more: object) -> Known:
    """One decision as the features see it."""
    given: dict[str, object] = {
        "kind": "tool_choice", "action": "lookup", "tool": "lookup", "role": "other", "outcome": "ok",
        "arguments_digest": f"{execution}/{place}", "output_digest": None, "reasoning": None, "error": None,
        "output": "found", "evidence": "", "turn": 0, "tokens": None, "duration_ms": None, **more,
    }  # fmt: skip
    return Known(decision_id=f"{execution}/{place}", step=place, arguments=arguments, execution_id=execution, **given)  # type: ignore[arg-type]
