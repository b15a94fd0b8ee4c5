"""The service over HTTP: what it gives, what it refuses in one sentence, and what it keeps."""

import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from imharmony.cli import main
from imharmony.errors import InputError
from imharmony.storage.files import sha256_of
from opinion_study.definition import definition_path, read_study
from opinion_study.serving import serve
from opinion_study.store import Vote, read_votes, votes_path
from tests.opinion_study.small import METHODS, make, served

RATERS = 50


@pytest.fixture(scope="module")
def folder(composites, outputs, tmp_path_factory):
    return make(composites, outputs, tmp_path_factory.mktemp("served") / "opinions")


@pytest.fixture(scope="module")
def server(folder):
    with served(folder) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.address) as client:
        yield client


@pytest.fixture
def token(client):
    return client.post("/api/raters").json()["token"]


def post(client, **vote):
    return client.post("/api/votes", json=vote)


def test_a_rater_is_led_through_the_order_and_told_the_end(client, token, folder):
    study = read_study(folder)
    state = client.get(f"/api/raters/{token}").json()
    length, asked = state["trials"], 0
    for trial in range(length):
        assert (state["done"], state["mode"]) == (trial, "rating")
        assert bool(state["trial"]["pictures"]) != bool(state["trial"]["asked"])
        asked += state["trial"]["asked"] is not None
        assert all(client.get(address).headers["content-type"] == "image/png" for address in state["trial"]["pictures"])
        state = post(client, token=token, trial=trial, score=state["trial"]["asked"] or 3).json()
    assert (state["done"], state["trial"], asked) == (length, None, 2)
    assert length == len(study.orders[0])


def test_no_answer_names_a_method_or_a_sample(client, token, folder):
    texts = [client.get(address).text for address in ("/", f"/r/{token}", "/page/study.js", "/api/study", f"/api/raters/{token}")]
    study = read_study(folder)
    for secret in [*METHODS, "reinhard", *(image.sample_id for image in study.images)]:
        assert not any(secret in text for text in texts)


def test_pictures_tell_nothing_in_their_headers(client, folder):
    for name in read_study(folder).pictures:
        headers = client.get(f"/pictures/{name}").headers
        assert "last-modified" not in headers
        assert "etag" not in headers


def test_nothing_is_left_with_the_rater_and_nothing_comes_from_elsewhere(client, token):
    answers = [client.get("/"), client.get(f"/r/{token}"), client.get("/api/study"), client.post("/api/raters")]
    assert not any("set-cookie" in answer.headers for answer in answers)
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert re.findall(r"(?:https?:)?//[a-z]", client.get("/").text) == []


def test_every_rater_gets_another_key_that_cannot_be_guessed(client):
    tokens = {client.post("/api/raters").json()["token"] for _ in range(5)}
    assert len(tokens) == 5
    assert all(re.fullmatch(r"[\w-]{22}", token) for token in tokens)


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"score": 7}, 422, "score 7; expected a whole number from 1 to 5"),
        ({"score": 0}, 422, "score 0; expected a whole number from 1 to 5"),
        ({"score": "3"}, 422, "not a vote (Expected `int`, got `str` - at `$.score`); expected token, trial and score"),
        ({"score": None}, 422, "not a vote (Expected `int`, got `null` - at `$.score`)"),
        ({"trial": 99}, 404, "trial 99 is not in this study; expected 0 to 13"),
        ({"trial": -1}, 422, "not a vote (Expected `int` >= 0 - at `$.trial`)"),
        ({"trial": 3}, 409, "trial 3 comes later; expected an answer to trial 0"),
        ({"token": "guess"}, 404, "no rater has this link"),
        ({"image": "x"}, 422, "not a vote (Object contains unknown field `image`)"),
        ({"token": "x" * 2000}, 413, "more than 1000 bytes; expected a vote"),
    ],
)
def test_a_wrong_vote_is_refused_in_one_sentence(change, status, message, client, token):
    answer = post(client, **{"token": token, "trial": 0, "score": 3} | change)
    assert (answer.status_code, list(answer.json())) == (status, ["detail"])
    assert answer.json()["detail"].startswith(message)
    assert "\n" not in answer.json()["detail"]
    assert client.get(f"/api/raters/{token}").json()["done"] == 0


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b'{"token": "\xff"}', b'{"token": "\\ud800", "trial": 0, "score": 1}'])
def test_a_body_that_is_no_vote_is_refused(body, client):
    answer = client.post("/api/votes", content=body)
    assert answer.status_code in (404, 422)
    assert answer.json()["detail"]


