"""The archive comes from Kaggle with the user's credentials, which go nowhere else and into no message."""

import base64
import json
import logging
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from imharmony.errors import InputError
from imharmony.sources import kaggle
from imharmony.sources.kaggle import ARCHIVE, DATASET, fetch_matting_human, kaggle_auth
from tests.imharmony.sources.coco_mirror import serving
from tests.imharmony.sources.portrait_archive import archive_files, write_zip

USER, KEY, TOKEN = "someone", "0123456789abcdef0123456789abcdef", "KGAT_0123456789abcdef"
BASIC = f"Basic {base64.b64encode(f'{USER}:{KEY}'.encode()).decode()}"
SETTINGS = {"KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user without credentials."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".kaggle").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def storage(tmp_path):
    """The server that Kaggle redirects to."""
    (tmp_path / "www").mkdir()
    write_zip(tmp_path / "www" / "archive.zip", archive_files())
    with serving(tmp_path / "www") as server:
        yield server


@contextmanager
def kaggle_server(storage, *, accepts=(BASIC, f"Bearer {TOKEN}"), refusal=401):
    """Kaggle: checks who asks, and redirects to its storage."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status = 302 if self.headers.get("Authorization") in accepts else refusal
            self.send_response(status)
            self.send_header("Location", f"{storage.address}/archive.zip")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_): ...

    asked = []
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}", asked
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def signed(auth):
    """The header that a request gets."""
    return next(auth.auth_flow(httpx.Request("GET", "https://www.kaggle.com"))).headers["Authorization"]


def fetch(folder, address):
    return fetch_matting_human(folder, attempts=3, timeout_seconds=5, address=address)


@pytest.mark.parametrize("name", ["access_token", "kaggle.json"])
def test_the_archive_comes_whole(storage, tmp_path, home, name):
    content = TOKEN if name == "access_token" else json.dumps({"username": USER, "key": KEY})
    (home / ".kaggle" / name).write_text(content)
    with kaggle_server(storage) as (address, asked):
        path = fetch(tmp_path / "out", address)
    assert path == tmp_path / "out" / ARCHIVE
    assert path.read_bytes() == (tmp_path / "www" / "archive.zip").read_bytes()
    assert set(asked) == {f"/api/v1/datasets/download/{DATASET}"}


def test_credentials_stay_with_kaggle_and_out_of_the_log(storage, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("KAGGLE_USERNAME", USER)
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    seen = []
    answer = storage.answer
    storage.answer = lambda handler: (seen.append(dict(handler.headers)), answer(handler))
    with kaggle_server(storage) as (address, _):
        fetch(tmp_path / "out", address)
    assert seen
    assert not any("authorization" in map(str.lower, headers) for headers in seen)
    assert KEY not in caplog.text
    assert BASIC not in caplog.text


def test_a_cut_transfer_goes_on_where_it_stopped(storage, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    (tmp_path / "out").mkdir()
    whole = (tmp_path / "www" / "archive.zip").read_bytes()
    (tmp_path / "out" / f"{ARCHIVE}.part").write_bytes(whole[:700])
    storage.faults["/archive.zip"] = [None, "cut"]
    with kaggle_server(storage) as (address, _):
        path = fetch(tmp_path / "out", address)
    assert path.read_bytes() == whole
    assert storage.ranged == ["/archive.zip"] * 3  # its size, from byte 700, from where it was cut


def test_an_archive_that_is_there_needs_neither_kaggle_nor_credentials(tmp_path):
    (tmp_path / "out").mkdir()
    write_zip(tmp_path / "out" / ARCHIVE, archive_files())
    assert fetch(tmp_path / "out", "http://127.0.0.1:9") == tmp_path / "out" / ARCHIVE


def test_a_page_instead_of_the_archive_is_one_line(storage, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    (tmp_path / "www" / "archive.zip").write_bytes(b"<html>log in</html>")
    with kaggle_server(storage) as (address, _), pytest.raises(InputError, match="not a whole zip archive"):
        fetch(tmp_path / "out", address)
    assert not (tmp_path / "out" / ARCHIVE).exists()


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "create a new token"), (403, "log in, open https://www.kaggle.com/datasets/laurentmih")]
)
def test_a_refusal_is_one_line_that_says_what_to_do(storage, tmp_path, monkeypatch, status, remedy):
    monkeypatch.setenv("KAGGLE_USERNAME", USER)
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    with kaggle_server(storage, accepts=(), refusal=status) as (address, asked), pytest.raises(InputError, match=remedy) as caught:
        fetch(tmp_path / "out", address)
    assert len(asked) == 1
    assert str(status) in str(caught.value)
    assert "or download the zip by hand" in str(caught.value)
    assert KEY not in str(caught.value)


def test_no_credentials_are_one_line_that_says_what_to_do(tmp_path):
    with pytest.raises(InputError) as caught:
        fetch(tmp_path / "out", "http://127.0.0.1:9")
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "no Kaggle credentials",
        "/settings",
        "access_token",
        "kaggle.json",
        "KAGGLE_KEY",
        "by hand from https://www.kaggle.com/datasets/",
    ):
        assert part in message
    assert not (tmp_path / "out").exists()


def test_too_little_room_is_said_before_the_transfer(storage, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    monkeypatch.setattr(kaggle.shutil, "disk_usage", lambda _: kaggle.shutil._ntuple_diskusage(100, 90, 10))
    with kaggle_server(storage) as (address, _), pytest.raises(InputError, match=r"out: 0\.0 GiB free; expected 0\.0 for"):
        fetch(tmp_path / "out", address)
    assert storage.ranged == ["/archive.zip"]


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({"KAGGLE_API_TOKEN": TOKEN}, f"Bearer {TOKEN}"),
        ({"KAGGLE_API_TOKEN": TOKEN, "KAGGLE_USERNAME": USER, "KAGGLE_KEY": KEY}, f"Bearer {TOKEN}"),
        ({"KAGGLE_USERNAME": USER, "KAGGLE_KEY": KEY}, BASIC),
        ({"KAGGLE_USERNAME": USER, "KAGGLE_KEY": TOKEN}, f"Bearer {TOKEN}"),
    ],
    ids=["token", "token_first", "legacy", "token_as_key"],
)
def test_the_environment_comes_first(home, environment, header):
    (home / ".kaggle" / "access_token").write_text("KGAT_other")
    assert signed(kaggle_auth(environment, home)) == header


@pytest.mark.parametrize("folder", [".kaggle", ".config/kaggle"])
def test_kaggles_own_folders_are_known(home, folder):
    (home / folder).mkdir(parents=True, exist_ok=True)
    (home / folder / "kaggle.json").write_text(json.dumps({"username": USER, "key": KEY}))
    assert signed(kaggle_auth({}, home)) == BASIC


def test_a_folder_named_in_the_environment_is_the_only_one(home, tmp_path):
    (home / ".kaggle" / "access_token").write_text(TOKEN)
    with pytest.raises(InputError, match="no Kaggle credentials"):
        kaggle_auth({"KAGGLE_CONFIG_DIR": str(tmp_path / "elsewhere")}, home)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"username": "x"}', b'{"key": "secret"', b"\xff\xfe"])
def test_a_broken_file_is_named_without_its_content(home, content):
    (home / ".kaggle" / "kaggle.json").write_bytes(content)
    with pytest.raises(InputError, match=r"kaggle\.json: not .*; create a new token") as caught:
        kaggle_auth({}, home)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
