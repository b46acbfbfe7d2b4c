from __future__ import annotations

import pytest

from soma.action import enrich

NAMED = [
    ("Read", {"file_path": "/home/u/ws/inbox/mail-17.md"}, "read:inbox", "read"),
    ("read_file", {"absolute_path": "/Users/me/app/main.py"}, "read:app", "read"),
    ("write", {"path": "inbox/2026-01-02/3f2a9c1e/a.md"}, "write:inbox", "write"),
    ("Write", {"file_path": "/tmp/report.MD"}, "write:md", "write"),
    ("write_file", {"path": "Makefile"}, "write:Makefile", "write"),
    ("Read", {"file_path": "/Users/me/.env"}, "read:.env", "read"),
    ("Read", {}, "read", "read"),
    ("Edit", {"file_path": "src/core/a.py"}, "edit:core", "edit"),
    ("apply_patch", "*** Begin Patch\n*** Update File: src/db/a.py\n@@\n", "edit:db", "edit"),
    ("shell", {"command": ["apply_patch", "*** Begin Patch\n*** Add File: docs/x.md\n"]}, "edit:docs", "edit"),
    ("str_replace_editor", {"command": "view", "path": "/repo/lib/x.py"}, "read:lib", "read"),
    ("str_replace_editor", {"command": "create", "path": "/repo/lib/x.py"}, "write:lib", "write"),
    ("str_replace_editor", {"command": "str_replace", "path": "/repo/lib/x.py"}, "edit:lib", "edit"),
    ("Grep", {"pattern": "x", "path": "/y"}, "search:grep", "search"),
    ("LS", {"path": "/y"}, "search:ls", "search"),
    ("list_directory", {"path": "/y"}, "search:ls", "search"),
    ("Glob", {"pattern": "**/*.py"}, "search:glob", "search"),
    ("WebSearch", {"query": "x"}, "web:search", "web"),
    ("Web-Search", {"query": "x"}, "web:search", "web"),
    ("google_web_search", None, "web:search", "web"),
    ("WebFetch", {"url": "https://user:pw@www.Example.org:8443/a?b"}, "web:example.org", "web"),
    ("fetch_url", {"url": "http://10.1.2.3/x"}, "web:ip", "web"),
    ("web_fetch", {}, "web:fetch", "web"),
    ("web_browser_click", {"element_id": 7}, "web:click", "web"),
    ("browser", {"action": "snapshot"}, "web:snapshot", "web"),
    ("Task", {"subagent_type": "Explore", "prompt": "x"}, "delegate:Explore", "delegate"),
    ("sessions_spawn", {"task": "x", "agentId": "auditor"}, "delegate:auditor", "delegate"),
    ("sessions_spawn", {"task": "x"}, "delegate", "delegate"),
    ("transfer_to_buyer", "{}", "delegate:buyer", "delegate"),
    ("handoff_to_human", {"reason": "amount above 100"}, "delegate:human", "delegate"),
    ("transfer_to_savings", {"amount": 5.0}, "transfer_to_savings", "other"),
    ("message", {"action": "send", "channel": "telegram", "message": "hi"}, "message:telegram", "message"),
    ("message", {"action": "send", "message": "hi"}, "message:send", "message"),
    ("send_email", {"to": "x"}, "message:email", "message"),
    ("AskUserQuestion", {"questions": []}, "message:user", "message"),
    ("TodoWrite", {"todos": []}, "plan:todo", "plan"),
    ("update_plan", {"plan": []}, "plan:update", "plan"),
    ("think", {"thought": "x"}, "plan:think", "plan"),
    ("process", {"action": "poll", "sessionId": "nimble-valley"}, "process:poll", "shell"),
    ("BashOutput", {"bash_id": "1"}, "process:output", "shell"),
    ("python", {"code": "1+1"}, "exec:python", "shell"),
    ("execute_code", {"language": "javascript", "code": "1"}, "exec:node", "shell"),
    ("mcp__github__create_issue", {"title": "x"}, "mcp:github:create_issue", "other"),
    ("mcp__fs__read_file", {"path": "x"}, "mcp:fs:read_file", "read"),
    ("mcp_github_create_issue", None, "mcp:github:create_issue", "other"),
    ("linear__list_issues", None, "mcp:linear:list_issues", "other"),
    ("use_mcp_tool", {"server_name": "linear", "tool_name": "list_issues"}, "mcp:linear:list_issues", "other"),
    ("tool_call", {"id": "exec", "args": {"command": "ls"}}, "exec:ls", "shell"),
    ("cron", {"action": "add", "job": {}}, "cron:add", "other"),
    ("calendar", {"operation": "list_events"}, "calendar:list_events", "other"),
    ("refund", {"action": "W009 now"}, "refund", "other"),
    ("get_order_details", {"order_id": "#W1"}, "get_order_details", "other"),
    ("tool_17", None, "tool", "other"),
    ("lookup_0b3c5a3e-1111-2222-3333-444455556666", None, "lookup", "other"),
    ("base64", None, "base64", "other"),
    ("s3", None, "s3", "other"),
    ("gpt-4", None, "gpt-4", "other"),
    ("create", {"title": "order"}, "create", "other"),
    ("create", {"filename": "reproduce.py"}, "write:py", "write"),
    ("run", {"workflow": "nightly"}, "run", "other"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "action", "role"), NAMED)
def test_a_call_is_named_by_what_was_chosen(tool: str, arguments: object, action: str, role: str) -> None:
    assert enrich(tool, arguments) == (action, role)


def test_two_calls_that_differ_only_in_ids_and_dates_are_the_same_action() -> None:
    names = {enrich("write", {"path": f"outbox/2026-0{n}-11/{n:08x}9a/msg-{n}.json"}).action for n in range(1, 9)}
    assert names == {"write:outbox"}
    assert {enrich(f"worker_{n}").action for n in range(20)} == {"worker"}


def test_no_secret_of_a_url_or_a_command_reaches_the_action() -> None:
    key = "sk-" + "a1B2c3D4" * 5
    for tool, arguments in [
        ("WebFetch", {"url": f"https://{key}@example.org/{key}"}),
        ("exec", {"command": f"API_KEY={key} curl -H 'x: {key}' https://u:{key}@h/"}),
        ("exec", {"command": key}),
        ("mcp__x__" + key, {}),
        ("process", {"action": key}),
        ("Task", {"subagent_type": key, "prompt": "x"}),
    ]:
        assert key[5:20] not in enrich(tool, arguments).action
