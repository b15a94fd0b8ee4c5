"""A name that no table offers is found before anything runs."""

import pytest

from harmonization.errors import InputError
from pipeline.choices import check_choices
from pipeline.params import load_params


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: unet,", "name: unett,", r"variants\.unet_code\.generator\.name is 'unett'; expected one of \['affine', 'attention_unet'"),
        ("losses: {l1: 100.0}", "losses: {l3: 100.0}", r"variants\.unet_code\.losses is 'l3'"),
        ("name: bce", "name: wgan", r"variants\.unet_code\.adversarial\.name is 'wgan'"),
        ("classifier: {relu3: 1.0}", "classifier: {relu9: 1.0}", r"variants\.fcn_feature\.features\.layers\.classifier is 'relu9'"),
        ("transfers: [reinhard_lab]", "transfers: [reinhart]", r"profiles\.sample\.datasets\.people\.synthesis\.transfers is 'reinhart'"),
        (
            "average_weights: recent",
            "resynthesis: {transfers: [lut, idt], share: 0.5}",
            r"variants\.idih\.resynthesis\.transfers is 'idt'; expected one of \['brightness', 'fecker_ycbcr'",
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


def test_the_projects_own_choices_are_offered(root):
    check_choices(load_params(root / "params.yaml"))
