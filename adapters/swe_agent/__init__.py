"""SWE-agent trajectories (``.traj``) of all versions, EnIGMA's and demonstrations that hold a history only."""

from __future__ import annotations

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .report import companions, context
from .sniff import sniff

ADAPTER = Adapter(
    name="swe-agent",
    version=1,
    capabilities=CAPABILITIES,
    sniff=sniff,
    read=read,
    map=map_records,
    companions=companions,
    context=context,
)
