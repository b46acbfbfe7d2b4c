"""``soma mcp``: the vault as tools for agents."""

from __future__ import annotations

import click

from .options import open_vault, vault_option


@click.command("mcp")
@vault_option
def command(vault: str | None) -> None:
    """Serve the vault to agents over the Model Context Protocol, on stdin and stdout, read-only.

    Tools: query_policies, briefing, divergence, evidence, decisions. Needs the extra mcp.
    """
    from soma.api import Vault
    from soma.api.mcp_server import serve

    root = open_vault(vault)
    # An answer to a client is no place to find out that there is no vault.
    root.check_version()
    serve(Vault(root.address))
