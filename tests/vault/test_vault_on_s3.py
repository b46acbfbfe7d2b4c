"""A vault on S3-compatible storage answers what one in a folder does, whoever writes to it and whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from soma import clock
from soma.cli.main import cli
from soma.errors import SomaError, UsageError, VaultConflict, VaultError, VaultLocked, VaultMissing
from soma.harvester.repair import repair
from soma.schema import DECISIONS, EXECUTIONS, SOURCES
from soma.vault import Changes, VaultRoot, Writer
from soma.vault.check import check_vault
from soma.vault.delta import LiveTable
from soma.vault.storage import access, lease, storage_of
from soma.vault.storage.bucket import Bucket
from soma.vault.storage.lease import Held, Lease
from soma.vault.upkeep import compact
from tests.harvest.traces import append, session, write
from tests.harvest.vaults import contents, harvest_into, one

from . import bucket

REAL = ("openclaw", "gemini-cli")


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, str]]:
    with bucket.served() as environment:
        yield environment


def _reach(server: dict[str, str], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SOMA_CACHE", str(cache))


@pytest.fixture(autouse=True)
def _reached(server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _reach(server, tmp_path / "cache", monkeypatch)


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four sessions; not to be written to."""
    folder = tmp_path_factory.mktemp("traces")
    for number in range(4):
        write(folder / f"{number}.jsonl", session(f"s{number}", 2 + number, agent=f"agent{number % 2}"))
    return folder


