"""How long the policy bridge takes to load a vault and to answer from memory.

python benchmarks/bridge.py VAULT
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from soma.governance import PolicyBridge

_TIMES = 200


def main() -> None:
    """Print seconds for loading and microseconds (median, largest) for each question."""
    started = time.perf_counter()
    bridge = PolicyBridge(sys.argv[1])
    print(f"loaded version {bridge.version} in {time.perf_counter() - started:.2f} s")
    agents = [one.id for one in bridge.query("route") if one.kind == "profile"]
    questions: dict[str, Callable[[str], object]] = {
        "query enforce": lambda agent: bridge.query("enforce", agent=agent),
        "query all": lambda agent: bridge.query("all", agent=agent),
        "recent_failure_rate": bridge.recent_failure_rate,
        "is_known_bottleneck": lambda agent: bridge.is_known_bottleneck("exec:node", agent),
        "last_conformance_score": bridge.last_conformance_score,
        "get_agent_profile": bridge.get_agent_profile,
    }
    for name, ask in questions.items():
        took = []
        for number in range(_TIMES):
            started = time.perf_counter()
            ask(agents[number % len(agents)])
            took.append(1e6 * (time.perf_counter() - started))
        print(f"{name:24} median {statistics.median(took):8.1f} µs   largest {max(took):8.1f} µs")


if __name__ == "__main__":
    main()
