"""Files over HTTP: resumed, retried, verified, whole or not there."""

import httpx
import pytest

from imharmony.errors import InputError
from imharmony.running.threads import in_threads
from imharmony.storage.answers import asked_wait, published_md5
from imharmony.storage.fetch import AbsentError, Fetcher
from tests.imharmony.sources.coco_mirror import serving

BODY = bytes(range(256)) * 400


@pytest.fixture
def server(tmp_path):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "file").write_bytes(BODY)
    with serving(tmp_path / "www") as server:
        yield server


@pytest.fixture
def fetcher():
    with Fetcher(attempts=4, timeout_seconds=5, backoff_seconds=0.01) as fetcher:
        yield fetcher


def whole(path):
    return None if path.read_bytes() == BODY else "not the expected bytes"


def test_a_cut_transfer_is_resumed_where_it_stopped(server, fetcher, tmp_path):
    server.faults["/file"] = ["cut", "cut"]
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.ranged == ["/file", "/file"]


def test_a_transfer_that_a_kill_left_half_done_is_resumed(server, fetcher, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY[:1000])
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.ranged == ["/file"]


def test_a_part_of_another_file_is_thrown_away(server, fetcher, tmp_path):
    (tmp_path / "file.part").write_bytes(b"something else")
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_part_longer_than_the_file_is_thrown_away(server, fetcher, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY * 2)
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_server_without_ranges_sends_it_again(tmp_path, fetcher):
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "file").write_bytes(BODY)
    with serving(tmp_path / "www", ranges=False) as server:
        server.faults["/file"] = ["cut"]
        fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize("fault", [503, 429, 500, "corrupt", "cut"])
def test_what_another_attempt_may_mend_is_tried_again(server, fetcher, tmp_path, fault):
    server.faults["/file"] = [fault]
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert server.requests["/file"] == 2


def test_the_last_failure_names_the_file_and_leaves_no_half_one(server, fetcher, tmp_path):
    server.faults["/file"] = ["corrupt"] * 9
    with pytest.raises(InputError, match=r"/file: not the expected bytes after 4 attempts"):
        fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_is_not_repeated(server, fetcher, tmp_path, status):
    server.faults["/file"] = [status] * 9
    with pytest.raises(AbsentError, match=f"the server answered {status}"):
        fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert server.requests["/file"] == 1


def test_nobody_listening_is_one_line(fetcher, tmp_path):
    with pytest.raises(InputError, match=r"ConnectError.*after 4 attempts; check the mirror"):
        fetcher.fetch("http://127.0.0.1:9/file", tmp_path / "file", problem=whole)


def test_stopping_ends_a_transfer_and_keeps_what_came(server, fetcher, tmp_path):
    fetcher.stop.set()
    with pytest.raises(KeyboardInterrupt):
        fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert not (tmp_path / "file").exists()


def test_two_processes_that_want_the_same_file_fetch_it_once(server, tmp_path):
    fetchers = [Fetcher(attempts=2, timeout_seconds=5, backoff_seconds=0.01) for _ in range(4)]

    def fetch(fetcher: Fetcher) -> None:
        for _ in range(5):
            fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)

    assert len(list(in_threads(fetch, fetchers, threads=4))) == 4  # the lock is the file's: threads that open it anew stand for processes
    assert server.requests["/file"] == 1
    assert [path.name for path in tmp_path.glob("file*")] == ["file"]
    for fetcher in fetchers:
        fetcher.__exit__()


def test_a_damaged_file_that_is_already_there_is_fetched_anew(server, fetcher, tmp_path):
    (tmp_path / "file").write_bytes(b"rotten")
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_kill_between_the_last_byte_and_the_verdict_costs_nothing(server, fetcher, tmp_path):
    (tmp_path / "file.part").write_bytes(BODY)
    fetcher.fetch(f"{server.address}/file", tmp_path / "file", problem=whole)
    assert (tmp_path / "file").read_bytes() == BODY


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", None), (None, None)])
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert asked_wait(text) == seconds


@pytest.mark.parametrize(
    ("headers", "md5"),
    [
        ({"ETag": f'"{"a" * 32}"'}, "a" * 32),
        ({"ETag": f'"{"a" * 32}-7"'}, None),
        ({"ETag": f'W/"{"a" * 32}"'}, None),
        ({"ETag": f'"{"a" * 32}"', "x-amz-server-side-encryption": "aws:kms"}, None),
        ({}, None),
    ],
)
def test_only_a_plain_objects_etag_is_its_md5(headers, md5):
    assert published_md5(httpx.Headers(headers)) == md5


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1:99999/x"])
def test_an_address_that_nobody_can_follow_is_one_line(fetcher, tmp_path, address):
    with pytest.raises(InputError, match="check the mirror"):
        fetcher.fetch(address, tmp_path / "file", problem=whole)
