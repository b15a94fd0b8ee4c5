"""A server that is busy is asked again; one that says no is left alone."""

import time

import pytest

from pipeline.dashboard.server import Server, trouble_at


def told(url: str, events: int) -> tuple[list[str], float]:
    """What is said while so many requests are sent, and how long it takes."""
    said: list[str] = []
    start = time.monotonic()
    server = Server(url, say=said.append, idle=lambda: None)
    for number in range(events):
        server.tell(lambda number=number: server.post("logs/", [number]))
    server.end()
    return said, time.monotonic() - start


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_and_told_everything_in_order(status, server, monkeypatch):
    monkeypatch.setattr("pipeline.dashboard.server.BUSY_SECONDS", (0.01, 0.01, 0.01))
    server.refusals = [status, status]
    said, _ = told(server.url, 3)
    assert said == []
    assert server.of("logs/") == [[0], [1], [2]]


@pytest.mark.parametrize(("retry_after", "longest"), [("0", 0.4), ("3600", 2.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 2.0)])
def test_it_says_when_it_wants_to_be_asked_again_within_reason(retry_after, longest, server, monkeypatch):
    monkeypatch.setattr("pipeline.dashboard.server.LONGEST_BUSY_SECONDS", 0.5)
    server.refusals, server.retry_after = [503], retry_after
    said, seconds = told(server.url, 1)
    assert said == []
    assert server.of("logs/") == [[0]]
    assert seconds < longest


def test_one_that_stays_busy_is_left_alone(server, monkeypatch):
    monkeypatch.setattr("pipeline.dashboard.server.BUSY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr("pipeline.dashboard.server.PATIENCE_SECONDS", 0.2)
    server.refusals = [503] * 1000
    said, _ = told(server.url, 2)
    assert said == ["Prefect's server no longer answers (HTTPStatusError 503); the run goes on without it"]
    assert server.requests == []


def test_patience_has_an_end_whatever_the_server_asks_for(server, monkeypatch):
    monkeypatch.setattr("pipeline.dashboard.server.PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr("pipeline.dashboard.server.END_SECONDS", 13.0)
    monkeypatch.setattr("pipeline.dashboard.server.LONGEST_BUSY_SECONDS", 0.2)
    server.refusals, server.retry_after = [503] * 1000, "3600"
    said, seconds = told(server.url, 50)
    assert said == ["Prefect's server no longer answers (HTTPStatusError 503); the run goes on without it"]
    assert seconds < 5


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500])
def test_another_refusal_is_not_asked_again_and_the_rest_is_told(status, server):
    server.refusals = [status]
    said, _ = told(server.url, 2)
    assert said == [f"Prefect's server refused a part (HTTPStatusError {status}); its page lacks that, and the run goes on"]
    assert server.of("logs/") == [[1]]


def test_one_that_refuses_everything_is_left_alone(server):
    server.refusals = [401] * 100
    said, _ = told(server.url, 50)
    assert said[1:] == ["Prefect's server no longer answers (HTTPStatusError 401); the run goes on without it"]
    assert len(server.refusals) > 90


@pytest.mark.parametrize("wait", ["nan", "inf", "-5", "soon"])
def test_a_wait_that_is_no_number_is_not_heeded(wait, server, monkeypatch):
    monkeypatch.setattr("pipeline.dashboard.server.LONGEST_BUSY_SECONDS", 0.1)
    monkeypatch.setattr("pipeline.dashboard.server.BUSY_SECONDS", (0.01,))
    server.refusals, server.retry_after = [503], wait
    assert told(server.url, 1)[0] == []


def test_whether_a_server_answers(server):
    assert trouble_at(server.url) is None
    assert trouble_at("http://127.0.0.1:9/api") == "ConnectError"
    assert trouble_at("not an address") is not None
