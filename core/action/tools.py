"""The tools of agent frameworks by their folded names: ``Web-Search``, ``web_search`` and ``WebSearch`` are one."""

from __future__ import annotations

from typing import NamedTuple

from soma.model import Role


class Tool(NamedTuple):
    """What a tool name means.

    Attributes:
        family: First word of the action: ``exec``, ``read``, ``search``, ``web``...
        role: What kind of tool it is.
        verb: Second word where the name alone decides it.
        needs: Name of an argument check (``path``, ``command``, ``words``) without which a common word such as
            ``create`` or ``run`` is taken for a tool of its own domain.
    """

    family: str
    role: Role
    verb: str = ""
    needs: str = ""


def _table(rows: list[tuple[str, Tool]]) -> dict[str, Tool]:
    return {fold(name): tool for names, tool in rows for name in names.split()}


def fold(name: str) -> str:
    """A tool name without case and separators."""
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


TOOLS: dict[str, Tool] = _table(
    [
        (
            "exec bash shell terminal run_command run_shell_command execute_command execute_bash run_bash bash_tool "
            "bash_command local_shell local_shell_call exec_command shell_command shell_exec container.exec "
            "run_terminal_cmd run_in_terminal run_terminal_command run_shell execute_shell_command shell_tool "
            "powershell sh zsh command_line terminal_tool unified_exec sandbox_exec",
            Tool("exec", "shell"),
        ),
        ("run execute cmd command", Tool("exec", "shell", needs="command")),
        (
            "python ipython execute_python run_python python_repl python_interpreter python_exec execute_ipython_cell "
            "code_interpreter code_execution run_code execute_code jupyter notebook_run python_tool",
            Tool("code", "shell"),
        ),
        ("process", Tool("process", "shell")),
        ("bash_output get_terminal_output task_output read_terminal", Tool("process", "shell", "output")),
        ("kill_shell kill_bash kill_process task_stop", Tool("process", "shell", "kill")),
        ("write_stdin send_to_terminal", Tool("process", "shell", "write")),
        (
            "read read_file read_many_files read_files file_read view_file open_file read_text_file get_file_contents "
            "notebook_read view_image load_file cat_file show_file",
            Tool("read", "read"),
        ),
        ("view open", Tool("read", "read", needs="path")),
        (
            "write write_file create_file write_to_file file_write save_file write_text_file new_file overwrite_file",
            Tool("write", "write"),
        ),
        ("create save", Tool("write", "write", needs="path")),
        (
            "edit multi_edit edit_file str_replace str_replace_editor str_replace_based_edit_tool apply_patch "
            "apply_diff replace_in_file search_replace notebook_edit text_editor file_edit insert_in_file patch_file "
            "multi_edit_file apply_edit edit_notebook edit_file_content",
            Tool("edit", "edit"),
        ),
        ("replace insert update delete_file delete move_file rename_file", Tool("edit", "edit", needs="path")),
        (
            "grep grep_search search_file_content search_dir search_file ripgrep rg grep_tool",
            Tool("search", "search", "grep"),
        ),
        ("glob find_file find_files find_path glob_tool file_glob_search", Tool("search", "search", "glob")),
        ("ls list_directory list_dir list_files directory_tree list_directory_tree", Tool("search", "search", "ls")),
        ("search_files file_search", Tool("search", "search", "files")),
        ("codebase_search search_codebase semantic_search search_code", Tool("search", "search", "code")),
        ("memory_search search_memory", Tool("search", "search", "memory")),
        ("tool_search search_tools", Tool("search", "search", "tools")),
        (
            "web_search google_web_search google_search duckduckgo_search duckduckgo_results_json bing_search "
            "brave_search brave_web_search tavily_search tavily_search_results_json exa_search serper_search serpapi "
            "search_web internet_search web_search_call web_search_preview web_search_tool search_internet",
            Tool("web", "web", "search"),
        ),
        (
            "web_fetch fetch_url read_url url_fetch visit_webpage http_get http_request requests_get requests_post "
            "open_url scrape_url scrape_website read_website fetch_webpage web_fetch_tool curl_request get_url "
            "fetch_html read_url_content",
            Tool("web", "web"),
        ),
        ("fetch navigate scrape visit", Tool("web", "web", needs="url")),
        ("browser web_browser browser_use browser_action", Tool("browser", "web")),
        (
            "task agent subagent spawn_agent sessions_spawn delegate delegate_work delegate_task dispatch_agent "
            "call_agent run_agent launch_agent invoke_agent new_task ask_agent delegate_work_to_coworker handoff "
            "hand_off",
            Tool("delegate", "delegate", needs="words"),
        ),
        ("message send_message send reply_message post_message", Tool("message", "message", needs="words")),
        ("sessions_send send_input", Tool("message", "message", "session")),
        ("send_email send_mail email_send gmail_send reply_email", Tool("message", "message", "email")),
        ("slack_send_message slack_post_message send_slack_message", Tool("message", "message", "slack")),
        ("telegram_send send_telegram_message", Tool("message", "message", "telegram")),
        ("send_sms", Tool("message", "message", "sms")),
        (
            "ask_user_question ask_user ask_followup_question request_user_input ask_human human_input message_user "
            "notify_user send_message_to_user send_user_message",
            Tool("message", "message", "user"),
        ),
        (
            "todo_write write_todos todo_read read_todos manage_todo_list update_todo_list todo",
            Tool("plan", "plan", "todo"),
        ),
        ("update_plan plan_update", Tool("plan", "plan", "update")),
        ("create_plan make_plan", Tool("plan", "plan", "create")),
        ("plan planning", Tool("plan", "plan", "write", needs="words")),
        ("think sequential_thinking think_tool thinking reflect", Tool("plan", "plan", "think")),
        ("exit_plan_mode", Tool("plan", "plan", "exit")),
        ("enter_plan_mode", Tool("plan", "plan", "enter")),
        ("task_create", Tool("plan", "plan", "create")),
        ("task_update", Tool("plan", "plan", "update")),
        ("task_list task_get", Tool("plan", "plan", "todo")),
    ]
)

BROWSER_PREFIXES = ("web_browser_", "browser_", "puppeteer_", "playwright_")
"""Tool names that begin so are one verb of a browser."""

HANDOFF_PREFIXES = ("transfer_to_", "handoff_to_", "hand_off_to_", "delegate_to_", "transfer_back_to_", "consult_")
"""Tool names that begin so hand the work to the agent named after it."""

WRAPPER_PREFIXES = ("functions.", "default_api.", "default_api:", "tools.", "tool.", "execute_tool ")
"""What some frameworks and exporters put before every tool name."""

NESTED_CALLS = frozenset(("toolcall", "calltool", "executetool", "invoketool", "usemcptool", "mcptoolcall"))
"""Tools (folded) whose arguments name another tool and its arguments."""

LANGUAGES = {
    "py": "python",
    "python3": "python",
    "js": "node",
    "javascript": "node",
    "typescript": "node",
    "sh": "bash",
}
"""Names of languages as the program that runs them."""

EDITOR_VERBS: dict[str, tuple[str, Role]] = {
    "view": ("read", "read"),
    "read": ("read", "read"),
    "create": ("write", "write"),
    "write": ("write", "write"),
}
"""Commands of editor tools that are not edits (``str_replace_editor`` with ``command: view``)."""
