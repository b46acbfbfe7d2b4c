"""What the texts of a decision show: figures and where they come from, doubt, conclusions, made-up data. Pure.

The texts are those of the vault: redacted, cut after 2 to 4 KiB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from soma import codec

from .model import Step

_FIGURE = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
_QUOTED = re.compile(r"\*\*([^*\n]{2,60})\*\*|\"([^\"\n]{3,60})\"|“([^”\n]{3,60})”")
_DOUBTS = re.compile(
    r"\b(?:mistakes?|incorrect(?:ly)?|wrong(?:ly)?|errors?|apologi[sz]e|sorry|issues?|"
    r"problems?|fail(?:ed|s|ure)?|invalid|"
    r"however|unfortunately|not (?:found|available|accessible|provide|return|match|correct|work)\w*|"
    r"did(?: not|n't)|does(?: not|n't)|re-?(?:examine|check|evaluate|consider|try)|instead|"
    r"correct(?:ed|ion)|discrepanc\w+|"
    r"i meant|that'?s not)\b",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\b(?:the (?:final )?(?:answer|result|output|total|number|count|value|difference|solution) (?:is|was|for)|"
    r"therefore|thus|"
    r"hence|in conclusion|in summary|summary|conclusion|confirm(?:s|ed)?|verified|successfully|terminate)\b",
    re.IGNORECASE,
)
_MADE_UP = re.compile(
    r"\b(?:assum(?:e|es|ed|ing|ption|ptions)|simulat\w*|hypothetical\w*|placeholders?|mock\w*|dummy|fictional|"
    r"for example|"
    r"example data|sample data|suppose|approximat\w*|estimat\w*|i (?:recall|know|believe)|"
    r"based on (?:my|general|known)|"
    r"likely|probably|typically|path[/_ ]to)\b",
    re.IGNORECASE,
)
_CANNOT = re.compile(
    r"\b(?:cannot|can't|unable|not (?:able|possible|feasible|allowed)|do(?: not|n't) have|no (?:access|way)|"
    r"manual(?:ly)?|"
    r"please (?:share|provide|upload)|could you)\b",
    re.IGNORECASE,
)
_POOR = re.compile(
    r"error\b|exception\b|traceback|\bnot found\b|\bno (?:results?|such|match\w*|data|output)\b|\binvalid\b|\bdenied\b|"
    r"\bforbidden\b|\bfail(?:ed|ure)?\b|\bunable\b|\bcould not\b|\bcannot\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"\s*(?:exitcode: \d+ \([a-z ]+\)\s*)?(?:Code output:)?\s*(?:\[\]|\{\}|None|null|0)?\s*\Z")
_CHANGES = re.compile(
    r"(?:^|[_:.\- ])(?:modify|cancel|exchange|return|transfer|update|delete|remove|rm|send|create|insert|write|edit|"
    r"book|"
    r"pay|purchase|submit|commit|push|post|apply|drop|move|mv|final)(?:$|[_:.\- ])",
    re.IGNORECASE,
)
_CHECKER = re.compile(r"verif|valid|check|review|critic|test|judge|audit", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_OUTPUT_LOOKED_AT = 400
_TELLING = 5
_COPY = 20
_FOLLOW_LOOKED_AT = 400


class Signs(msgspec.Struct):
    """The signs of one decision.

    Attributes:
        words: Length of what was said or called, in words.
        poor: Whether a call that went well brought back an error in words, or nothing where it said something (an empty
            list); silence is how many commands say that all is well.
        kept: Figures that appear here first and are said again later by a decision.
        unsupported: Figures said here that neither the task nor anything before holds.
        strays: Share of the telling words of the task that what was said does not take up; a copy of the task itself
            does not count as taking it up. 0 where the task is not known.
        doubts: Whether it begins by speaking of a mistake or a problem.
    """

    words: int
    code: bool
    poor: bool
    changes: bool
    checker: bool
    doubts: bool
    concludes: bool
    made_up: bool
    cannot: bool
    strays: float = 0.0
    kept: int = 0
    unsupported: int = 0
    final_answer: bool = False


def signs_of(steps: Sequence[Step], task: str | None) -> list[Signs]:
    """The signs of every decision of a run, in order."""
    said = [said_in(step) for step in steps]
    found = [_signs(step, text) for step, text in zip(steps, said, strict=True)]
    figures = [_figures(text) for text in said]
    known = _figures(task or "")
    final = _final(said)
    wanted = _telling(task or "")
    for place, step in enumerate(steps):
        found[place].strays = _strays(said[place], task or "", wanted)
        fresh = figures[place] - known
        later = set[str]().union(*figures[place + 1 :])
        from_result = _figures(step.output or "") - known
        found[place].unsupported = len(fresh)
        found[place].kept = len((fresh | from_result) & later)
        found[place].final_answer = bool((_marks(said[place]) | figures[place] | from_result) & final - known)
        known = known | fresh | from_result | (_marks(said[place]) & final)
    return found


def said_in(step: Step) -> str:
    """What the agent said or called: its reasons, then its arguments as text."""
    return "\n".join(part for part in (step.reasoning, _plain(step.arguments)) if part)


def _signs(step: Step, text: str) -> Signs:
    words = len(_WORD.findall(text))
    own = step.reasoning or ("" if _is_code(step) else _plain(step.arguments))
    output = (step.output or "")[:_OUTPUT_LOOKED_AT]
    return Signs(
        words=words,
        code=_is_code(step),
        poor=step.outcome == "ok" and bool(output.strip()) and bool(_POOR.search(output) or _NOTHING.match(output)),
        changes=step.role in {"edit", "write"} or bool(_CHANGES.search(step.action)),
        checker=bool(_CHECKER.search(step.tool)),
        doubts=bool(_DOUBTS.search(own[:_FOLLOW_LOOKED_AT])),
        concludes=bool(_CONCLUDES.search(own)),
        made_up=bool(_MADE_UP.search(text)),
        cannot=bool(_CANNOT.search(own)),
    )


def _is_code(step: Step) -> bool:
    return step.role == "shell"


def _plain(arguments: str | None) -> str:
    """Arguments as text; JSON that was cut in its middle is taken as it stands."""
    if not arguments:
        return ""
    try:
        value = codec.decode(arguments)
    except codec.Undecodable:
        return arguments.replace("\\n", "\n").replace('\\"', '"')
    values = value.values() if isinstance(value, dict) else [value]
    return "\n".join(item if isinstance(item, str) else codec.encode(item) for item in values)


def _figures(text: str) -> set[str]:
    """Numbers of at least two digits, thousands separators dropped."""
    found = (figure.replace(",", "") for figure in _FIGURE.findall(text))
    return {figure for figure in found if len(figure) > 1}


def _marks(text: str) -> set[str]:
    """What is set in bold or quotes."""
    return {next(filter(None, groups)).strip().lower() for groups in _QUOTED.findall(text)}


def _telling(text: str) -> set[str]:
    """Words of at least five letters, in lower case."""
    return {word.lower() for word in _WORD.findall(text) if len(word) >= _TELLING}


def _strays(said: str, task: str, wanted: set[str]) -> float:
    if not wanted:
        return 0.0
    own = said.replace(task.strip(), " ") if len(task.strip()) > _COPY else said
    return 1 - len(wanted & _telling(own)) / len(wanted)


def _final(said: Sequence[str]) -> set[str]:
    """Figures and marked words of the last text that says anything."""
    for text in reversed(said):
        if found := _figures(text) | _marks(text):
            return found
    return set()
