"""How a bucket is reached, and what is said when it cannot be.

Addresses, credentials and endpoints are those of the usual ``AWS_*`` variables; the two libraries that talk to the
storage read them by themselves, and soma never does. Nothing a library says is shown: an answer of S3 may quote the
request, and a request names the credentials.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from soma.errors import ConfigError, UsageError, VaultError

if TYPE_CHECKING:
    from obstore.store import S3Store

EXTRA = "pip install 'soma-harvest[s3]'"
# Names of buckets as S3 allows them; parts of a prefix as they need no quoting in an address or a log.
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/+[A-Za-z0-9!_.()'-][A-Za-z0-9!_.()' =-]*)*)/*")
# Where a client asks for the role of the machine it runs on, once no variable names credentials.
_ROLE = re.compile(r"169\.254\.|/latest/(api/token|meta-data)")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUS = re.compile(r"status code: ([0-9]{3})\b")
_IMPATIENT = timedelta(seconds=10)
_HOW = "an address looks like s3://bucket/prefix; docs/s3.md tells more"


def parsed(address: str) -> tuple[str, str]:
    """Bucket and prefix of an address.

    Raises:
        UsageError: if it is none.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or any(part in {".", ".."} for part in address.split("/")):
        # Not quoted: where a person puts credentials into an address, they must not be printed.
        raise UsageError("this is no address of a vault on S3", where="--vault", hint=_HOW)
    return found[1], "/".join(part for part in found[2].split("/") if part)


def store_of(bucket: str, prefix: str, *, patient: bool = True) -> S3Store:
    """The client for a bucket.

    Args:
        bucket: Which.
        prefix: Of all names.
        patient: Try for minutes before giving up.

    Raises:
        ConfigError: if the library for it is not installed, or what ``AWS_*`` variables say cannot be used.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError as problem:
        raise ConfigError("vaults on S3 need one more library", hint=EXTRA) from problem
    try:
        if patient:
            return S3Store(bucket, prefix=prefix or None)
        return S3Store(bucket, prefix=prefix or None, retry_config={"max_retries": 3, "retry_timeout": _IMPATIENT})
    except (BaseError, ValueError) as problem:
        raise ConfigError("what the AWS_* variables say cannot be used", where=f"s3://{bucket}",
                          hint="docs/s3.md lists the variables") from _silent(problem)  # fmt: skip


@contextmanager
def translated(what: str, where: str, bucket: str) -> Iterator[None]:
    """Around a request: its errors become soma's, each with what to type.

    Args:
        what: What could not be done, as ``the vault cannot be read``.
        where: The object it was about.
        bucket: Of the vault.

    Raises:
        FileNotFoundError: if there is no such object.
        VaultError: for anything else that went wrong.
    """
    from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except (BaseError, OSError) as problem:
        text = str(problem)
        if isinstance(problem, FileNotFoundError) and "NoSuchBucket" not in text:
            raise FileNotFoundError(where) from None
        why, hint = explained(text, bucket)
        raise VaultError(f"{what}: {why}", where=where, hint=hint) from _silent(problem)


def explained(text: str, bucket: str) -> tuple[str, str]:
    """Why a request failed and what to do about it, from what the library said."""
    code = told[1] if (told := _CODE.search(text)) else ""
    status = told[1] if (told := _STATUS.search(text)) else ""
    if code == "NoSuchBucket":
        return f"there is no bucket {bucket!r}", "make the bucket, or name another: --vault s3://BUCKET/PREFIX"
    if _ROLE.search(text):
        return "no credentials were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; docs/s3.md names others"
    if status in {"401", "403"}:
        told_code = f" ({code})" if code else ""
        return (
            f"the storage refuses access{told_code}",
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and that they may list, read, write "
            "and delete below the prefix",
        )
    if status in {"301", "307", "400"} and not code:
        return "the storage does not take the request", "check AWS_REGION and AWS_ENDPOINT_URL"
    if "builder error" in text:
        return "the endpoint is not encrypted", "set AWS_ALLOW_HTTP=true for a storage of your own, such as MinIO"
    if status:
        return f"the storage answered {status}{f' ({code})' if code else ''}", "run the same command again"
    return "the storage cannot be reached", "check the network, AWS_ENDPOINT_URL and AWS_REGION, then run it again"


def _silent(problem: BaseException) -> Exception:
    """The cause as a traceback may show it: its kind, not its words."""
    return Exception(f"{type(problem).__module__}.{type(problem).__name__}")
