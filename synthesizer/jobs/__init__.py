"""The questions soma answers from a vault: a package each, with ``model``, ``query.sql``, ``compute`` and ``explain``.

``run(vault, ...)`` of a job gives its typed result, ``explain.render(result)`` the page a person reads.
"""
