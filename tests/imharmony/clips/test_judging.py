"""Methods on clips and their scores: exact ends, what filtering does, and what no method is given."""

import inspect

import numpy as np
import pyarrow as pa
import pytest
import torch

from imharmony.baselines.reinhard import reinhard
from imharmony.clips import methods as of_methods
from imharmony.clips.judging import JUDGED, MEASURES, clip_at, judged_clips, outputs_of, scores_of
from imharmony.clips.methods import BOTH_WAYS, EXPONENTIAL, NONE, Learned, Reinhard, Untouched
from imharmony.clips.pictures import shown_clips, write_clips
from imharmony.clips.summary import Way, means, pairs
from imharmony.errors import InputError
from imharmony.metrics.error import foreground_mse
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.pictures.images import decode_png
from imharmony.running.processes import processes
from tests.imharmony.clips.films import SIZE, film

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    return film(tmp_path_factory.mktemp("films"))


def network(name: str, seed: int = 0, **more) -> Learned:
    torch.manual_seed(seed)
    harmonizer = build_harmonizer(name=name, width=4, size_px=SIZE, mask_input=True, paste=True, inference_mode="eval", **more)
    for parameter in harmonizer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return Learned(harmonizer.infer(), CPU)


def test_the_truth_has_no_error_and_the_composite_has_its_own(split):
    rows = judged_clips(split, {"untouched": Untouched()}, dataset="people")
    assert pa.Table.from_pylist(rows, schema=JUDGED).num_rows == 2 * split.clips
    for place, (truth, untouched) in enumerate(zip(rows[::2], rows[1::2], strict=True)):
        composite, real, mask, _ = clip_at(split, place)
        assert (truth["method"], truth["fmse"], truth["psnr"], truth["flicker"]) == ("truth", 0, None, 0)
        frames = (torch.from_numpy(each).permute(0, 3, 1, 2).double() for each in (composite, real))
        own = foreground_mse(*frames, torch.from_numpy(mask)[:, None].double() / 255).mean()
        assert untouched["fmse"] == pytest.approx(own.item())


def test_frame_by_frame_reinhard_is_the_baseline_and_filtering_holds_its_looks_together(split):
    composite, _, mask, _ = clip_at(split, 0)
    made = Reinhard().pictures(composite, mask)
    for frame, own, levels in zip(composite, mask, made[NONE], strict=True):
        assert (levels == reinhard(frame, (own / 255).astype(np.float32))).all()
    still = np.repeat(composite[:1], 4, axis=0), np.repeat(mask[:1], 4, axis=0)
    of_still = Reinhard().pictures(*still)
    for name in (EXPONENTIAL, BOTH_WAYS):
        assert np.abs(of_still[name] - of_still[NONE]).max() <= 1


def test_a_network_of_regions_is_filtered_by_its_six_numbers(split):
    learned = network("regions", members=2)
    composite, _, mask, _ = clip_at(split, 1)
    made = learned.pictures(composite, mask)
    frames = torch.from_numpy(composite).permute(0, 3, 1, 2).float() / 127.5 - 1
    inside = torch.from_numpy(mask)[:, None].float() / 255
    alone = torch.cat([learned.harmonizer.raw(frames[t : t + 1], inside[t : t + 1]) for t in range(4)]).detach()
    levels = ((alone + 1) * 127.5).clamp(0, 255).permute(0, 2, 3, 1).numpy()
    assert np.abs(made[NONE] - levels).max() < 0.05
    assert np.abs(made[BOTH_WAYS] - made[NONE]).max() > 0.1


def test_a_network_of_pictures_has_nothing_to_filter(split):
    composite, _, mask, _ = clip_at(split, 0)
    assert list(network("unet").pictures(composite, mask)) == [NONE]


def test_no_method_is_given_the_truth_or_the_motion():
    for method in (Untouched, Reinhard, Learned):
        assert list(inspect.signature(method.pictures).parameters) == ["self", "composite", "mask"]
    assert list(inspect.signature(outputs_of).parameters) == ["methods", "composite", "mask", "where"]
    assert "real" not in inspect.getsource(of_methods)


