"""A session with a Spark Connect server, opened from its address: ``sc://host:port``."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from soma.config import LOCAL_ENGINE
from soma.errors import SomaError, UsageError
from soma.lean import let_pandas_in

if TYPE_CHECKING:
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession

SCHEME = "sc://"
_OLDEST = 4
_REACHED_WITHIN_S = 5.0
_INSTALL = "pip install 'soma-harvest[spark]'"
_WRITTEN = "write it as sc://host:15002, or leave it out to work on this machine"

# So gRPC writes its errors, and the client library those it has no class for.
_DETAILS = re.compile(r'details = "(.*)"')


class EngineError(SomaError):
    """A Spark Connect server cannot be reached, is too old, or failed at what it was asked for."""

    default_hint = "look whether the server still runs; --engine local needs none"


class EngineSession:
    """An open session; its time zone is UTC. Use it in ``with``, or close it.

    Attributes:
        address: Where the server is, without what the address may hold beyond that, as a token.
        spark: The session of the client library.
        version: Version of Spark the server says it speaks.
    """

    def __init__(self, address: str, spark: SparkSession, version: str) -> None:
        self.address = address
        self.spark = spark
        self.version = version

    def __enter__(self) -> EngineSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session on the server and drop the connection; a second call does nothing."""
        self.spark.stop()


def shown(address: str) -> str:
    """An address for people: scheme, host and port, without parameters, which may hold a token."""
    if not address.startswith(SCHEME):
        return address.split(";", 1)[0]
    return SCHEME + address.removeprefix(SCHEME).split("/", 1)[0].rsplit("@", 1)[-1]


def check_address(address: str) -> None:
    """Look at the form of an address; nothing is asked of the network.

    Raises:
        UsageError: if it is not ``sc://host`` or ``sc://host:port`` with or without parameters.
    """
    try:
        parts = urlsplit(address)
        wrong = parts.scheme != "sc" or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise UsageError(f"--engine {shown(address)!r} is no address of a Spark Connect server", hint=_WRITTEN)


def open_session(address: str) -> EngineSession:
    """Open a session with the server at ``address``.

    Raises:
        UsageError: if the address cannot be used.
        EngineError: if the extra ``spark`` is not installed, the server is not there or is too old.
    """
    check_address(address)
    where = shown(address)
    try:
        _load_client()
        import grpc
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.client import DefaultChannelBuilder
        from pyspark.sql.connect.session import SparkSession
    except ImportError:
        raise EngineError("--engine sc://… needs the package pyspark-client", hint=_INSTALL) from None
    try:
        builder = DefaultChannelBuilder(address)
    except PySparkException as problem:
        # Its own words repeat the address, and with it a token.
        raise UsageError(f"--engine {where!r} cannot be used: {problem.getCondition()}", hint=_WRITTEN) from None
    _require_answer(builder, where)
    spark = SparkSession.builder.remote(address).create()
    try:
        version = spark.version
        _require_supported(version, where)
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    except (PySparkException, grpc.RpcError) as problem:
        spark.stop()
        raise EngineError(
            f"the server does not speak Spark Connect as it should: {told(problem)}", where=where
        ) from None
    except EngineError:
        spark.stop()
        raise
    return EngineSession(where, spark, version)


@contextmanager
def opened(engine: str) -> Iterator[EngineSession | None]:
    """The engine that the settings name, for as long as it is worked with; ``None`` is this machine.

    Raises:
        UsageError: if it is neither ``local`` nor an address of a Spark Connect server.
        EngineError: as ``open_session``.
    """
    if engine == LOCAL_ENGINE:
        yield None
        return
    with open_session(engine) as session:
        yield session


def told(problem: BaseException) -> str:
    """What an error of the client library says, in one line without the server's stack."""
    text = str(problem).strip()
    found = _DETAILS.search(text)
    words = (found[1] if found else text).splitlines()
    return words[0][:300] if words else type(problem).__name__


def _load_client() -> None:
    """Import the client library, which takes a program without a file, as ``python -c`` is one, for its own doctests.

    It would end the process then, unless a person sits at a prompt: so it is told.

    Raises:
        ImportError: if it is not installed.
    """
    # It works with pandas.
    let_pandas_in()
    told_already = hasattr(sys, "ps1")
    if not told_already:
        sys.ps1 = ""
    try:
        importlib.import_module("pyspark.sql.connect")
    finally:
        if not told_already:
            del sys.ps1


def _require_answer(builder: DefaultChannelBuilder, where: str) -> None:
    """The client library asks again for ten minutes where nobody answers: here a person waits."""
    import grpc

    channel = builder.toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=_REACHED_WITHIN_S)
    except grpc.FutureTimeoutError:
        hint = "start the server, or check host and port; --engine local needs none"
        raise EngineError("no Spark Connect server answers", where=where, hint=hint) from None
    finally:
        channel.close()


def _require_supported(version: str, where: str) -> None:
    major = version.split(".", 1)[0]
    if not major.isdigit() or int(major) < _OLDEST:
        hint = f"Spark {_OLDEST}.0 or newer is needed"
        raise EngineError(f"the server speaks Spark {version}, which is too old", where=where, hint=hint)
