"""A bucket for a test, and harvests into it from processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = Path(__file__).with_name("s3_server.py")
SECRET = "wJalrXUtnFEMIsecretsecretbPxRfiCYEXAMPLE"
BUCKET = "team-traces"
_SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"

_HARVEST = """
import os, random, signal, sys, time
from soma.errors import VaultConflict
from soma.harvester import plan, run
from soma.harvester.harvest import Options, harvest
from soma.vault import VaultRoot, delta
from soma.vault.storage import lease
how, vault, *paths = sys.argv[1:]
plan._TASK_SOURCES = 2
run._COMMIT_BYTES = 1
if how.startswith("killed"):
    commit, left = delta.LiveTable.commit, [int(how[6:])]
    def dying(self, *arguments, **named):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return commit(self, *arguments, **named)
    delta.LiveTable.commit = dying
if how == "rude":
    # A lease is taken from whoever holds it, who is not told: only the logs of the tables keep the two apart.
    free = lease.Lease._free
    lease.Lease._free = lambda self, *seen, **s: True if random.random() < 0.15 else free(self, *seen, **s)
    lease.Lease._beat = lambda self: None
print("ready", flush=True)
sys.stdin.readline()
written = conflicts = 0
for path in paths:
    while True:
        try:
            written += harvest(path.split(os.pathsep), VaultRoot(vault), Options(jobs=1)).executions
        except VaultConflict:
            conflicts += 1
            time.sleep(random.random())
        else:
            break
print(written, flush=True)
"""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """A server with an empty bucket; gives the environment in which it is found."""
    server = subprocess.Popen([sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None and server.stdout is not None
    try:
        endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
        made = urllib.request.Request(f"{endpoint}/{BUCKET}", method="PUT", headers={"Authorization": _SIGNED})
        urllib.request.urlopen(made, timeout=30).close()
        yield {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            # Nothing outside this machine is asked for credentials.
            "AWS_METADATA_ENDPOINT": "http://127.0.0.1:1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.stdin.close()
        server.wait(timeout=30)
        server.stdout.close()


def begin(how: str, vault: str, *paths: Path) -> subprocess.Popen[str]:
    """A process that is about to harvest ``paths``, one after the other; it waits for ``run``.

    Args:
        how: ``polite``, ``rude`` (takes the lease from whoever holds it), or ``killed3`` (dies before its fourth commit
            to a table).
        vault: The address.
        paths: What to harvest; each is committed source by source.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _HARVEST, how, vault, *map(str, paths)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip


def run(processes: list[subprocess.Popen[str]]) -> list[tuple[str, str]]:
    """Let processes begin at the same moment, once all are ready; what each said on its way, when all have ended."""
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        return [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
