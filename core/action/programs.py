"""What soma knows about programs: which only lead to another one, and which are not what a command is about."""

from __future__ import annotations

from .names import words

SHELLS = frozenset(words("bash sh zsh dash ksh ash fish cmd powershell pwsh"))

RESERVED = frozenset(words("if then else elif while until do ! { } fi done esac"))

SHELL_ITSELF = frozenset(
    words(
        ". : [ [[ cd pushd popd dirs export set unset alias unalias source activate deactivate shopt setopt umask "
        "ulimit trap wait exit return local declare typeset readonly read shift break continue test true false "
        "let eval for case in select function bind complete enable getopts jobs fg bg disown "
        "set-location set-strictmode import-module push-location pop-location"
    )
)

SPEAKING = frozenset(
    words(
        "echo printf pwd sleep date clear yes head tail less more tee reset tput seq "
        "write-output write-host start-sleep select-object format-table format-list out-string out-null out-file"
    )
)

PREPARING = frozenset(words("mkdir rm rmdir touch chmod chown which type whence hash ln stty sync"))

WRAPPERS = {
    **dict.fromkeys(
        words(
            "sudo doas env nohup time nice ionice stdbuf xargs exec command builtin setsid chronic unbuffer caffeinate "
            "watch winpty npx bunx pnpx uvx cross-env proxychains proxychains4"
        ),
        0,
    ),
    **dict.fromkeys(words("timeout gtimeout flock chroot gosu taskset"), 1),
}
"""Programs that run the program named after their options; how many other arguments stand before it."""

RUNNERS: dict[str, tuple[str, ...]] = {
    "uv": ("run", "tool"),
    "poetry": ("run",),
    "pdm": ("run",),
    "pipenv": ("run",),
    "hatch": ("run",),
    "rye": ("run",),
    "pixi": ("run",),
    "pipx": ("run",),
    "conda": ("run",),
    "mamba": ("run",),
    "micromamba": ("run",),
    "npm": ("exec", "x"),
    "pnpm": ("exec", "dlx"),
    "yarn": ("exec", "dlx"),
    "bun": ("x",),
    "bundle": ("exec",),
    "mise": ("exec", "x"),
}
"""Programs that run another one by a subcommand; ``npm run build`` is none of them, its script is only a name."""

VALUED: dict[str, frozenset[str]] = {
    name: frozenset(words(options))
    for name, options in {
        "sudo": "-u -g -h -p -C -D -R -T -U -r -t --user --group",
        "doas": "-u -C",
        "env": "-u -C --unset --chdir",
        "timeout": "-s -k --signal --kill-after",
        "gtimeout": "-s -k --signal --kill-after",
        "nice": "-n --adjustment",
        "ionice": "-c -n -p",
        "stdbuf": "-i -o -e",
        "time": "-f -o",
        "xargs": "-n -P -I -L -d -E -s -a --max-args --max-procs --delimiter",
        "exec": "-a",
        "watch": "-n --interval",
        "caffeinate": "-t -w",
        "flock": "-w -E",
        "npx": "-p --package",
        "uvx": "--from --with -p --python",
        "uv": "--with --from --extra --group --python -p --project --directory --env-file --package",
        "poetry": "-C --directory -P --project",
        "conda": "-n --name -p --prefix --cwd",
        "mamba": "-n --name -p --prefix --cwd",
        "micromamba": "-n --name -p --prefix --cwd",
        "pnpm": "--package -C --dir",
        "npm": "-p --package",
        "pipx": "--spec --python",
        "hatch": "-e --env",
    }.items()
}
"""Options of wrappers and runners that take the next word as their value."""

FAMILIES = {
    **{
        name: name
        for name in words("python pip ruby gem node npm php perl lua java pypy ipython idle gcc g++ clang go tclsh")
    },
    "py": "python",
    "pythonw": "python",
    "python-dbg": "python",
    "nodejs": "node",
}
"""Programs installed under their version too (``python3.11``, ``pip3``), and other names of the same program."""

_CMDLET_VERBS = frozenset(
    words(
        "get set new remove add clear copy move rename test start stop restart invoke import export convertto "
        "convertfrom select where foreach sort measure write read out format join split resolve expand compress "
        "install uninstall update enable disable push pop wait receive send enter exit find show hide register "
        "unregister"
    )
)


def is_cmdlet(name: str) -> bool:
    """Whether ``name`` is a PowerShell command (``Get-ChildItem``), where case means nothing."""
    verb, dash, noun = name.partition("-")
    return bool(dash) and noun[:1].isupper() and noun.isalpha() and verb.lower() in _CMDLET_VERBS
