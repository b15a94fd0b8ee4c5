"""A server that is busy is asked again; one that says no is left alone."""

import time

import pytest

from pipeline.dashboard.server import Server, answers


def told(url: str, events: int) -> tuple[list[str], float]:
    """What is said while so many requests are sent, and how long it takes."""
    said: list[str] = []
    start = time.monotonic()
    server = Server(url, say=said.append, idle=lambda: None)
    for number in range(events):
        server.tell(lambda number=number: server.post("logs/", [number]))
    server.end()
    return said, time.monotonic() - start


def test_a_busy_server_is_asked_again_and_told_everything_in_order(server):
    server.refusals = [503, 503]
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
    server.refusals = [503] * 3
    said, _ = told(server.url, 2)
    assert said == ["Prefect's server no longer answers (HTTPStatusError 503); the run goes on without it"]
    assert server.requests == []


def test_another_refusal_is_not_asked_again(server):
    server.refusals = [500]
    said, _ = told(server.url, 2)
    assert said == ["Prefect's server no longer answers (HTTPStatusError 500); the run goes on without it"]


def test_whether_a_server_answers(server):
    assert answers(server.url)
    assert not answers("http://127.0.0.1:9/api")
    assert not answers("not an address")
