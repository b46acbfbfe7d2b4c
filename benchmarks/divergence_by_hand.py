"""Divergence on real runs, beside the same figures computed by hand from the raw files, with nothing of soma.

InterCode's bash tasks were attempted by five models (Yang et al., *InterCode*, NeurIPS 2023). By hand: a run succeeds
when the largest reward of its turns is 1; the difference of two models is the Mantel-Haenszel risk difference over the
tasks both attempted; where they part at once, the runs whose first command begins with either program are counted.

    python benchmarks/divergence_by_hand.py [--traces FOLDER]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from itertools import combinations
from pathlib import Path

from soma import Vault
from soma.synthesizer.jobs import divergence
from soma.synthesizer.jobs.divergence.model import END, Pair

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "generic" / "intercode"
Runs = dict[str, dict[str, list[tuple[bool, str]]]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--traces", type=Path, default=FIXTURES, help="folder with one folder per model")
    given = arguments.parse_args()
    raw = read(given.traces)
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "vault")
        vault.harvest([given.traces])
        answer = divergence.run(vault.snapshot(), everyone=True, limit=1000)
    pairs = {frozenset((pair.first.agent_id, pair.second.agent_id)): pair for pair in answer.pairs}
    print(f"{'better':18} {'worse':18} tasks  by hand    soma  [95 %]          q        verdict   step 1 by hand")
    wrong = 0
    for one, other in combinations(sorted(raw), 2):
        pair = pairs.get(frozenset((one, other)))
        if pair is None or pair.difference is None:
            continue
        estimate, tasks = by_hand(raw[pair.first.agent_id], raw[pair.second.agent_id])
        same = abs(estimate - pair.difference.estimate) < 1e-9 and tasks == pair.tasks
        wrong += not same
        interval = pair.difference.interval
        print(
            f"{pair.first.agent_id:18} {pair.second.agent_id:18} {tasks:5} {100 * estimate:7.2f} "
            f"{100 * pair.difference.estimate:7.2f}  [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
            f"{'':3}{pair.q_value:8.1e}  {pair.verdict:16}  {beginnings(raw, pair)}{'' if same else '  DIFFERS'}"
        )
    print(f"{answer.different} different, {answer.alike} alike, {answer.undecided} undecided; {wrong} differ by hand")


def read(folder: Path) -> Runs:
    """Model, task, runs: whether each succeeded, and the program it began with."""
    runs: Runs = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("*/*.json")):
        for run in json.loads(path.read_text()).values():
            actions = run["turn_history"]["actions"]
            words = str(actions[0]).split() if actions else []
            good = run["summary"]["max_reward"] >= 1
            runs[path.parent.name][run["query"]].append((good, words[0] if words else ""))
    return runs


def by_hand(first: dict[str, list[tuple[bool, str]]], second: dict[str, list[tuple[bool, str]]]) -> tuple[float, int]:
    """The Mantel-Haenszel risk difference, second minus first, and over how many tasks."""
    above = below = 0.0
    shared = first.keys() & second.keys()
    for task in shared:
        m, n = len(first[task]), len(second[task])
        x, y = sum(good for good, _ in first[task]), sum(good for good, _ in second[task])
        above += (y * m - x * n) / (m + n)
        below += m * n / (m + n)
    return above / below, len(shared)


def beginnings(raw: Runs, pair: Pair) -> str:
    """Runs that began as soma says, by their first word; only for a parting at the first step with plain programs."""
    parting = pair.parting
    if parting is None or parting.step != 1 or END in (parting.first.action, parting.second.action):
        return "-"
    words = []
    shared = raw[pair.first.agent_id].keys() & raw[pair.second.agent_id].keys()
    for chosen in (parting.first, parting.second):
        program = chosen.action.removeprefix("exec:")
        counted = sum(begun == program for task in sorted(shared) for _, begun in raw[chosen.agent_id][task])
        words.append(f"{program} {counted} (soma {chosen.executions})")
    return ", ".join(words)


if __name__ == "__main__":
    main()