def test_the_same_vote_again_is_fine_and_another_one_is_refused(client, token):
    first, again = (post(client, token=token, trial=0, score=3) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    other = post(client, token=token, trial=0, score=4)
    assert (other.status_code, other.json()["detail"].split(";")[0]) == (409, "trial 0 was answered with 3")


@pytest.mark.parametrize(
    "address", ["/pictures/0000000000000000.png", "/pictures/..%2Fstudy.json", "/page/..%2Fcli.py", "/study.json", "/docs"]
)
def test_what_the_study_does_not_have_is_not_found(address, client):
    assert client.get(address).status_code == 404


def test_a_link_that_nobody_has_is_not_found_but_shows_the_page(client):
    assert client.get("/api/raters/guess").status_code == 404
    page = client.get("/r/guess")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_second_server_of_the_same_study_ends_with_one_line_and_code_2(server, folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["harmonize", "study", "serve", str(folder), "--port", "0"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    expected = f"error: {folder}: this study is being served already (process {server.process.pid}); end that one first\n"
    assert capsys.readouterr().err == expected


def test_a_port_that_is_taken_is_named(server, rating):
    with pytest.raises(InputError, match=rf"127\.0\.0\.1, port {server.port}: cannot listen there"):
        serve(rating, host="127.0.0.1", port=server.port)


def test_the_lock_is_free_again_after_a_server_was_killed(rating):
    for _ in range(2):
        with served(rating) as server:
            assert httpx.get(f"{server.address}api/study").json()["mode"] == "rating"


def rate(address, number):
    """One rater from beginning to end; the acknowledged votes."""
    kept = []
    with httpx.Client(base_url=address, timeout=60) as client:
        token = client.post("/api/raters").json()["token"]
        state = client.get(f"/api/raters/{token}").json()
        while state["trial"] is not None:
            trial, score = state["done"], state["trial"]["asked"] or (number + state["done"]) % 5 + 1
            answer = post(client, token=token, trial=trial, score=score)
            assert answer.status_code == 200
            kept.append((trial, score))
            state = answer.json()
    return tuple(kept)


def test_fifty_raters_at_once_lose_no_vote(rating):
    with served(rating) as server, ThreadPoolExecutor(RATERS) as pool:
        kept = list(pool.map(lambda number: rate(server.address, number), range(RATERS)))
    stored = {}
    for vote in read_votes(votes_path(rating), study_sha256=sha256_of(definition_path(rating))):
        stored.setdefault(vote.rater, []).append((vote.trial, vote.score))
    assert sorted(stored) == list(range(RATERS))
    assert sorted(tuple(votes) for votes in stored.values()) == sorted(kept)


def test_ctrl_c_ends_the_service_in_order_and_keeps_the_votes(rating):
    with served(rating) as server:
        token = httpx.post(f"{server.address}api/raters").json()["token"]
        httpx.post(f"{server.address}api/votes", json={"token": token, "trial": 0, "score": 2})
        server.process.send_signal(signal.SIGINT)
        _, said = server.process.communicate(timeout=60)
    assert (server.process.returncode, said) == (0, "")
    assert read_votes(votes_path(rating), study_sha256=sha256_of(definition_path(rating))) == [Vote(0, 0, 2)]
