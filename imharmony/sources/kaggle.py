"""AISegment's archive from Kaggle's HTTP API, with the user's own credentials.

Credentials are looked for where Kaggle's own programs look: ``KAGGLE_API_TOKEN``, ``KAGGLE_USERNAME`` and ``KAGGLE_KEY``, then
``access_token`` and ``kaggle.json`` in ``KAGGLE_CONFIG_DIR``, ``~/.kaggle`` and ``~/.config/kaggle``. No message contains them.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from imharmony.errors import InputError
from imharmony.running.progress import bar
from imharmony.sources.portraits import store_portraits
from imharmony.sources.zips import zip_directory_problem
from imharmony.storage.fetch import Fetcher

KAGGLE = "https://www.kaggle.com"
DATASET = "laurentmih/aisegmentcom-matting-human-datasets"
PAGE = f"{KAGGLE}/datasets/{DATASET}"
ARCHIVE = "aisegmentcom-matting-human-datasets.zip"
_TOKEN_START = "KGAT_"  # of a token as Kaggle gives today; a legacy key is 32 hexadecimal digits
_BY_HAND = f"or download the zip by hand from {PAGE} and give its path"
_REFUSALS = {
    httpx.codes.UNAUTHORIZED: "create a new token",
    httpx.codes.FORBIDDEN: f"log in, open {PAGE} once and accept what it asks",
}


def list_matting_human(
    *,
    out: Path,
    work: Path,
    workers: int,
    cluster_address: str | None = None,
    archive: str | None,
    at_least: int,
    attempts: int,
    timeout_seconds: float,
) -> None:
    """Stores AISegment's portraits in ``out``: of a local ``archive`` (a zip or folder) or, if that is None, of Kaggle's.

    Fewer than ``at_least`` whole portraits are an ``InputError``; the published set has 34,427.
    """
    path = fetch_matting_human(work, attempts=attempts, timeout_seconds=timeout_seconds) if archive is None else Path(archive)
    store_portraits(path, out, work=work, workers=workers, cluster_address=cluster_address, least=at_least)


def fetch_matting_human(folder: Path, *, attempts: int, timeout_seconds: float, address: str = KAGGLE) -> Path:
    """The archive in ``folder``, fetched unless it is there whole; a transfer that was cut goes on where it stopped."""
    path = folder / ARCHIVE
    if path.exists() and zip_directory_problem(path) is None:
        return path
    url = f"{address.rstrip('/')}/api/v1/datasets/download/{DATASET}"
    auth = kaggle_auth(os.environ, Path.home())
    with Fetcher(attempts=attempts, timeout_seconds=timeout_seconds, auth=auth, on_response=_check_admission) as fetcher:
        size, here = fetcher.size(url) or 0, _size_of(path.with_name(f"{path.name}.part"))
        _expect_room(folder, size - here)
        with bar(total=size, what=ARCHIVE, unit="B", unit_scale=True, initial=here) as progress:
            # Members are compared with their CRC-32 when they are read.
            fetcher.fetch(url, path, problem=zip_directory_problem, on_bytes=progress.update)
    return path


def kaggle_auth(environment: Mapping[str, str], home: Path) -> httpx.Auth:
    """The user's credentials; without any an ``InputError`` says how to get them, or how to do without."""
    if token := environment.get("KAGGLE_API_TOKEN", "").strip():
        return _Token(token)
    if environment.get("KAGGLE_USERNAME") and environment.get("KAGGLE_KEY"):
        return _auth_of(environment["KAGGLE_USERNAME"], environment["KAGGLE_KEY"])
    own = environment.get("KAGGLE_CONFIG_DIR")
    for folder in [Path(own)] if own else [home / ".kaggle", home / ".config" / "kaggle"]:
        for name in ("access_token", "access_token.txt"):
            if (folder / name).is_file() and (token := _text_of(folder / name).strip()):
                return _Token(token)
        if (folder / "kaggle.json").is_file():
            return _from_json(folder / "kaggle.json")
    token = f"create a token on {KAGGLE}/settings and put it into {home / '.kaggle' / 'access_token'} or KAGGLE_API_TOKEN"
    legacy = f"or a legacy key's kaggle.json into {home / '.kaggle'} or its values into KAGGLE_USERNAME and KAGGLE_KEY"
    raise InputError(f"no Kaggle credentials: {token}, {legacy}; {_BY_HAND}")


class _Token(httpx.Auth):
    """A bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _check_admission(response: httpx.Response) -> None:
    if "Authorization" in response.request.headers and response.status_code in _REFUSALS:
        came = f"{response.url.host} answered {response.status_code} {response.reason_phrase} to your Kaggle credentials"
        raise InputError(f"{came}; {_REFUSALS[httpx.codes(response.status_code)]}, {_BY_HAND}")


def _auth_of(username: str, key: str) -> httpx.Auth:
    return _Token(key) if key.startswith(_TOKEN_START) else httpx.BasicAuth(username, key)


def _from_json(path: Path) -> httpx.Auth:
    text = _text_of(path)
    try:
        known = json.loads(text)
        return _auth_of(str(known["username"]), str(known["key"]))
    except (ValueError, KeyError, TypeError):  # not chained: the message could hold the key
        raise InputError(f'{path}: not Kaggle\'s file; expected {{"username": ..., "key": ...}}; create a new token') from None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path}: not readable as text; expected your Kaggle credentials; create a new token") from None


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _expect_room(folder: Path, size_bytes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size_bytes > free:
        raise InputError(
            f"{folder}: {free / 2**30:.1f} GiB free; expected {size_bytes / 2**30:.1f} for {ARCHIVE}; make room or use another disk"
        )
