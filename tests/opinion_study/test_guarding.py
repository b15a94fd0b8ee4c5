"""Whom a study's server answers, and how long it waits."""

import contextlib
import socket
import sqlite3
import time

import httpx
import pytest

from imharmony.errors import InputError
from imharmony.web.guarding import served_under
from opinion_study.definition import read_study
from tests.opinion_study.small import make, served

QUICK = "p = patience.PatientProtocol; p.arrival_s, p.answer_s, p.most_connections = 1.0, 2.0, 20"
PUBLIC = "https://study.example.org"


@pytest.fixture(scope="module")
def folder(composites, outputs, tmp_path_factory):
    return make(composites, outputs, tmp_path_factory.mktemp("guarded") / "opinions")


@pytest.fixture(scope="module")
def server(folder):
    with served(folder, public=(PUBLIC,), before=QUICK) as server:
        yield server


@pytest.fixture
def line(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        yield line


def own(server) -> str:
    return f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "localhost@evil.example", "[::1", "a b", "10.0.0.1"]
)
def test_another_name_is_not_answered(host, server):
    for address, method in (("api/study", "GET"), ("api/raters", "POST"), ("", "GET")):
        answer = httpx.request(method, f"{server.address}{address}", headers={"Host": host})
        assert answer.status_code in (400, 421)
        assert "token" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "LOCALHOST:80", "[::1]", "study.example.org", "study.example.org:443"])
def test_the_studys_own_names_are_answered(host, server):
    answer = httpx.get(f"{server.address}api/study", headers={"Host": host})
    assert answer.status_code == 200
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://study.example.org"},
        {"Origin": ""},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_a_page_of_another_site_begins_no_rater_and_votes_for_none(headers, server):
    token = httpx.post(f"{server.address}api/raters").json()["token"]
    vote = {"token": token, "trial": 0, "score": 3}
    for answer in (
        httpx.post(f"{server.address}api/raters", headers=headers),
        httpx.post(f"{server.address}api/votes", headers=headers, json=vote),
        httpx.put(f"{server.address}api/votes", headers=headers, json=vote),
    ):
        assert (answer.status_code, list(answer.json())) == (403, ["detail"])
    assert httpx.get(f"{server.address}api/raters/{token}").json()["done"] == 0


def test_the_studys_own_pages_begin_raters(server):
    here = f"http://{own(server)}"
    for headers in (
        {"Origin": here},
        {"Origin": here, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": PUBLIC, "Host": "study.example.org"},
        {"Origin": PUBLIC},
        {},
    ):
        assert httpx.post(f"{server.address}api/raters", headers=headers).status_code == 201


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /api/study HTTP/1.1\r\nHost: localhost\r\n",
        b"POST /api/votes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n\r\n{",
        b"POST /api/votes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"GET /api/study HTTP/1.1\r\nHost: localhost\r\n\r\nGET /",
    ],
)
def test_a_request_that_stays_half_sent_is_cut_off(sent, line):
    line.sendall(sent)
    begun = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        while line.recv(4096):
            pass
    assert time.monotonic() - begun < 8


def test_a_head_that_comes_byte_by_byte_is_cut_off(line):
    begun = time.monotonic()
    with contextlib.suppress(OSError):  # reset or broken pipe, as it comes
        while time.monotonic() - begun < 8:
            line.sendall(b"x")
            time.sleep(0.1)
    assert time.monotonic() - begun < 8


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /api/votes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n",
        b"POST /api/votes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n" + b"x" * 4096,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000,
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_too_much_or_no_http_is_refused_at_once(sent, line):
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        line.sendall(sent)
        assert line.recv(4096).split()[1] in (b"400", b"413", b"421", b"431")


def test_no_more_connections_are_held_than_can_be(server):
    lines = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(40)]
    for line in lines:
        line.close()
    time.sleep(0.1)
    assert httpx.get(f"{server.address}api/study").status_code == 200


def test_a_rater_who_goes_away_leaves_nothing_in_the_log_and_no_error_leaves_more_than_a_line(rating):
    name = next(iter(read_study(rating).pictures))
    half = [
        b"POST /api/votes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n\r\n{",
        b"POST /api/raters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n\r\n{",
        f"GET /pictures/{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * 20,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"nonsense\r\n\r\n",
    ]
    with served(rating, before=QUICK) as server:
        for sent in half:
            for how in (b"", b"\x01\x00\x00\x00\x00\x00\x00\x00"):
                with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
                    if how:  # an end that is no end in order
                        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)
                    line.sendall(sent)
        assert httpx.get(f"{server.address}api/study").status_code == 200
        time.sleep(0.3)
        server.process.terminate()
        _, said = server.process.communicate(timeout=30)
    assert said == ""


def test_votes_that_cannot_be_written_are_told_in_a_line(rating):
    with served(rating, before="import opinion_study.store as s; s.PATIENCE_S = 0.2") as server:
        token = httpx.post(f"{server.address}api/raters").json()["token"]
        with contextlib.closing(sqlite3.connect(rating / "votes.sqlite")) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = httpx.post(f"{server.address}api/votes", json={"token": token, "trial": 0, "score": 3})
            assert (answer.status_code, answer.json()["detail"].split(";")[0]) == (503, "the votes cannot be written at the moment")
            other.rollback()
        assert httpx.post(f"{server.address}api/votes", json={"token": token, "trial": 0, "score": 3}).status_code == 200
        server.process.terminate()
        _, said = server.process.communicate(timeout=30)
    assert said.count("\n") == 1
    assert "database is locked" in said


@pytest.mark.parametrize(
    "public", ["study.example.org", "ftp://a", "http://", "https://a/b", "https://a b", "https://u@a", "", "https://a:99999", "https://a\n"]
)
def test_a_public_address_that_is_none_is_one_line(public):
    with pytest.raises(InputError, match="expected the address of the proxy") as error:
        served_under("127.0.0.1", [public])
    assert "\n" not in str(error.value)


def test_on_all_addresses_any_of_them_is_a_name():
    everywhere = served_under("0.0.0.0")
    assert everywhere.has_name("192.168.7.9:8000")
    assert everywhere.has_name("[fe80::1]:8000")
    assert not everywhere.has_name("evil.example")
    assert not served_under("127.0.0.1").has_name("192.168.7.9:8000")
    assert served_under("192.168.7.9").has_name("192.168.7.9:8000")
