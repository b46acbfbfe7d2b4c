"""Claude Code sessions: ``~/.claude/projects/<project>/<session>.jsonl``, sub-agent files and ``{loglines}`` exports.

What becomes what:

* a session id is an execution (``cc:<sessionId>``), whatever the file is called; ``/clear`` and compaction inside one
  session id do not end it (labels ``clears`` and ``compactions`` count them), a new session id does;
* a sub-agent (lines with ``isSidechain``, in the session's file or in ``agent-<id>.jsonl``) is a child execution
  ``cc:<sessionId>~<agentId>``, linked to the ``Task``/``Agent`` call that started it. Its ``agent_id`` is the sub-agent
  type; ``general`` when the call named none, ``subagent`` when no call could be found;
* a path left by a rewind is an execution ``cc:<sessionId>~<first uuid of the path>`` labelled ``branch=abandoned``;
* the ``agent_id`` of a session is the last component of its working directory: the project;
* a line copied into a resumed or forked session belongs to the session it was first written in.
"""

from soma.adapters.contract import Adapter

from .capabilities import CAPABILITIES
from .map import map_records
from .read import read
from .sniff import sniff

ADAPTER = Adapter(
    name="claude-code",
    version=1,
    capabilities=CAPABILITIES,
    sniff=sniff,
    read=read,
    map=map_records,
)
