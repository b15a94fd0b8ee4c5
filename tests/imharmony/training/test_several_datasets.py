"""Training on several data sets together: what it learns from, what it is chosen by, and that it resumes."""

import pytest

from imharmony.composing.joined_split import joined
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.training.batches import Batches
from imharmony.training.state import best_row
from imharmony.training.validation import validate
from tests.composites import packed
from tests.imharmony.training import test_loop
from tests.imharmony.training.test_loop import CPU, FRESH, KilledError, killed_after, same_weights, train
from tests.imharmony.training.test_ways import ON_POINTS

SOURCES = {"objects": "photographs", "people": "portraits"}
TRAIN = {"objects": packed(6, 32, seed=2), "people": packed(4, 32, seed=3)}
VAL = {"objects": packed(5, 32, seed=4), "people": packed(2, 32, seed=5)}
WEIGHTS = {"objects": 1.0, "people": 2.0}
KINDS = [{"adversarial": None}, {"adversarial": None, "resynthesis": FRESH}, ON_POINTS]
NAMES = ["pictures", "fresh", "points"]


@pytest.fixture
def together(monkeypatch):
    def trained(folder, *, weights=None, **changes):
        monkeypatch.setattr(test_loop, "TRAIN", joined(TRAIN, sources=SOURCES, weights=weights))
        monkeypatch.setattr(test_loop, "VAL", joined(VAL, sources=SOURCES))
        return train(folder, **changes)

    return trained


@pytest.mark.parametrize("changes", KINDS, ids=NAMES)
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["sizes", "weights"])
def test_a_killed_training_resumes_to_the_same_bits(tmp_path, together, changes, weights):
    straight, expected = together(tmp_path / "straight", weights=weights, **changes)
    with pytest.raises(KilledError):
        together(tmp_path / "killed", weights=weights, on_epoch=killed_after(2), **changes)
    resumed, history = together(tmp_path / "killed", weights=weights, **changes)
    assert history == expected
    assert same_weights(resumed, straight)


@pytest.mark.parametrize("changes", KINDS, ids=NAMES)
def test_it_learns_what_it_would_from_one_split_with_all_rows(tmp_path, together, monkeypatch, changes):
    """The pictures in one array each, named and numbered alike."""
    _, history = together(tmp_path / "together", **changes)
    split = joined(TRAIN, sources=SOURCES)
    monkeypatch.setattr(test_loop, "TRAIN", PackedSplit(split.rows, split.composite[:], split.real[:], split.mask[:]))
    monkeypatch.setattr(test_loop, "VAL", VAL["objects"])
    _, expected = train(tmp_path / "one", **changes)
    assert [row["g_loss"] for row in history] == [row["g_loss"] for row in expected]
    assert [row["val_fmse_objects"] for row in history] == [row["val_fmse"] for row in expected]


@pytest.mark.parametrize("changes", KINDS, ids=NAMES)
def test_weights_make_another_training(tmp_path, together, changes):
    _, history = together(tmp_path / "sizes", **changes)
    _, other = together(tmp_path / "weights", weights=WEIGHTS, **changes)
    assert [row["g_loss"] for row in history if row["epoch"]] != [row["g_loss"] for row in other if row["epoch"]]


def test_the_best_epoch_has_the_lowest_mean_over_data_sets_whatever_their_sizes(tmp_path, together):
    harmonizer, history = together(tmp_path, adversarial=None, epochs=3)
    own = {name: validate(harmonizer, Batches(part, device=CPU), batch_size=4) for name, part in VAL.items()}
    best = best_row(history)
    assert best["val_fmse"] == min(row["val_fmse"] for row in history)
    assert {name: best[f"val_fmse_{name}"] for name in VAL} == {name: scores.fmse for name, scores in own.items()}
    assert best["val_fmse"] == (own["objects"].fmse + own["people"].fmse) / 2
    assert best["val_psnr"] == (own["objects"].psnr_db + own["people"].psnr_db) / 2


def test_a_training_of_one_data_set_has_no_columns_of_each(tmp_path):
    _, history = train(tmp_path, epochs=1)
    assert [name for name in history[0] if name.startswith("val_")] == ["val_fmse", "val_psnr"]


def test_a_state_of_other_weights_is_refused(tmp_path, together):
    together(tmp_path, adversarial=None, epochs=1)
    with pytest.raises(InputError, match="belongs to a training with other settings"):
        together(tmp_path, adversarial=None, epochs=1, weights=WEIGHTS)
