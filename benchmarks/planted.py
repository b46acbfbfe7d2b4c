"""How often ``soma divergence`` finds a planted step, and how often it sees a difference that is none.

Worlds are those of ``tests/jobs/worlds.py``: two agents, 30 runs each on five tasks, seven steps, some extra steps.

    python benchmarks/planted.py [--worlds 200]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.jobs.test_divergence_planted import UNEQUAL_WORK, found, naive, pair_of
from tests.jobs.worlds import level, planted

PLANTED: dict[str, dict[str, Any]] = {
    "30 points": {},
    "30 points, no extra steps": {"extra": 0.0},
    "30 points, each agent makes only its own choice": {"habits": (0.0, 1.0)},
    "20 points": {"effect": 0.2},
    "30 points, harmless habits at 2 other steps": {"decoys": 2},
    "30 points, harmless habits at 4 other steps": {"decoys": 4},
    "50 points": {"effect": 0.5},
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--worlds", type=int, default=200)
    worlds: int = arguments.parse_args().worlds
    print(f"{'planted at step 2 to 6':50} step found   different   advised   holds nightly")
    for words, asked in PLANTED.items():
        pairs = [(pair_of(planted(seed, 2 + seed % 5, **asked)), 2 + seed % 5) for seed in range(worlds)]
        shares = [
            sum(found(pair, step) for pair, step in pairs),
            sum(pair.verdict == "different" for pair, _ in pairs),
            sum(pair.recommendation is not None for pair, _ in pairs),
            sum(pair.nightly is not None and pair.nightly.holds for pair, _ in pairs),
        ]
        print(f"{words:50} " + "   ".join(f"{100 * share / worlds:8.1f} %" for share in shares))
    for words, mix in (("ten equal agents", None), ("ten equal agents, two with other work", UNEQUAL_WORK)):
        answers = [level(seed, 10, mix) for seed in range(worlds)]
        soma = sum(world.answer(limit=0).different > 0 for world in answers)
        plain = sum(naive(world) for world in answers)
        print(f"{words:50} any pair called different: {100 * soma / worlds:.1f} %, naive {100 * plain / worlds:.1f} %")


if __name__ == "__main__":
    main()
