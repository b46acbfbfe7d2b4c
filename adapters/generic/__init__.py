"""Conversations in JSON or JSON Lines, whatever wraps them, and two benchmark formats built on the same parts.

Messages of OpenAI chat, OpenAI Responses, Anthropic, Gemini and fine-tuning sets are understood wherever they lie (a
list, a member of an object, a line); facts of the run are taken from the objects around them. tau-bench results are
such conversations with a reward; InterCode results are lists of actions and observations. In chats of several
named agents without tool calls every message of an agent is a decision.

The claim is weak (0.2) for plain chat, so that every format with an adapter of its own goes there.
"""

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="generic", version=2, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records)