def test_outside_the_mask_the_composite_stays(split):
    composite, _, mask, _ = clip_at(split, 0)
    for _, _, frames in outputs_of({"unet": network("unet"), "reinhard": Reinhard()}, composite, mask, where="0"):
        assert (frames[mask == 0] == composite[mask == 0]).all()


def test_a_flickering_picture_scores_worse_than_a_steady_one(split):
    _, real, mask, backward = clip_at(split, 0)
    steady, restless = (
        np.clip(real + np.where(mask[..., None] > 0, change, 0), 0, 255).astype(np.uint8)
        for change in (np.full((4, 1, 1, 1), 10), np.array([10, -10, 10, -10]).reshape(4, 1, 1, 1))
    )
    one, other = (scores_of(each, real, mask, backward) for each in (steady, restless))
    assert one["fmse"] == pytest.approx(other["fmse"], rel=0.05)
    assert one["tl"] < other["tl"]
    assert one["flicker"] < 0.3 * other["flicker"]


def test_what_is_not_finite_is_refused(split):
    class Broken:
        def pictures(self, composite, mask):  # noqa: ARG002
            return {NONE: np.full(composite.shape, np.nan, np.float32)}

    with pytest.raises(InputError, match="broken: clip"):
        judged_clips(split, {"broken": Broken()}, dataset="people")


def test_in_processes_the_same_rows_come_in_the_same_order(split):
    methods = {"untouched": Untouched(), "reinhard": Reinhard()}
    with processes(2) as run:
        assert judged_clips(split, methods, dataset="people", run=run) == judged_clips(split, methods, dataset="people")


def test_means_and_pairs_are_those_of_the_rows(split):
    rows = judged_clips(split, {"untouched": Untouched(), "reinhard": Reinhard()}, dataset="people")
    table = pa.Table.from_pylist(rows, schema=JUDGED)
    frame = table.to_pandas()
    found = means(table, bootstrap=50).to_pandas()
    for (method, smoothing), part in frame.groupby(["method", "smoothing"]):
        own = found[(found["kind"] == "all") & (found["method"] == method) & (found["smoothing"] == smoothing)].set_index("measure")
        for measure in MEASURES:
            if part[measure].notna().any():
                assert own.loc[measure, "mean"] == pytest.approx(part[measure].mean())
                assert own.loc[measure, "n_clips"] == part[measure].notna().sum()
    compared = pairs(table, [(Way("reinhard", BOTH_WAYS), Way("reinhard")), (Way("absent"), Way("reinhard"))], bootstrap=50).to_pandas()
    assert set(compared["method"]) == {"reinhard"}
    own = frame[frame["method"] == "reinhard"]
    by_way = {name: own[own["smoothing"] == name].set_index("sample_id")["tl"] for name in (BOTH_WAYS, NONE)}
    row = compared[(compared["kind"] == "all") & (compared["measure"] == "tl")].iloc[0]
    assert row["mean"] == pytest.approx((by_way[BOTH_WAYS] - by_way[NONE]).mean())
    with pytest.raises(InputError, match="reinhard has 4 rows; expected 5, one a clip"):
        means(table.slice(0, table.num_rows - 1), bootstrap=10)


def test_clips_of_each_kind_are_shown_beside_their_truth(split, tmp_path):
    write_clips(tmp_path, split, {"untouched": Untouched(), "reinhard": Reinhard()}, dataset="people")
    assert (tmp_path / "columns.json").read_text() == '["untouched", "reinhard", "truth"]\n'
    places = shown_clips(split)
    assert len(list(tmp_path.glob("*.png"))) == len(places)
    strip = decode_png((tmp_path / "people_0.png").read_bytes(), name="strip")
    composite, real, _, _ = clip_at(split, places[0])
    assert (strip[:, :SIZE].reshape(composite.shape) == composite).all()
    assert (strip[:, 2 * SIZE :].reshape(real.shape) == real).all()
