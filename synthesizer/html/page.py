"""A dossier as HTML.

What makes hostile text harmless: jinja2 escapes everything, every text is made one line without control characters
before (``_clean``), and the content security policy allows this file's own style and script by their hash and nothing
else, so that even markup that got through could neither run nor load anything.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from soma import __version__
from soma.synthesizer import commands, wording
from soma.synthesizer.jobs.chain.explain import MARKS, remark
from soma.synthesizer.jobs.chain.shown import Gap, shown_of
from soma.synthesizer.jobs.coverage.model import Cell
from soma.synthesizer.jobs.divergence.model import END

from . import figures, headline
from .dossier import Dossier

_LONGEST = 2000
_AGENTS_LISTED = 100
_DECISIONS_SHOWN = 30
_ROWS = 40
_FORMATS = 16
_CELLS: dict[Cell, str] = {"known": "●", "partly": "◐", "missing": "○", "cannot": "×"}


def page(dossier: Dossier) -> str:
    """The whole file."""
    environment = _environment()
    style, script = (_shipped(name) for name in ("style.css", "script.js"))
    text: str = environment.get_template("page.html").render(
        d=dossier, report=dossier.report, version=__version__, style=_trusted(style), script=_trusted(script),
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; "
        "form-action 'none'",
        headline=headline.headline(dossier.report), since=headline.since(dossier.report),
        healths=headline.healths(dossier.report), needs=headline.needs(dossier),
        agents_listed=_AGENTS_LISTED, rows=_ROWS, formats_shown=_FORMATS,
    )  # fmt: skip
    return text


@cache
def _environment() -> Environment:
    names = [
        item.name for item in files(__package__ or "").joinpath("templates").iterdir() if item.name[-5:] == ".html"
    ]
    environment = Environment(
        loader=DictLoader({name: _shipped(name) for name in names}),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_clean,
    )  # fmt: skip
    environment.filters.update(
        percent=wording.percent, bounds=wording.bounds, share=wording.share, count=wording.count,
        points=wording.points, duration=wording.duration, probability=wording.probability, short=wording.plain,
        moment=_moment, named=lambda name: wording.plain(name, 200) or "(not named)",
        signed=wording.signed, sentence=lambda text: text[:1].upper() + text[1:],
    )  # fmt: skip
    environment.globals.update(
        number=wording.number, soma=commands.soma, show_run=commands.show_run, cells=_CELLS, end=END,
        whisker=figures.whisker, strip=figures.strip, trajectory=figures.trajectory,
        spine=figures.spine, spine_edges=figures.shown_edges,
        mark=lambda outcome: MARKS[outcome][0], remark=lambda link, chain: remark(link, chain).plain,
        shown=lambda chain: [(item, isinstance(item, Gap)) for item in shown_of(chain, _DECISIONS_SHOWN)],
    )  # fmt: skip
    return environment


def _shipped(name: str) -> str:
    return files(__package__ or "").joinpath("templates", name).read_text(encoding="utf-8")


def _trusted(text: str) -> Any:
    """Text of this package, to stand in the page as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def _clean(value: Any) -> Any:
    # Markup is a text too, but one of this package's making.
    return wording.plain(value, _LONGEST) if type(value) is str else "" if value is None else value


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _moment(text: str | int | None) -> str:
    """``2026-03-21 09:30 UTC``; times in the page are UTC so that it is the same wherever it is made."""
    from soma import clock

    iso = clock.to_iso(text) if isinstance(text, int) else text
    return f"{iso[:16].replace('T', ' ')} UTC" if iso else "–"