@pytest.fixture(scope="session")
def expected(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a vault in a folder answers from them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOMA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        harvest_into(tmp_path_factory.mktemp("folder") / "vault", sources)
        return contents(tmp_path_factory.getbasetemp() / "folder0" / "vault")


@pytest.fixture(scope="session")
def standing(server: dict[str, str], sources: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a vault of these sessions; no test adds to it."""
    with pytest.MonkeyPatch.context() as patched:
        _reach(server, tmp_path_factory.mktemp("cache"), patched)
        patched.setenv("SOMA_HOME", str(tmp_path_factory.getbasetemp() / "home"))
        harvest_into(f"s3://{bucket.BUCKET}/standing", sources)
    return f"s3://{bucket.BUCKET}/standing"


@pytest.fixture
def filled(standing: str) -> VaultRoot:
    return VaultRoot(standing)


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    return f"s3://{bucket.BUCKET}/{''.join(filter(str.isalnum, request.node.name))}/vault"


def assert_as_in_a_folder(vault: str, folder: Path, *paths: Path) -> None:
    harvest_into(folder, *paths)
    assert contents(vault) == contents(folder)
    assert check_vault(VaultRoot(vault)).findings == []


def objects(vault: str) -> dict[str, bytes]:
    import obstore

    store = _bucket(vault)._store
    names = [item["path"] for page in obstore.list(store) for item in page]
    return {name: bytes(obstore.get(store, name).bytes()) for name in names}


def _bucket(vault: str) -> Bucket:
    storage = storage_of(vault)
    assert isinstance(storage, Bucket)
    return storage


def test_real_traces_give_the_same_rows_and_a_second_harvest_none(address: str, fixtures: Path, tmp_path: Path) -> None:
    paths = [fixtures / name for name in REAL]
    first = harvest_into(address, *paths)
    assert first.executions > 10
    before = objects(address)
    again = harvest_into(address, *paths)
    assert (again.executions, again.sources.read, again.vault_version) == (0, 0, first.vault_version)
    after = objects(address)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"lock"}
    assert_as_in_a_folder(address, tmp_path / "folder", *paths)


def test_a_grown_file_replaces_its_own_rows_and_a_pinned_reader_keeps_the_old(address: str, tmp_path: Path) -> None:
    source = write(tmp_path / "traces" / "1.jsonl", session("s1", 3))
    harvest_into(address, source)
    pinned = VaultRoot(address).snapshot()
    append(source, session("s1", 6)[7:])
    assert harvest_into(address, source).executions == 1
    assert pinned.sql("SELECT count(*) AS n FROM decisions")["n"].to_pylist() == [3]
    assert_as_in_a_folder(address, tmp_path / "folder", source)


@pytest.mark.parametrize("how", ["polite", "rude"])
def test_two_harvesters_at_once_keep_every_execution_exactly_once(how: str, address: str, tmp_path: Path) -> None:
    rounds = []
    for number in range(3):
        for source in range(2):
            write(tmp_path / f"{number}" / f"{source}.jsonl", session(f"r{number}s{source}", 2))
        rounds.append(tmp_path / f"{number}")
    racers = [bucket.begin(how, address, *order) for order in (rounds, [rounds[0], rounds[2], rounds[1]])]
    written = []
    for racer, (out, errors) in zip(racers, bucket.run(racers), strict=True):
        assert racer.returncode == 0, errors
        written.append(int(out))
    # Whatever one of them wrote, the other did not.
    assert sum(written) == 6
    assert_as_in_a_folder(address, tmp_path / "folder", *rounds)


def test_who_waited_to_make_a_vault_leaves_its_maker_to_be_fenced_off(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire, free = Lease._acquire, Lease._free
    writing: list[Writer] = []

    def late(lease: Lease) -> None:
        monkeypatch.setattr(Lease, "_acquire", acquire)
        VaultRoot(address).create()
        writing.append(VaultRoot(address).writer().__enter__())
        monkeypatch.setattr(Lease, "_free", lambda *seen, **watched: True)
        acquire(lease)
        monkeypatch.setattr(Lease, "_free", free)

    monkeypatch.setattr(Lease, "_acquire", late)
    VaultRoot(address).create()
    (maker,) = writing
    with VaultRoot(address).writer() as follower:
        # Two at the same number would give two harvests the same readings.
        assert follower.version > maker.version
    changes = Changes()
    changes.add(EXECUTIONS, "execution_id", {"nobody"}, EXECUTIONS.arrow().empty_table())
    with pytest.raises(VaultConflict):
        maker.commit(changes, role="harvester")
    maker.__exit__(None, None, None)


def test_a_writer_killed_before_any_of_its_commits_is_followed_by_one_that_repairs(
    address: str, sources: Path, expected: dict[str, list[str]]
) -> None:
    # After the commit of decisions, after the commit point, and after the decisions of a second harvest commit.
    dying = {f"{address}{after}": bucket.begin(f"killed{after}", f"{address}{after}", sources) for after in (1, 2, 4)}
    told = bucket.run(list(dying.values()))
    for (vault, process), (_, errors), version in zip(dying.items(), told, (0, 1, 1), strict=True):
        assert process.returncode == -signal.SIGKILL, errors
        assert VaultRoot(vault).snapshot().version == version
        harvest_into(vault, sources)
        assert LiveTable(storage_of(vault), DECISIONS).read().num_rows == 14, "what was never visible is taken out"
        assert contents(vault) == expected


class TestAHolderThatSlept:
    """The lease of a writer runs out in the middle of a commit, and another takes over before it goes on."""

    @pytest.fixture(autouse=True)
    def _silent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lease, "TTL_S", 0.05)
        monkeypatch.setattr(Lease, "_beat", lambda lease: None)

    @pytest.mark.parametrize("before", ["decisions", "the commit point", "the ledger"])
    def test_in_a_commit(
        self, before: str, address: str, sources: Path, expected: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        harvest_into(address, sources / "0.jsonl")
        step = ("decisions", "the commit point", "the ledger").index(before)
        _meanwhile(monkeypatch, step, lambda: harvest_into(address, sources))
        summary = harvest_into(address, sources)
        # Only where it had passed the commit point did its own rows come in.
        assert summary.executions == (3 if before == "the ledger" else 0)
        assert summary.sources.read + summary.sources.unchanged == 4
        assert LiveTable(storage_of(address), DECISIONS).read().num_rows == 14
        assert contents(address) == expected
        assert check_vault(VaultRoot(address)).findings == []

    def test_while_it_tidies_or_at_its_next_commit(
        self, address: str, sources: Path, expected: dict[str, list[str]]
    ) -> None:
        harvest_into(address, sources / "0.jsonl")
        harvest_into(address, sources / "1.jsonl")
        with VaultRoot(address).writer() as asleep:
            harvest_into(address, sources)
            with pytest.raises(VaultConflict):
                compact(asleep)
            changes = Changes()
            changes.add(EXECUTIONS, "execution_id", {"nobody"}, EXECUTIONS.arrow().empty_table())
            with pytest.raises(VaultConflict, match="another writer was faster") as caught:
                asleep.commit(changes, role="harvester")
        assert "run the same command again" in caught.value.hint
        assert contents(address) == expected


def _meanwhile(monkeypatch: pytest.MonkeyPatch, before: int, act: Callable[[], Any]) -> None:
    """Do something before the commit to a table after so many."""
    commit, calls = LiveTable.commit, iter(range(1000))

    def interrupted(self: LiveTable, *arguments: Any, **named: Any) -> LiveTable:
        if next(calls) == before:
            act()
        return commit(self, *arguments, **named)

    monkeypatch.setattr(LiveTable, "commit", interrupted)


class TestTheLease:
    def test_who_waits_too_long_is_told_for_whom(self, filled: VaultRoot) -> None:
        with (
            filled.writer(),
            pytest.raises(VaultLocked, match=rf"another process writes to the vault: process {os.getpid()} on "),
        ):
            filled.writer(wait_s=0).__enter__()

    def test_readers_do_not_wait(self, filled: VaultRoot) -> None:
        with filled.writer():
            assert filled.snapshot().version == 1

    def test_a_night_has_one_of_its_own(self, filled: VaultRoot) -> None:
        with (
            filled.storage.night(0),
            filled.writer(),
            pytest.raises(VaultLocked, match="another night is running: process"),
        ):
            filled.storage.night(0).__enter__()

    def test_as_long_as_its_holder_lives_it_is_renewed(
        self, filled: VaultRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lease, "TTL_S", 0.6)
        with filled.writer(), pytest.raises(VaultLocked):
            filled.writer(wait_s=1.5).__enter__()

    @pytest.mark.parametrize(
        ("held", "fence"),
        [
            (Held(clean=True), False),
            (Held(clean=False), True),
            (Held(holder="x", pid=1, host="elsewhere"), None),
            (Held(holder="x", pid=2**22 + 1, host=socket.gethostname()), True),
            (None, None),
        ],
        ids=["given back", "given back in the middle", "held elsewhere", "its process is gone", "unreadable"],
    )
    def test_is_taken_over_from_whom(self, held: Held | None, fence: bool | None, filled: VaultRoot) -> None:
        found = filled.storage.lock(0)
        assert isinstance(found, Lease)
        now = clock.unpinned() / 1e6
        assert found._free(lease.Seen(held, "v", now), watched_s=1.0) is fence
        if fence is None:
            assert found._free(lease.Seen(held, "v", now), watched_s=lease.TTL_S + 1) is True
            assert found._free(lease.Seen(held, "v", now - lease.SKEW_S - lease.TTL_S - 1), watched_s=0.0) is True


class TestCopies:
    def test_are_private_and_fetched_once(self, filled: VaultRoot, tmp_path: Path) -> None:
        filled.snapshot().sql("SELECT 1")
        copies = list((tmp_path / "cache").rglob("*"))
        assert copies and all(path.stat().st_mode & 0o077 == 0 for path in copies)
        before = {path: path.stat().st_mtime_ns for path in copies if path.is_file()}
        filled.snapshot().sql("SELECT count(*) FROM decisions")
        assert {path: path.stat().st_mtime_ns for path in before} == before

    @pytest.mark.parametrize("silently", [False, True], ids=["while in use", "by a bit that flipped"])
    def test_a_damaged_one_is_noticed_and_fetched_again(
        self, silently: bool, standing: str, expected: dict[str, list[str]], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        assert contents(standing) == expected
        for path in (tmp_path / "cache").rglob("*.parquet"):
            facts = path.stat()
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
            if silently:
                os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        if silently:
            # Another process would look at it for the first time.
            monkeypatch.setenv("AWS_CLIENT", "another")
        assert contents(standing) == expected

    def test_the_oldest_go_when_there_are_too_many(
        self, filled: VaultRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SOMA_CACHE_GB", "0")
        old = tmp_path / "cache" / "other" / "old.parquet"
        old.parent.mkdir(parents=True)
        old.write_bytes(b"x")
        os.utime(old, (1, 1))
        assert one(filled.address, "SELECT count(*) FROM executions") == 4
        assert not old.exists()


def test_damage_in_the_bucket_is_found_and_mended(address: str, sources: Path, expected: dict[str, list[str]]) -> None:
    harvest_into(address, sources)
    root = VaultRoot(address)
    altered = f"{EXECUTIONS.path}/{next(iter(LiveTable(root.storage, EXECUTIONS).files()))}"
    root.storage.replace(altered, b"PAR1 nothing of it PAR1")
    missing = f"{SOURCES.path}/{next(iter(LiveTable(root.storage, SOURCES).files()))}"
    _bucket(address)._delete([missing])
    found = {finding.where: finding.problem for finding in check_vault(root).findings}
    assert found[altered] == "a file of the vault is damaged: its bytes are not those that were written"
    assert found[missing] == "a file of the vault is missing"
    root.storage.replace(f"{DECISIONS.path}/_delta_log/{1:020}.json", b"")
    done = repair(root, [str(sources)])
    assert [item.moved_to for item in done.set_aside] == [f"{DECISIONS.path}.damaged-1"]
    assert done.remaining == []
    assert contents(address) == expected


@pytest.mark.parametrize("ignored", ["create", "change"])
def test_a_storage_that_does_not_keep_writers_apart_is_refused(
    ignored: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import obstore

    put = obstore.put

    def careless(*arguments: Any, mode: Any = None, **named: Any) -> Any:
        return put(*arguments, **named, mode=None if (mode == "create") == (ignored == "create") else mode)

    monkeypatch.setattr(obstore, "put", careless)
    with pytest.raises(VaultError, match="does not keep writers apart"):
        VaultRoot(address).create()
    assert objects(address) == {}


def test_two_first_harvests_agree_on_one_key(address: str) -> None:
    keys: list[bytes] = []

    def make(key: bytes) -> None:
        VaultRoot(address).create(key)
        keys.append(VaultRoot(address).key())

    threads = [threading.Thread(target=make, args=(bytes([number]) * 32,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys) == 4


def test_every_kind_of_command_takes_the_address(
    address: str, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "soma.toml").write_text(f'vault = "{address}"\n')
    for command in (
        ["harvest", str(sources), "--vault", address],
        ["signatures"],
        ["nightly", str(sources)],
        ["governance", "verify"],
        ["vault", "compact"],
        ["vault", "vacuum", "--retention-hours", "24"],
        ["vault", "check", "--vault", address],
    ):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, (command, done.output, done.exception)
    assert (tmp_path / "soma-report.json").is_file()
    told = CliRunner().invoke(cli, ["vault", "info", "--json"])
    assert f'"path": "{address}"' in told.output
    refused = CliRunner().invoke(cli, ["vault", "vacuum", "--retention-hours", "0"])
    assert isinstance(refused.exception, UsageError)
    assert "24" in refused.exception.hint
    assert not (tmp_path / "s3:").exists(), "no folder is made of an address"


ERRORS: list[tuple[str, str, dict[str, str | None], type[SomaError], str, str]] = [
    ("no bucket", "s3://nobodys-bucket/v", {}, VaultError, "no bucket 'nobodys-bucket'", "s3://BUCKET/PREFIX"),
    ("no vault", f"s3://{bucket.BUCKET}/none", {}, VaultMissing, "there is no vault here", "soma harvest PATH"),
    ("no credentials", f"s3://{bucket.BUCKET}/v", {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
     VaultError, "no credentials", "AWS_ACCESS_KEY_ID"),
    ("no network", f"s3://{bucket.BUCKET}/v", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, VaultError,
     "cannot be reached", "AWS_ENDPOINT_URL"),
    ("not encrypted", f"s3://{bucket.BUCKET}/v", {"AWS_ALLOW_HTTP": None}, VaultError, "not encrypted",
     "AWS_ALLOW_HTTP=true"),
    ("no address", "s3://Bad_Bucket", {}, UsageError, "no address of a vault", "s3://bucket/prefix"),
    ("a secret in the address", f"s3://me:{bucket.SECRET}@b/v", {}, UsageError, "no address", "s3://bucket/prefix"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "vault", "environment", "kind", "words", "hint"), ERRORS, ids=[error[0] for error in ERRORS]
)
def test_what_is_wrong_is_said_with_what_to_type_and_without_secrets(
    name: str, vault: str, environment: dict[str, str | None], kind: type[SomaError], words: str, hint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for variable, value in environment.items():
        if value is None:
            monkeypatch.delenv(variable)
        else:
            monkeypatch.setenv(variable, value)
    # As patient as a lease is: what is not there does not come by waiting.
    monkeypatch.setattr(
        "soma.vault.storage.bucket.store_of", lambda b, p, patient=True: access.store_of(b, p, patient=False)
    )
    with pytest.raises(kind) as caught:
        VaultRoot(vault).snapshot()
    assert words in caught.value.message
    assert hint in caught.value.hint
    shown: BaseException | None = caught.value
    while shown is not None:
        assert bucket.SECRET not in str(shown)
        assert "AKIAEXAMPLE" not in str(shown)
        shown = shown.__cause__


def test_without_the_extra_the_message_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['obstore'] = None\n"
        "from soma.vault import VaultRoot\n"
        "from soma.errors import ConfigError\n"
        "try:\n    VaultRoot('s3://bucket/v')\n"
        "except ConfigError as problem:\n    print(problem.hint)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout == "pip install 'soma-harvest[s3]'\n"


def test_no_credential_gets_into_the_vault_or_its_copies(standing: str, tmp_path: Path) -> None:
    assert one(standing, "SELECT count(*) FROM executions") == 4
    kept = [*objects(standing).values(), *(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())]
    for data in kept:
        assert bucket.SECRET.encode() not in data
        assert b"AKIAEXAMPLE" not in data
