"""A name that no table offers is found before anything runs."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.params.offers import check_choices


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: unet,", "name: unett,", r"catalogue\.unet_code\.generator\.name is 'unett'; expected one of \['affine', 'attention_unet'"),
        ("losses: {l1: 100.0}", "losses: {l3: 100.0}", r"catalogue\.unet_code\.losses is 'l3'"),
        ("name: bce", "name: wgan", r"catalogue\.unet_code\.adversarial\.name is 'wgan'"),
        ("classifier: {relu3: 1.0}", "classifier: {relu9: 1.0}", r"catalogue\.fcn_feature\.features\.layers\.classifier is 'relu9'"),
        ("transfers: [reinhard_lab]", "transfers: [reinhart]", r"profiles\.sample\.datasets\.people\.synthesis\.transfers is 'reinhart'"),
        (
            "average_weights: recent",
            "resynthesis: {transfers: [lut, idt], share: 0.5}",
            r"catalogue\.unet\.resynthesis\.transfers is 'idt'; expected one of \['brightness', 'fecker_ycbcr'",
        ),
        (
            "average_weights: recent",
            "resynthesis: {transfers: [lut], share: 0.5, graded: 0.5, grades: [msrcr]}",
            r"catalogue\.unet\.resynthesis\.grades is 'msrcr'; expected one of \['brightness', 'fecker_ycbcr'",
        ),
        (
            "transfers: [photometric, lut]",
            "transfers: [photometric, mkl]",
            r"graded\.synthesis\.transfers is 'mkl'; expected one of \['brightness', 'hmh_msrcr_code'",
        ),
        (
            "imported: {}",
            "imported: {a: {folder: b, tables: {people: {file: c.csv, convention: pct, size_px: 64, columns: {name: N, mse: M}}}}}",
            r"imported\.a\.tables\.people\.convention is 'pct'; expected one of \['diffharmony', 'dovenet'",
        ),
        ("baselines: [identity, reinhard,", "baselines: [identity, magic,", r"baselines is 'magic'"),
    ],
)
def test_an_unknown_choice_names_its_key_and_the_offers(tmp_path, root, old, new, message):
    path = tmp_path / "params.yaml"
    text = (root / "params.yaml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        check_choices(load_params(path))


def test_results_from_elsewhere_must_be_there(tmp_path, root):
    text = (root / "params.yaml").read_text()
    path = tmp_path / "params.yaml"
    path.write_text(text.replace("imported: {}", f"imported: {{a: {{folder: {tmp_path}/theirs, outputs: {{people: png}}}}}}"))
    with pytest.raises(InputError, match=r"imported\.a\.folder is '.*theirs'; expected a folder that is there"):
        check_choices(load_params(path))
    (tmp_path / "theirs").mkdir()
    check_choices(load_params(path))


def test_the_projects_own_choices_are_offered(root):
    check_choices(load_params(root / "params.yaml"))
