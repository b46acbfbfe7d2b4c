"""ATIF, the Agent Trajectory Interchange Format of Harbor (terminal-bench 2) and others, versions 1.0 to 1.7.

One trajectory is one execution, ``at:<session id>~<digest of its opening>``: session ids are those of a whole trial,
which sub-agents and (in test data) even strangers share, so agent and first request belong to the identity. A run that
was continued in further files (``continued_trajectory_ref``, ``continuation_index``) is one execution over all of them;
steps that a continuation copied count where they were first taken. Embedded ``subagent_trajectories`` are executions
of their own under their parent.
"""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(name="atif", version=2, capabilities=CAPABILITIES, sniff=sniff, read=read, map=map_records)
