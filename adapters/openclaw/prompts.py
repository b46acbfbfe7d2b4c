"""What a user message asks for, under the envelopes OpenClaw wraps prompts in, and who really sent it."""

from __future__ import annotations

import re

import msgspec

from .entries import Message
from .results import flat_text

_LOOKED_AT = 8192
_CRON = re.compile(r"\[cron:(?P<job>\S+)(?: (?P<name>[^\]\n]*))?\]\s*")
_DATED = re.compile(r"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]* \d{4}-\d\d-\d\d [^\]\n]{1,40}\]\s*")
_BOOTSTRAP = "[Bootstrap pending]"
_SUBAGENT = "[Subagent Context]"
_SUBAGENT_TASK = "\n[Subagent Task]\n"
_INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>"
_HEARTBEAT = ("[OpenClaw heartbeat poll]", "Read HEARTBEAT.md")
_TIME_LINE = "\nCurrent time: "


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A user message.

    Attributes:
        text: The request without envelopes; ``None`` where the message has none.
        trigger: ``cron``, ``heartbeat`` or ``subagent`` when no person sent it; else ``None``.
        is_request: False for messages that only carry an answer back (a sub-agent's announcement).
    """

    text: str | None
    trigger: str | None = None
    job: str | None = None
    job_name: str | None = None
    is_request: bool = True


def prompt_of(message: Message) -> Prompt:
    """The prompt a message of role ``user`` is."""
    text = (flat_text(message.content) or "").strip()
    sent_by = message.provenance.source_tool if message.provenance is not None else None
    if dated := _DATED.match(text):
        text = text[dated.end() :]
    if sent_by == "subagent_announce" or text.startswith(_INTERNAL):
        return Prompt(text=None, is_request=False)
    if cron := _CRON.match(text):
        request = text[cron.end() :].partition(_TIME_LINE)[0]
        return Prompt(text=_kept(request), trigger="cron", job=cron["job"], job_name=cron["name"] or None)
    if sent_by == "heartbeat" or text.startswith(_HEARTBEAT):
        return Prompt(text=_kept(text), trigger="heartbeat")
    if text.startswith(_SUBAGENT):
        task = text.partition(_SUBAGENT_TASK)[2].rpartition("\n\nBegin.")[0]
        return Prompt(text=_kept(task), trigger="subagent")
    if text.startswith(_BOOTSTRAP):
        text = text.partition("\n\n")[2] or text
    return Prompt(text=_kept(text))


def _kept(text: str) -> str | None:
    return text.strip()[:_LOOKED_AT] or None
