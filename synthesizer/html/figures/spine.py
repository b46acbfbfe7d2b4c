"""A process map as a spine: actions below each other, ways that skip or lead back as arcs beside them.

It is as wide as a phone and grows downwards, so that its text can be read on every screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from soma.synthesizer.jobs.process_map.model import Edge, ProcessMap
from soma.synthesizer.wording import number, percent, plain

from .draw import element, picture
from .order import forward

_NODES, _EDGES = 10, 26
_WIDTH, _LEFT, _RIGHT = 340.0, 74.0, 266.0
_STEP, _HALF, _TOP = 50.0, 15.0, 18.0
_NAME = 22
_MIDDLE, _DOT = (_LEFT + _RIGHT) / 2, 6.0
_THICKEST = 5.0
START, END = "", "\x00"
"""Stand for the start and the end of an execution; no action is called so."""


def spine(result: ProcessMap) -> Markup:
    """The most used actions and the most travelled ways between them; empty where no execution chose anything."""
    edges = _kept(result)
    if not edges:
        return Markup("")
    weights = {_ends(edge): edge.executions for edge in edges}
    names = sorted({name for ends in weights for name in ends} - {START, END})
    rows = [START, *forward(names, weights), END]
    place = {name: row for row, name in enumerate(rows)}
    height = 2 * _TOP + _STEP * (len(rows) - 1)
    used = {node.action: node.occurrences for node in result.nodes}
    parts = [_way(edge, place, result.executions) for edge in edges]
    parts += [_end(0, "start"), _end(len(rows) - 1, "end")]
    parts += [_node(place[name], name, used.get(name, 0)) for name in names]
    told = f"process map of {number(result.executions, 'run')}: {number(len(names), 'action')}, the table has the ways"
    return picture(parts, kind="spine", width=_WIDTH, height=height, told=told)


def shown_edges(result: ProcessMap) -> Sequence[Edge]:
    """The ways the picture shows, the most travelled first."""
    return _kept(result)


def _kept(result: ProcessMap) -> list[Edge]:
    by_use = sorted(result.nodes, key=lambda node: (-node.executions, -node.occurrences, node.action))
    names = {None, *(node.action for node in by_use[:_NODES])}
    inside = [edge for edge in result.edges if edge.source in names and edge.target in names]
    return sorted(inside, key=lambda edge: (-edge.executions, -edge.occurrences, *_ends(edge)))[:_EDGES]


def _ends(edge: Edge) -> tuple[str, str]:
    return (START if edge.source is None else edge.source, END if edge.target is None else edge.target)


def _y(row: int) -> float:
    return _TOP + _STEP * row


def _node(row: int, name: str, times: int) -> Markup:
    y = _y(row)
    box = element("rect", class_="node", x=_LEFT, y=y - _HALF, width=_RIGHT - _LEFT, height=2 * _HALF, rx=4.0)
    label = element("text", plain(name, _NAME) or "(no name)", class_="name", x=_LEFT + 9, y=y + 4)
    # The count gives way to a long name.
    room = len(plain(name, _NAME)) + len(f"{times:,}") < _NAME + 2
    many = element("text", f"{times:,}×" if room else "", class_="many", x=_RIGHT - 8, y=y + 4, text_anchor="end")
    return element("g", [element("title", plain(name, 200)), box, label, many])


def _end(row: int, kind: str) -> Markup:
    return element("circle", class_=kind, cx=_MIDDLE, cy=_y(row), r=_DOT)


def _way(edge: Edge, place: dict[str, int], executions: int) -> Markup:
    source, target = (place[name] for name in _ends(edge))
    width = 1 + (_THICKEST - 1) * edge.executions / max(1, executions)
    kind = {"worse": "worse", "better": "better"}.get(edge.verdict, "plain")
    title = f"{_named(edge.source, 'start')} → {_named(edge.target, 'end')}: {number(edge.executions, 'run')}"
    title += f", {percent(edge.outcome.rate)} do well" if edge.outcome.total else ""
    last = len(place) - 1
    line, tip = _straight(source, target, last) if target == source + 1 else _arc(source, target, last)
    drawn = [element("path", class_="way", d=line, stroke_width=width), element("path", class_="tip", d=tip)]
    return element("g", [element("title", title), *drawn], class_=kind)


def _straight(source: int, target: int, last: int) -> tuple[str, str]:
    start = _y(source) + (_HALF if source else _DOT)
    end = _y(target) - (_DOT if target == last else _HALF)
    return f"M{_MIDDLE:.1f} {start:.1f}V{end - 5:.1f}", f"M{_MIDDLE:.1f} {end:.1f}l-4 -7h8z"


def _arc(source: int, target: int, last: int) -> tuple[str, str]:
    """Skipping ways go round on the right, those that lead back on the left."""
    side, away = (_RIGHT, 1) if target > source else (_LEFT, -1)
    apart = 8.0 if source == target else 5.0
    reach = side + away * (22.0 if source == target else min(66.0, 16.0 + 9.0 * abs(target - source)))
    x1, y1 = (_MIDDLE + away * _DOT, _y(source)) if source == 0 else (side, _y(source) + apart)
    x2, y2 = (_MIDDLE + away * _DOT, _y(target)) if target == last else (side, _y(target) - apart)
    line = f"M{x1:.1f} {y1:.1f}C{reach:.1f} {y1:.1f} {reach:.1f} {y2:.1f} {x2 + away * 5:.1f} {y2:.1f}"
    return line, f"M{x2:.1f} {y2:.1f}l{7 * away} -4v8z"


def _named(name: str | None, otherwise: str) -> str:
    return otherwise if name is None else plain(name, 80)
