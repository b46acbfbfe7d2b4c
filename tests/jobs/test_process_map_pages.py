"""The map as a page, as DOT and as Mermaid: readable, and nothing a trace calls itself becomes syntax."""

from __future__ import annotations

import random
import re
import shutil
import subprocess

import pytest

from soma.synthesizer.jobs import process_map
from soma.synthesizer.jobs.process_map.explain import render
from soma.synthesizer.jobs.process_map.model import ProcessMap
from soma.synthesizer.jobs.process_map.picture import dot, mermaid
from soma.synthesizer.wording import plain

from .lake import Lake, chain, execution
from .whole import HOSTILE, harmless, said, shown

NAMES = [
    HOSTILE, '"]; evil -> pwn [label="<b>x</b>"]', "end", "graph TD", "`**bold**`", "1. list", "- item", "subgraph",
    "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "&amp;lt;", "x\\", "\\N\\G\\l",
    "click n0 call alert()", "%%{init: {}}%%", "a#quot;b#35;", "A\"B'C|D]E)F}", "ünïcödé 🚀", "", "style n0 fill:#f00;",
    "x" * 300,
]  # fmt: skip


def hostile() -> ProcessMap:
    generator = random.Random("hostile")
    paths = [generator.sample(NAMES, len(NAMES)) for _ in range(3)]
    runs = [execution(f"r{number}", HOSTILE) for number in range(len(paths))]
    return process_map.run(
        Lake(runs, [one for number, path in enumerate(paths) for one in chain(f"r{number}", path, HOSTILE)]), HOSTILE
    )


def labels(found: ProcessMap) -> set[str]:
    return {
        plain(name, 60) or "(no name)"
        for edge in found.edges
        for name in (edge.source, edge.target)
        if name is not None
    }


def planted() -> ProcessMap:
    runs, decisions = [], []
    for number in range(60):
        again = number % 2 == 0
        runs.append(execution(f"r{number:02}", task_id="t", success=not again or number % 10 == 0))
        path = ["exec:himalaya", *(["exec:himalaya"] * 3 if again else []), "write:inbox"]
        times = [second * 1_500_000 for second in range(len(path))]
        decisions += chain(f"r{number:02}", path, started_at=times, duration_ms=500.0)
    return process_map.run(Lake(runs, decisions))


@pytest.mark.parametrize("width", [80, 100])
def test_the_page_tells_the_failing_edge_first_and_fits(width: int) -> None:
    page = shown(render(process_map.folded(planted())), width)
    assert all(len(line) <= width for line in page.splitlines())
    rows = [line for line in page.splitlines() if "→" in line]
    assert rows[0].split()[:4] == ["✘↻", "exec:himalaya", "→", "exec:himalaya"]
    assert "1.5 s" in rows[0]
    words = said(page)
    assert "success 60.0 % (36 of 60)" in words
    assert "6 of 30 achieved their task" in words
    assert "than other runs of the same agent and task" in words
    assert "need not be its cause" in words


def test_the_page_says_what_was_left_off_and_when_success_is_not_known() -> None:
    runs = [execution(f"r{n}", status="completed") for n in range(40)]
    decisions = [one for n in range(40) for one in chain(f"r{n}", ["a", "rare"] if n == 0 else ["a"])]
    page = said(shown(render(process_map.folded(process_map.run(Lake(runs, decisions))))))
    assert "and 2 rarer edges (2 times in all): --least 1 shows them" in page
    assert "Success is not known: counted is which runs completed" in page


def test_pages_of_nothing() -> None:
    assert "No runs with a decision" in shown(render(process_map.run(Lake([]))))
    assert "hold no decision" in shown(render(process_map.run(Lake([execution("r0")]))))


def test_hostile_names_steer_no_terminal() -> None:
    page = shown(render(process_map.folded(hostile(), least=1)), 80)
    assert harmless(page)
    assert all(len(line) <= 80 for line in page.splitlines())


_DOT_TEXT = r'"((?:[^"\\\n]|\\.)*)"'
_DOT_LINES = [
    r"digraph soma \{", r"\}", rf'  graph \[rankdir=TB, fontname="sans-serif", labelloc=t, label={_DOT_TEXT}\];',
    r'  (?:node|edge|start|end) \[[a-z]+=[^\[\]]*\];', rf"  n\d+ \[label={_DOT_TEXT}\];",
    rf'  (?:start|n\d+) -> (?:end|n\d+) \[label={_DOT_TEXT}, penwidth=\d\.\d, color="#[0-9a-f]{{6}}"\];',
    rf"  note \[shape=plaintext, style=solid, label={_DOT_TEXT}\];",
]  # fmt: skip


def test_dot_holds_names_in_labels_only() -> None:
    found = hostile()
    text = dot(found)
    read = set()
    for line in text.splitlines():
        assert any(re.fullmatch(pattern, line) for pattern in _DOT_LINES), line
        if match := re.fullmatch(_DOT_LINES[4], line):
            name = match[1].split("\\n")[0] if not match[1].startswith("\\\\N") else match[1].rsplit("\\n", 1)[0]
            read.add(re.sub(r"\\(.)", r"\1", name).replace("&amp;", "&"))
    assert read == labels(found)
    assert len(re.findall(" -> ", re.sub(_DOT_TEXT, "", text))) == len(found.edges)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("found", [hostile(), process_map.folded(planted())], ids=["hostile", "planted"])
def test_graphviz_draws_every_node_and_edge(found: ProcessMap) -> None:
    drawn = subprocess.run(["dot", "-Tplain"], input=dot(found), capture_output=True, text=True, timeout=60, check=True)
    assert not drawn.stderr
    kinds = [line.split()[0] for line in drawn.stdout.splitlines()]
    assert kinds.count("node") == len(labels(found)) + 2
    assert kinds.count("edge") == len(found.edges)


_MERMAID_TEXT = r"(?:[A-Za-z0-9 ]|#\d+;)*"
_MERMAID_LINES = [
    r"flowchart TD", r"  %% [\w .,:·-]*", r"  start\(\(#32;\)\)", r"  finish\(\(\(#32;\)\)\)",
    rf'  n\d+\["({_MERMAID_TEXT})<br/>{_MERMAID_TEXT}"\]',
    rf'  (?:start|n\d+) -->\|"{_MERMAID_TEXT}(?:<br/>{_MERMAID_TEXT})?"\| (?:finish|n\d+)',
    r"  linkStyle \d+ stroke:#[0-9a-f]{6},stroke-width:\d\.\dpx", rf'  note\["{_MERMAID_TEXT}"\]',
    r"  style note fill:none,stroke:none",
]  # fmt: skip


def test_mermaid_holds_names_in_labels_only() -> None:
    found = hostile()
    read = set()
    for line in mermaid(found).splitlines():
        assert any(re.fullmatch(pattern, line) for pattern in _MERMAID_LINES), line
        if match := re.fullmatch(_MERMAID_LINES[4], line):
            read.add(re.sub(r"#(\d+);", lambda code: chr(int(code[1])), match[1]))
    assert read == labels(found)


def test_pictures_tell_what_was_left_off() -> None:
    runs = [execution(f"r{n}") for n in range(9)]
    whole = process_map.run(Lake(runs, [one for n in range(9) for one in chain(f"r{n}", ["a", "b" if n else "c"])]))
    few = process_map.folded(whole, least=2)
    assert (len(whole.edges), len(few.edges)) == (5, 3)
    assert "2 rarer edges left off" in dot(few)
    assert '  note["2 rarer edges left off"]' in mermaid(few)
    assert "left off" not in dot(whole) + mermaid(whole)
