"""Codex CLI: rollouts (``~/.codex/sessions/**/rollout-*.jsonl``) and ``codex exec --json`` streams.

What becomes what:

* a thread is an execution, ``cx:<thread id>``: its rollout and its stream are two readings of one run;
* a call item is a decision, a ``user_message`` (in a stream, a ``turn.started``) opens a ``turn``;
* the ``agent_id`` is the last component of the working directory, for a sub-agent the role it was spawned with;
* a forked or spawned thread's file begins with its parent's history: those lines become a reading of the parent,
  without times (they carry the time of the copy), and never part of the child;
* tokens are differences of a running total that starts again when a session is resumed;
* early rollouts, which are response items without an envelope, are read the same way.
"""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="codex", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records)
