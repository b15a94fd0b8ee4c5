"""A study.json that is none, or says what cannot be, is one line."""

import json
import os
import sqlite3
from contextlib import closing

import pytest

from imharmony.errors import InputError
from imharmony.storage.files import sha256_of
from opinion_study.ballots import read_ballots
from opinion_study.definition import definition_path, read_study
from opinion_study.store import votes_path
from tests.opinion_study.small import honest, make, vote_all

LIKING = {"real": 5, "sombre": 3, "composite": 2, "garish": 1}


@pytest.fixture(scope="module")
def folder(composites, outputs, tmp_path_factory):
    return make(composites, outputs, tmp_path_factory.mktemp("defined") / "opinions")


@pytest.fixture
def path(folder, tmp_path):
    path = definition_path(tmp_path)
    path.write_bytes(definition_path(folder).read_bytes())
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format": ' + b"[" * 100_000,
        b'{"format": "harmonization-study", "version": 1}',
        b'{"format": "harmonization-study", "version": 1, "seed": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_defines_no_study_is_one_line(content, path):
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_study(path.parent)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_a_folder_and_a_pipe_are_one_line(path):
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match="not a file; expected a file"):
        read_study(path.parent)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="a folder; expected a file"):
        read_study(path.parent)


@pytest.mark.parametrize(
    "change",
    [
        lambda study: study.update(methods=[*study["methods"], "garish"]),
        lambda study: study.update(methods=study["methods"][1:]),
        lambda study: study["images"].append(study["images"][0]),
        lambda study: study["images"][0].update(width=0),
        lambda study: study["images"][0].update(width=10**30),
        lambda study: study["images"][0].update(image_id=2**63),
        lambda study: study.update(seed=10**30),
        lambda study: study.update(size_px=-1),
        lambda study: study.update(orders=[]),
        lambda study: study.update(mode="stars"),
        lambda study: study.update(more=1),
        lambda study: study.update(pictures={"../../x.png": next(iter(study["pictures"].values()))}),
    ],
)
def test_a_definition_of_what_cannot_be_is_one_line(change, path):
    study = json.loads(path.read_text())
    change(study)
    path.write_text(json.dumps(study))
    with pytest.raises(InputError) as error:
        read_study(path.parent)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("vote", [(0, 99, 3), (0, -1, 3), (0, 0, 9), (-1, 0, 3)])
def test_a_vote_on_what_was_not_asked_is_one_line(vote, rating):
    study = read_study(rating)
    vote_all(rating, {0: honest(study, 0, LIKING)})
    with closing(sqlite3.connect(votes_path(rating))) as connection:
        connection.execute("DELETE FROM votes")
        connection.execute("INSERT INTO votes VALUES (?, ?, ?)", vote)
        connection.commit()
    assert sha256_of(definition_path(rating))
    with pytest.raises(InputError, match="which the study did not ask for"):
        read_ballots(rating, study, misses=0)
