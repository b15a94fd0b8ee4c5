"""Whatever a server does, a download ends in time, in bounds and in one line."""

import time

import pytest

from imharmony.errors import InputError
from imharmony.storage.answers import asked_wait, whole_number
from imharmony.storage.fetch import Fetcher
from tests.imharmony.sources.hostile_server import answering

OK, BUSY = b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n"
EMPTY = b"Connection: close\r\nContent-Length: 0\r\n\r\n"
MOST = 100_000


def says(*parts):
    return lambda connection: connection.sendall(b"".join(parts))


def drips(head, every=0.2):
    def behave(connection):
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(every)

    return behave


def floods(head, block=b"x" * (1 << 16)):
    def behave(connection):
        connection.sendall(head)
        while True:
            connection.sendall(block)

    return behave


def fetched(address, tmp_path, *, most_bytes=MOST, seconds=1.0):
    with Fetcher(attempts=1, timeout_seconds=seconds, backoff_seconds=0.01) as fetcher:
        fetcher.fetch(f"{address}/x.jpg", tmp_path / "x.jpg", problem=lambda _: "not the photograph", most_bytes=most_bytes)


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (drips(OK + b"Content-Length: 1000\r\n\r\n"), "not here after 1 seconds"),
        (drips(OK + b"X-Slow: "), "not here after 1 seconds"),
        (drips(b"H"), "not here after 1 seconds"),
        (lambda _: time.sleep(5), "not here after 1 seconds|ReadTimeout"),
        (floods(OK + b"\r\n"), "expected at most 100000"),
        (floods(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"y" * (1 << 16) + b"\r\n"), "expected at most 100000"),
        (floods(OK + b"X: "), "RemoteProtocolError"),
        (floods(b"HTTP/1.1 302 Found\r\nLocation: /y\r\n\r\n"), "more came than the 100000 bytes"),
        (floods(b"HTTP/1.1 503 Busy\r\n\r\n"), "answered 503"),
        (says(OK, b"Content-Length: 400000000\r\n\r\nab"), "400000000 bytes came or were promised; expected at most 100000"),
        (says(BUSY, b"Retry-After: 3600\r\n\r\n"), "answered 503"),
        (says(OK, b"Content-Length: \xb2\r\n\r\nab"), "bad Content-Length"),
        (says(OK, b"Content-Length: ", b"9" * 5000, b"\r\n\r\nab"), "bad Content-Length"),
        (says(b"HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/\xb2\r\nContent-Length: 2\r\n\r\nab"), "not the photograph"),
        (says(b"HTTP/1.1 206 Part\r\nContent-Range: bytes 5-6/9\r\nContent-Length: 2\r\n\r\nab"), "asked for the bytes from 0"),
        (says(b"HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\nab"), "asked for the bytes from 0"),
        (says(b"HTTP/1.1 416 No\r\nContent-Range: bytes */\xb2\r\n", EMPTY), "the server says that it has None"),
        (says(OK, b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab"), "illegal chunk header"),
        (says(OK, b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab"), "sent it as gzip"),
        (says(OK, b"Content-Type: text/html\r\nContent-Length: 2\r\n\r\nab"), "the server calls it a web page"),
        (says(b"HTTP/1.1 302 Found\r\nLocation: /x.jpg\r\n", EMPTY), "redirects"),
        (says(b"HTTP/1.1 302 Found\r\nLocation: http://[\xff\r\n", EMPTY), "RemoteProtocolError"),
        (says(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n", EMPTY), "unsupported protocol"),
        (says(b"\0\xff\xfe" * 100), "RemoteProtocolError"),
        (says(b""), "RemoteProtocolError"),
    ],
)
def test_a_download_ends_with_one_line(tmp_path, behaviour, message):
    began = time.monotonic()
    with answering(behaviour) as address, pytest.raises(InputError, match=message):
        fetched(address, tmp_path)
    assert time.monotonic() - began < 4
    assert not (tmp_path / "x.jpg").exists()


@pytest.mark.parametrize("behaviour", [drips(OK + b"Content-Length: 10\r\n\r\n", 0.5), drips(OK + b"X: "), floods(OK + b"\r\n")])
def test_a_part_of_a_file_is_held_to_the_same(behaviour):
    with answering(behaviour) as address, Fetcher(attempts=1, timeout_seconds=1) as fetcher, pytest.raises(InputError):
        fetcher.read(f"{address}/x.zip", 0, 100)


@pytest.mark.parametrize("status", [b"429", b"503"])
def test_a_wait_of_an_hour_is_said_and_not_waited_for(tmp_path, status):
    answer = says(b"HTTP/1.1 " + status + b" Later\r\nRetry-After: 3600\r\n" + EMPTY)
    with answering(answer) as address, Fetcher(attempts=5, timeout_seconds=2) as fetcher:
        wanted = r"after 1 attempt, which asks to wait 3600 seconds, and there is no time for another in the 10 seconds"
        with pytest.raises(InputError, match=wanted):
            fetcher.fetch(f"{address}/x.jpg", tmp_path / "x.jpg", problem=lambda _: None)


def test_a_steady_transfer_may_take_longer_than_the_deadline(tmp_path):
    body, blocks = b"x" * (1 << 16), 6

    def slow(connection):
        connection.sendall(OK + f"Content-Length: {blocks * len(body)}\r\n\r\n".encode())
        for _ in range(blocks):
            time.sleep(0.2)
            connection.sendall(body)

    with answering(slow) as address, Fetcher(attempts=1, timeout_seconds=0.9) as fetcher:
        fetcher.fetch(f"{address}/x.zip", tmp_path / "x.zip", problem=lambda _: None)
    assert (tmp_path / "x.zip").stat().st_size == blocks * len(body)


@pytest.mark.parametrize("text", ["²", "", "soon", "-5", "Fri, 99 Foo 99999 99:99:99 +9999999", "Fri, 31 Dec 9999 23:59:59 GMT", "٣"])
def test_a_header_that_is_no_wait_is_none_or_a_number(text):
    assert isinstance(asked_wait(text), float | None)


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("²", None), ("-1", None), ("9" * 5000, None), ("", None), (None, None)])
def test_a_number_in_a_header_is_plain_digits(text, number):
    assert whole_number(text) == number
