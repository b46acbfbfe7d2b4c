"""Gemini CLI chats: ``~/.gemini/tmp/<project>/chats/session-*.json`` and the newer ``.jsonl`` of the same records.

What becomes what:

* a session id is an execution, ``gm:<sessionId>``; a tool call inside a ``gemini`` message is a decision, a ``user``
  message opens a ``turn``;
* messages that a rewind took back are an execution ``gm:<sessionId>~<first message>`` labelled ``branch=abandoned``;
* thoughts are the reasoning of the calls of their message;
* a shell command that exited with something other than 0 failed, though its call has the status ``success``;
* how long a call took is not known: its time is that of its end, waiting for the user included.
"""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="gemini-cli", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records)
