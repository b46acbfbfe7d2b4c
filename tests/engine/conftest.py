"""A Sail server in the process of the tests: an engine that speaks Spark Connect and needs no JVM."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def sail() -> Iterator[str]:
    """Address of a running Sail server."""
    spark = pytest.importorskip("pysail.spark", reason="pip install pysail")
    pytest.importorskip("pyspark.sql.connect", reason="pip install 'soma-harvest[spark]'")
    server = spark.SparkConnectServer(port=0)
    server.start(background=True)
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()
