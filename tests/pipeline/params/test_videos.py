"""Clips and videos in ``params.yaml``."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import Params, load_params
from pipeline.params.videos import Video, twin_of
from tests.pipeline.params.edits import SHORT, replaced

SCALE = """\
    clips:
      rules:
        frames: 8
        moved: {train: 4, val: 1, test: 2}
        lit: {train: 1}
        drifting: 0.5
        least: 0.3
        grades: [photometric]
        turn_degrees: 40
        seed: 0
      pairs: 2
      epochs: 3
"""
VIDEOS = """\
videos:
  moving: {harmonizer: idih, clips: people, temporal: 10.0, batch_size: 4, learning_rate: 1e-4, seed: 0}
  twin: {harmonizer: idih, clips: people, temporal: 0.0, batch_size: 4, learning_rate: 1e-4, seed: 0}
"""


def parsed(tmp_path, text: str) -> Params:
    (tmp_path / "params.yaml").write_text(text)
    return load_params(tmp_path / "params.yaml")


def with_videos(*changes: tuple[str, str]) -> str:
    text = replaced(SHORT, ("clips: []\nvideos: {}\n", f"clips: [people]\n{VIDEOS}"))
    text = replaced(text, ("  small:\n", f"  small:\n{SCALE}"))
    return replaced(text, *changes)


def test_what_is_asked_for_by_name_is_what_stands_there(tmp_path):
    params = parsed(tmp_path, with_videos())
    assert params.video("moving").temporal == 10
    assert params.clip_scale.rules.moved == {"train": 4, "val": 1, "test": 2}
    with pytest.raises(InputError, match=r"video is 'other'; expected one of \['moving', 'twin'\], as `videos` of params.yaml lists them"):
        params.video("other")
    with pytest.raises(InputError, match=r"profiles\.small\.clips is absent; expected it where there are clips"):
        _ = parsed(tmp_path, SHORT).clip_scale


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("clips: [people]", "clips: [things]")], r"clips is \['things'\]; expected some of \['people', 'objects'\]"),
        ([("clips: [people]", "clips: [objects]")], r"videos\.moving\.clips is 'people'; expected one of `clips`: \['objects'\]"),
        ([("moving: {harmonizer: idih", "moving: {harmonizer: gone")], r"videos\.moving\.harmonizer is 'gone'; expected one of `variants`"),
        ([("moving: {harmonizer: idih", "moving: {harmonizer: gan")], r"videos\.moving\.harmonizer is 'gan', which sees no mask; expected"),
        (
            [("moving: {harmonizer: idih", "moving: {harmonizer: codes")],
            r"is 'codes', which needs .* a backbone; expected one with",
        ),
        ([("grades: [photometric]", "grades: [mkl]")], r"clips\.rules\.grades has \['mkl'\]; expected some of \['brightness', 'lut', 'ph"),
        ([("grades: [photometric]", "grades: [msrcr]")], r"clips\.rules\.grades has \['msrcr'\]; expected .* a foreground's pixels alone"),
        ([("grades: [photometric]", "grades: []")], r"profiles\.small\.clips\.rules\.grades: .* at least 1 item"),
        ([("val: 1, test: 2}", "test: 2}")], r"clips\.rules asks for no clip of val; expected one or more, moved or lit, of each split"),
        ([("  twin: {", "  codes: {")], r"codes has the name of "),
        ([("  moving: {", "  train: {")], r"videos\.train has the name of a stage"),
        ([("  moving: {", "  truth: {")], r"videos\.truth has the name of the clips that composites are made of"),
        ([("temporal: 10.0", "temporal: -1")], r"videos\.moving\.temporal: .*greater than or equal to 0; got -1"),
        ([("frames: 8", "frames: 1")], r"profiles\.small\.clips\.rules\.frames: .*greater than or equal to 2; got 1"),
        ([(SCALE, "")], r"clips without profiles\.small\.clips; expected how long they are taught"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as error:
        parsed(tmp_path, with_videos(*changes))
    assert "\n" not in str(error.value)


def test_a_twin_differs_in_the_weight_alone():
    own = {"harmonizer": "idih", "clips": "people", "batch_size": 4, "learning_rate": 1e-4, "seed": 0}
    videos = {
        "moving": Video(**own, temporal=1.0),
        "slower": Video(**own | {"learning_rate": 1e-5}, temporal=0.0),
        "twin": Video(**own, temporal=0.0),
    }
    assert twin_of("moving", videos) == "twin"
    assert twin_of("twin", videos) is None
    assert twin_of("slower", videos) is None


def test_a_file_of_an_older_version_is_told_what_to_add(tmp_path):
    older = replaced(SHORT, ("clips: []\nvideos: {}\n", ""), ("published: {}\n", ""))
    with pytest.raises(InputError, match=r"an older version; expected every key; .* add `published: \{\}`, `clips: \[\]`, `videos: \{\}`$"):
        parsed(tmp_path, older)
