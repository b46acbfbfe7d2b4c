"""A Sail server in the process of the tests: an engine that speaks Spark Connect and needs no JVM."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="session")
def sail() -> Iterator[str]:
    """Address of a running Sail server."""
    if find_spec("pyspark") is None:
        pytest.skip("pip install 'soma-harvest[spark]'")
    spark = pytest.importorskip("pysail.spark", reason="pip install pysail")
    server = spark.SparkConnectServer(port=0)
    server.start(background=True)
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()
