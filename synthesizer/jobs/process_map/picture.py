"""The process map as a picture: DOT for Graphviz, and Mermaid.

Names come from traces, which are hostile: they only ever stand inside quoted labels, escaped for the language, while
the identifiers of nodes are numbers. What a label shows is one line without control characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from soma.synthesizer.wording import duration, number, percent, plain

from .model import Edge, ProcessMap

_LABEL = 60
_THICKEST = 4.0
_RED, _GREEN, _GREY = "#b3261e", "#1b7f3b", "#6b7280"


def dot(result: ProcessMap) -> str:
    """The map in the DOT language (https://graphviz.org/doc/info/lang.html)."""
    return "\n".join(["digraph soma {", *(f"  {line}" for line in _dot_lines(result)), "}"]) + "\n"


def mermaid(result: ProcessMap) -> str:
    """The map as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    return "\n".join(["flowchart TD", *(f"  {line}" for line in _mermaid_lines(result))]) + "\n"


def _dot_lines(result: ProcessMap) -> Iterator[str]:
    yield 'graph [rankdir=TB, fontname="sans-serif", labelloc=t, label=' + _dot_text(_title(result)) + "];"
    yield 'node [shape=box, style="rounded,filled", fillcolor="#f3f4f6", color="#6b7280", fontname="sans-serif"];'
    yield 'edge [fontname="sans-serif", fontsize=10];'
    yield 'start [shape=circle, style=filled, fillcolor="#1f2937", label="", width=0.25];'
    yield 'end [shape=doublecircle, style=filled, fillcolor="#1f2937", label="", width=0.18];'
    for name, ident in _idents(result.edges).items():
        shown = _dot_text(_named(name), _used(result, name))
        yield f"{ident} [label={shown}];"
    for edge in result.edges:
        source, target = _ends(result, edge)
        label = _dot_text(*_facts(edge))
        yield f'{source} -> {target} [label={label}, penwidth={_width(result, edge):.1f}, color="{_colour(edge)}"];'
    if note := _note(result):
        yield f"note [shape=plaintext, style=solid, label={_dot_text(note)}];"


def _mermaid_lines(result: ProcessMap) -> Iterator[str]:
    yield f"%% {_comment(_title(result))}"
    yield "start((#32;))"
    yield "finish(((#32;)))"
    for name, ident in _idents(result.edges).items():
        yield f'{ident}["{_mermaid_text(_named(name))}<br/>{_mermaid_text(_used(result, name))}"]'
    for edge in result.edges:
        source, target = _ends(result, edge, end="finish")
        label = "<br/>".join(map(_mermaid_text, _facts(edge)))
        yield f'{source} -->|"{label}"| {target}'
    for place, edge in enumerate(result.edges):
        yield f"linkStyle {place} stroke:{_colour(edge)},stroke-width:{_width(result, edge):.1f}px"
    if note := _note(result):
        yield f'note["{_mermaid_text(note)}"]'
        yield "style note fill:none,stroke:none"


def _title(result: ProcessMap) -> str:
    whose = _named(result.agent) if result.agent is not None else number(result.agents, "agent")
    words = [whose, *([_named(result.task)] if result.task is not None else []), number(result.executions, "run")]
    return " · ".join(words)


def _note(result: ProcessMap) -> str:
    left = result.folded
    if not left.edges:
        return ""
    return f"{number(left.edges, 'rarer edge')} left off"


def _facts(edge: Edge) -> Sequence[str]:
    again = {"self": " ↻", "cycle": " ↺"}.get(edge.loop or "", "")
    first = (
        f"{edge.executions:,} runs, {edge.occurrences:,} ×{again}"
        if edge.occurrences > edge.executions
        else (f"{number(edge.executions, 'run')}{again}")
    )
    mark = {"worse": "✘ ", "better": "✔ "}.get(edge.verdict, "")
    rest = [f"{mark}{percent(edge.outcome.rate)}"] if edge.outcome.total else []
    if edge.pace_ms is not None:
        rest.append(duration(edge.pace_ms))
    return [first, " · ".join(rest)] if rest else [first]


def _used(result: ProcessMap, name: str) -> str:
    times = next((node.occurrences for node in result.nodes if node.action == name), 0)
    return f"{times:,} ×"


def _idents(edges: Sequence[Edge]) -> dict[str, str]:
    names = sorted({name for edge in edges for name in (edge.source, edge.target) if name is not None})
    return {name: f"n{place}" for place, name in enumerate(names)}


def _ends(result: ProcessMap, edge: Edge, end: str = "end") -> tuple[str, str]:
    idents = _idents(result.edges)
    return (
        "start" if edge.source is None else idents[edge.source],
        end if edge.target is None else idents[edge.target],
    )


def _width(result: ProcessMap, edge: Edge) -> float:
    return 1.0 + (_THICKEST - 1.0) * edge.executions / max(1, result.executions)


def _colour(edge: Edge) -> str:
    return {"worse": _RED, "better": _GREEN}.get(edge.verdict, _GREY)


def _named(name: str) -> str:
    return plain(name, _LABEL) or "(no name)"


def _dot_text(*lines: str) -> str:
    r"""A quoted DOT string; a backslash would start an escape, ``&`` an HTML entity: neither may come from a name."""
    shown = (line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(shown) + '"'


def _mermaid_text(line: str) -> str:
    """A label of Mermaid: everything but letters, digits and blanks as an entity code, so that nothing is syntax."""
    return "".join(sign if sign == " " or (sign.isalnum() and sign.isascii()) else f"#{ord(sign)};" for sign in line)


def _comment(line: str) -> str:
    """A Mermaid comment may hold anything on one line but directives (``%%{``)."""
    return "".join(sign if sign.isalnum() or sign in " .,:_-·" else " " for sign in line)
