"""OpenClaw's second records of its runs: trajectory events (sidecars, exports) and the telemetry plugin's log.

Both tell of runs whose transcripts the ``openclaw`` adapter reads. Trajectory events carry the session id, so their
execution ``oc:events:<session id>`` is labelled ``record=run-log`` and steps back where a transcript of that session is
known: a run counts once, and still counts when only its events were kept. An export repeats the entries of the
transcript, and a sidecar the model's messages: they are the very same thing, so ``soma.adapters.openclaw`` reads them.

Telemetry is a run log too, ``oc:telemetry:<digest>``, one execution per session key and log. Where its events carry a
session id it steps back likewise. Mostly they carry the session key alone, and that of a main session
(``agent:main:main``) is the same in every installation and for every session that ever was; matching by time and tools
would guess. Whoever harvests such a log beside its transcripts has both.
"""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="openclaw-events", version=1, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records)
