"""An S3 server on loopback in a process of its own: some calls of deltalake keep Python from running while they wait.

Prints its port, serves one request at a time (so that a conditional put is what it is on S3: atomic), and ends with its
standard input, so with whoever started it.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from typing import Any


def main() -> None:
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # Alone: what moto has for all services at once looks through their folders at every request.
    moto = create_backend_app("s3")
    one_at_a_time = threading.Lock()

    def application(environment: Any, start: Any) -> Iterable[bytes]:
        with one_at_a_time:
            return list(moto(environment, start))

    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
