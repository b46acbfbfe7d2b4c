"""False success: the agent says that it worked, and what it just did had failed."""

from __future__ import annotations

import re

from soma.pressure.action import Action, bounded

from .finding import Finding, Pattern, Severity, Situation
from .shell import ANSWERING

_CLAIM = re.compile(
    r"\b(?:successfully|all (?:the )?(?:tests?|checks) (?:now )?pass"
    r"|(?:tests?|build|checks?|compilation) (?:now )?(?:pass(?:es|ed)?|succeed(?:s|ed)?)\b"
    r"|(?:it|this|that|everything|code|script|fix|query|command) (?:now )?works\b"
    r"|works (?:now|correctly|as expected|perfectly|fine)\b"
    r"|(?:is|are|been) (?:now )?(?:fixed|resolved|solved|complete)\b"
    r"|(?:answer|result|output|solution|code|fix|change|query|count|sum)s? (?:is|are|was) (?:now )?correct\b"
    r"|task (?:is |has been )?(?:now )?(?:completed?|done|finished)\b"
    r"|no (?:more )?errors\b|i can (?:now )?submit\b|great!|perfect!|excellent!)",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|no longer|never|cannot|unable|fail\w*|if|whether|should|would|could|will|once|until|unless|ensure|"
    r"make sure|verify|check|confirm|need|try|trying|to|before|after|when|unsuccessful\w*|without)\b|n't\b|\?",
    re.IGNORECASE,
)
_REACH = 48


class FalseSuccess(Pattern):
    """Fires when the words after a failed action claim that something worked, and do not speak of the failure.

    English only. A claim that is denied, doubted, wished or asked for in the same clause is none; a text that speaks of
    an error, a failure or something missing is no claim either.
    """

    name = "false_success"
    priority = 8
    healing = "read"

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if success is claimed right after a failure."""
        recent = situation.state.window.recent
        if len(recent) < 2 or not recent[-2].failed or recent[-2].action in ANSWERING:
            return None
        claim = claimed(situation.action)
        if claim is None:
            return None
        return Finding(
            self.name,
            Severity.WARN,
            f"after {recent[-2].action} failed the agent wrote “{claim}”",
            "The last result was a failure: read it again before you build on it or report success.",
            self.healing,
        )


_TROUBLE = re.compile(
    r"\b(?:error(?!s? free)|fail\w*|issue|problem|however|but|unfortunately|missing|wrong|incorrect|instead|let me fix|"
    r"still|sorry|apolog\w+|invalid|mistake)\b",
    re.IGNORECASE,
)


def claimed(action: Action) -> str | None:
    """The words by which the text written before or in the action claims success; ``None`` where it does not."""
    text = action.reasoning or action.said
    if not text:
        return None
    text = bounded(text)
    found = _CLAIM.search(text)
    if found is None or _TROUBLE.search(_CLAIM.sub("", text)):
        return None
    clause = re.split(r"[.;:!\n]", text[max(0, found.start() - _REACH) : found.start()])[-1]
    return None if _DENIED.search(clause) else found[0]
