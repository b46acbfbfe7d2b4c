from __future__ import annotations

import pytest

from soma.action import enrich
from soma.action.shell import COMMAND_CHARS, program, program_of

LED_TO = [
    ("himalaya envelope list -s 20", "himalaya"),
    ("cd /srv/x && himalaya list", "himalaya"),
    ("env A=b C=d pytest -q", "pytest"),
    ("FOO=1 BAR='a b' make", "make"),
    ("sudo -u www-data -E systemctl restart nginx", "systemctl"),
    ("timeout -k 5 30 curl -s https://example.org", "curl"),
    ("nohup time nice -n 5 ./train.sh &", "train.sh"),
    ("export A=1; set -euo pipefail; source .venv/bin/activate && ruff check .", "ruff"),
    ("true && echo start && git push", "git"),
    ("rm -rf build && mkdir build && cd build && cmake .. && make -j4", "cmake"),
    ("echo '1+1' | bc", "bc"),
    ("cat list.txt | xargs -n 1 -P 4 wget", "wget"),
    ("cat report.md | head -5", "cat"),
    ("cat data.json | jq .items", "jq"),
    ("(cd sub && go test ./...)", "go"),
    ("for f in *.py; do python3 $f; done", "python"),
    ("if [ -f Makefile ]; then make; else echo none; fi", "make"),
    ("[[ -n $X && -f y ]] && ls", "ls"),
    ("while read -r line; do grep \"$line\" file; done < names", "grep"),
    ("cat > app.py <<'EOF'\nimport os\nrm -rf /\nEOF\npython app.py", "python"),
    ("cat <<-EOF | psql -q\n\tselect 1;\n\tEOF\n", "psql"),
    ("bash -c 'cd x && npx tsc --noEmit'", "tsc"),
    ("bash -lc \"cd \\\"a b\\\" && cargo build\"", "cargo"),
    ("sh -c \"bash -c 'terraform plan'\"", "terraform"),
    ("python -m pytest -x tests", "pytest"),
    ("python3 -u -W error -m mypy .", "mypy"),
    ("python3.11 script.py -m pytest", "python"),
    ("/usr/bin/python3.12 -c 'print(1)'", "python"),
    ("npx -y tsc@5.4 --noEmit", "tsc"),
    ("npx --package typescript tsc", "tsc"),
    ("uv run --with httpx pytest", "pytest"),
    ("uv pip install x", "uv"),
    ("uvx ruff check", "ruff"),
    ("poetry run python -m pytest", "pytest"),
    ("pnpm exec eslint .", "eslint"),
    ("conda run -n ml python train.py", "python"),
    ("bundle exec rspec", "rspec"),
    ("npm run build", "npm"),
    ("git commit -m \"$(cat <<'EOF'\nwords; rm x\nEOF\n)\"", "git"),
    ("/opt/tools/bin/deploy_17 --now", "deploy"),
    ("./run-2024-05-01.sh", "run.sh"),
    ("bash scripts/build.sh fast", "build.sh"),
    ("pip3 install x", "pip"),
    ("gcc-12 a.c", "gcc"),
    ("md5sum a; sha256sum b", "md5sum"),
    ("sqlite3 x.db .tables", "sqlite3"),
    ("base64 -d x", "base64"),
    ("TOKEN=$(gcloud auth print-access-token) && curl -H x y", "curl"),
    ("V=$(node -p 1)", "node"),
    ("command -v node >/dev/null && npm test", "npm"),
    ("which node", "which"),
    ("# look first\nls -la", "ls"),
    ("2>/dev/null ls > out.txt", "ls"),
    ("greet() { echo hi; }; greet", "greet"),
    ("echo $((1 + 2)); (( i++ )); wc -l x", "wc"),
    ("cd /tmp", "cd"),
    ("echo done", "echo"),
    ("powershell.exe -NoProfile -Command \"Get-ChildItem -Recurse | Select-Object Name\"", "get-childitem"),
    ("$files = Get-Content list.txt", "get-content"),
    ("cmd /c dir C:\\x", "dir"),
    ("\"C:\\Program Files\\Git\\git.exe\" status", "git"),
    ("", ""),
    ("   \n ", ""),
    ("'unclosed", "unclosed"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "expected"), LED_TO)
def test_a_command_is_known_by_the_program_that_matters(command: str, expected: str) -> None:
    assert program(command) == expected


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["bash", "-lc", "cd x && rg -n foo"], "rg"),
        (["zsh", "-lc", "ls 'a b'"], "ls"),
        (["/usr/bin/git", "commit", "-m", "it's; rm"], "git"),
        (["python3", "-m", "pytest"], "pytest"),
        (["env", "A=b", "make"], "make"),
        ([], ""),
        ([None, 3, {}], ""),
    ],
)
def test_a_list_of_arguments_is_the_same_command(argv: list[object], expected: str) -> None:
    assert program_of(argv) == expected


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("exec", {"command": "cd x && himalaya list"}),
        ("Bash", {"command": "himalaya list", "description": "mail"}),
        ("bash", '{"command": "himalaya list"}'),
        ("shell", {"command": ["bash", "-lc", "himalaya list"], "workdir": "."}),
        ("shell", '{"command": ["zsh", "-lc", "himalaya list"]}'),
        ("run_shell_command", {"command": "himalaya list"}),
        ("exec_command", {"cmd": "himalaya list"}),
        ("local_shell", {"type": "exec", "command": ["himalaya", "list"]}),
        ("local_shell_call", {"action": {"type": "exec", "command": ["himalaya", "list"]}}),
        ("functions.exec", {"script": "himalaya list"}),
        ("terminal", "himalaya list"),
        ("execute_command", ["himalaya list"]),
        ("run", {"command": "himalaya list"}),
    ],
)  # fmt: skip
def test_every_framework_s_shell_gives_the_same_action(tool: str, arguments: object) -> None:
    assert enrich(tool, arguments) == ("exec:himalaya", "shell")


def test_only_the_beginning_of_a_long_command_is_read() -> None:
    hidden = "cat > big.txt <<'EOF'\n" + "x" * COMMAND_CHARS + "\nEOF\nmake"
    assert program(hidden) == "cat"
    assert program("make " + "x" * 10_000_000) == "make"
