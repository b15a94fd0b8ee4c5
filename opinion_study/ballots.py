"""The votes of a study joined with what was shown, and which raters count."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from imharmony.errors import InputError
from imharmony.storage.files import sha256_of
from opinion_study.definition import Study, Trial, definition_path
from opinion_study.store import Vote, read_votes, votes_path

# One row per vote. A rater is a number in the order of beginning: nothing in the study says who that was.
BALLOTS = pa.schema(
    [
        ("rater", pa.int64()),
        ("trial", pa.int64()),  # the position in the rater's order
        ("sample_id", pa.string()),  # null for an attention check
        ("image_id", pa.int64()),
        ("method", pa.string()),  # of the picture that was rated, or that stood left
        ("against", pa.string()),  # of the picture that stood right; null in mode rating
        ("score", pa.int64()),  # 1 (bad) to 5 (excellent); of two pictures 1: left, 2: right
        ("asked", pa.int64()),  # the answer that an attention check asked for; null for a vote on pictures
        ("is_counted", pa.bool_()),  # false for a check, and for all votes of a rater who missed too many
    ]
)


def read_ballots(folder: Path, study: Study, *, misses: int) -> pa.Table:
    """All votes of a study; raters who missed more than ``misses`` attention checks do not count."""
    votes = read_votes(votes_path(folder), study_sha256=sha256_of(definition_path(folder)))
    if not votes:
        raise InputError(f"{folder}: no votes yet; expected some; collect them with `harmonize study serve {folder}`")
    for vote in votes:
        _expect_asked(folder, study, vote)
    rows = [_row(study, vote, study.order_of(vote.rater)[vote.trial]) for vote in votes]
    missed: dict[int, int] = {}
    for row in rows:
        missed[row["rater"]] = missed.get(row["rater"], 0) + (row["asked"] is not None and row["asked"] != row["score"])
    for row in rows:
        row["is_counted"] = row["asked"] is None and missed[row["rater"]] <= misses
    return pa.Table.from_pylist(rows, schema=BALLOTS)


def _expect_asked(folder: Path, study: Study, vote: Vote) -> None:
    """A file of votes can be edited by hand; an answer to what was not asked would be counted as another's."""
    if vote.rater < 0 or not 0 <= vote.trial < len(study.order_of(vote.rater)) or not 1 <= vote.score <= study.choices:
        came = f"rater {vote.rater}, trial {vote.trial}, score {vote.score}, which the study did not ask for"
        raise InputError(f"{votes_path(folder)}: a vote of {came}; restore the file that `study serve` wrote")


def _row(study: Study, vote: Vote, trial: Trial) -> dict:
    row = {"rater": vote.rater, "trial": vote.trial, "score": vote.score, "asked": trial.asked}
    if trial.asked is not None:
        return row
    shown: Sequence = [study.pictures[name] for name in trial.pictures]
    image = study.images[shown[0].image]
    against = shown[1].method if len(shown) > 1 else None
    return row | {"sample_id": image.sample_id, "image_id": image.image_id, "method": shown[0].method, "against": against}
