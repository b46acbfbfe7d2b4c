"""A Spark standalone cluster on loopback: one master, two workers on addresses of their own, one Connect server.

The pip package has no ``start-master.sh``: the daemons are started by their class. Loopback addresses other than
127.0.0.1 give the workers distinct host names and need no root.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HOSTS = ("127.0.0.2", "127.0.0.3")
_OF_OTHERS = ("SPARK_", "PYSPARK_", "PYTHON")
_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 300.0
# Several JVMs on few processors: start-up counts, not throughput.
_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


def _end_with_the_tests() -> None:
    """A test run that is killed leaves no JVM behind: Linux kills the child of a process that died."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: str, done: Callable[[], bool], within_s: float = _PATIENCE_S) -> None:
    end = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < end, f"{what} did not happen within {within_s:.0f} s"
        time.sleep(0.2)


def children(pid: int) -> list[int]:
    """Process ids below a process, at any depth."""
    try:
        own = [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
               for child in (task / "children").read_text().split()]  # fmt: skip
    except OSError:
        return []
    return own + [below for child in own for below in children(child)]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Cluster:
    """A running cluster; ``stop`` ends every process of it.

    Args:
        python: A Python that has ``pyspark[connect]`` and soma: the workers run it too.
        folder: For logs and what workers keep.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self._python = python
        self._folder = folder
        told = subprocess.run(
            [python, "-c", "import os, pyspark; print(os.path.dirname(pyspark.__file__))"],
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        self._home = Path(told.stdout.strip())
        self._started: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self._ui = free_port()
        self.address = ""

    def start(self) -> None:
        master, connect = free_port(), free_port()
        url = f"spark://127.0.0.1:{master}"
        deploy = "org.apache.spark.deploy"
        self._daemon("master", "spark-class", f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(master),
                     "--webui-port", "0")  # fmt: skip
        wait_for("the start of the master", lambda: answers(master))
        self.workers = [
            self._daemon(f"worker-{host}", "spark-class", f"{deploy}.worker.Worker", "--host", host, "--cores", "1",
                         "--memory", "512m", "--webui-port", "0", "--work-dir", str(self._folder / host), url)
            for host in _HOSTS
        ]  # fmt: skip
        settings = {
            "spark.connect.grpc.binding.port": connect, "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "640m",
            "spark.executor.memory": "512m", "spark.executor.cores": 1, "spark.ui.port": self._ui,
            "spark.executor.extraJavaOptions": _JVM, "spark.driver.extraJavaOptions": _JVM,
            "spark.sql.warehouse.dir": self._folder / "warehouse",
        }  # fmt: skip
        flags = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        self._daemon("connect", "spark-submit", "--master", url, *flags, "--class",
                     "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal")  # fmt: skip
        wait_for("the start of the Connect server", lambda: answers(connect))
        wait_for("the start of both executors", lambda: len(self.executors()) == len(_HOSTS))
        self.address = f"sc://127.0.0.1:{connect}"

    def executors(self) -> dict[str, dict[str, Any]]:
        """What the Connect server's web interface says of the executors that live, by host."""
        base = f"http://127.0.0.1:{self._ui}/api/v1/applications"
        try:
            with urllib.request.urlopen(base, timeout=10) as answer:
                application = json.load(answer)[0]["id"]
            with urllib.request.urlopen(f"{base}/{application}/executors", timeout=10) as answer:
                found = json.load(answer)
        except (OSError, IndexError):
            return {}
        return {each["hostPort"].split(":")[0]: each for each in found if each["id"] != "driver"}

    def kill_a_worker(self) -> None:
        """``kill -9`` of one worker's daemon, of its executor and of the Pythons below, at once."""
        daemon = self.workers[-1]
        for pid in [daemon.pid, *children(daemon.pid)]:
            os.kill(pid, signal.SIGKILL)
        daemon.wait(10)

    def stop(self) -> None:
        pids = [pid for process in self._started for pid in children(process.pid)]
        for process in reversed(self._started):
            process.kill()
            process.wait(10)
        for pid in pids:
            if Path(f"/proc/{pid}").exists():
                os.kill(pid, signal.SIGKILL)

    def log(self) -> str:
        """The end of every log, for a test that fails."""
        ends = [f"== {path.name}\n" + path.read_text(errors="replace")[-3000:] for path in self._folder.glob("*.log")]
        return "\n".join(ends)

    def _daemon(self, name: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OF_OTHERS)}
        environment = {
            **inherited,
            "SPARK_HOME": str(self._home),
            "PYSPARK_PYTHON": self._python,
            "SPARK_LOCAL_DIRS": str(self._folder / "local"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            # It is the heap of the Connect server too, which dies of less than 450 MB.
            "SPARK_DAEMON_MEMORY": "512m",
            "SPARK_DAEMON_JAVA_OPTS": f"{_JVM} -Dspark.master.rest.enabled=false",
        }
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(self._home / "bin" / program), *arguments], env=environment, cwd=self._folder, stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=_end_with_the_tests,
            )  # fmt: skip
        self._started.append(process)
        return process


def java() -> bool:
    return shutil.which("java") is not None or "JAVA_HOME" in os.environ
