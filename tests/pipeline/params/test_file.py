"""params.yaml: read as DVC reads it, and every mistake is one line that names the key."""

import subprocess
import sys
from pathlib import Path

import pytest

from imharmony.errors import InputError
from pipeline.params.file import load_params


@pytest.fixture
def edited(tmp_path, root):
    def edit(old: str, new: str):
        text = (root / "params.yaml").read_text()
        assert old in text
        path = tmp_path / "params.yaml"
        path.write_text(text.replace(old, new, 1))
        return path

    return edit


def test_the_projects_own_file_is_valid(root):
    params = load_params(root / "params.yaml")
    assert params.profile == "sample"
    assert set(params.profiles) == {"sample", "coco", "full"}
    assert params.active is params.profiles["sample"]


def test_it_is_read_without_torch(root):
    """Every stage and every run reads it, and torch takes seconds."""
    code = "import sys, pipeline.__main__; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True) == "False\n"


def test_numbers_are_read_as_yaml_1_2(edited):
    params = load_params(edited("learning_rate: 2e-4", "learning_rate: 1e-05"))
    assert params.catalogue["unet_code"].optimizer.learning_rate == 1e-5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("width_factor: 0.25", "width_faktor: 0.25", r"profiles\.sample\.training\.width_faktor: unknown key"),
        (
            "training:\n    batch_size: 8",
            "training:\n    batch_size: 0",
            r": defaults\.training\.batch_size: .*greater than or equal to 1; got 0",
        ),
        ("max_border_fraction: 0.5", "max_border_fraction: 5", r": defaults\.dataset\.selection\.max_border_fraction: .*; got 5"),
        ("accumulate: 1", "acumulate: 1", r": defaults\.training\.acumulate: unknown key"),
        ("epochs_factor: 1.0", "epochs_faktor: 1.0", r": defaults\.variant\.epochs_faktor: unknown key"),
        ("  threads: 0", "  treads: 0", r": defaults\.treads: unknown key"),
        ("batch_size: 8", "batch_size: eight", r"batch_size: .*got 'eight'"),
        ("studies: []", "studies: [a/b]", r"studies\.0: is 'a/b'; expected 1 to 64 letters, digits, _ and -"),
        ("studies: []", "studies: [a, a]", r"studies: 'a' comes twice"),
        ("profile: sample", "profile: smaple", r"profile is 'smaple'; expected one of \['coco', 'full', 'sample'\]"),
        ("dataset: hmh", "dataset: hmm", r"catalogue\.unet_attention_hmh\.dataset is 'hmm'"),
        (
            "sources: [photographs, portraits]",
            "sources: [photographs, photos]",
            r"profiles\.sample\.sources lacks \['photos'\], which `sources` lists",
        ),
        ("foreground_ratio: [0.01, 0.8]", "foreground_ratio: [0.8, 0.01]", r"foreground_ratio.*expected the smaller first"),
        ("val: 0.08, test: 0.1", "val: 0.5, test: 0.5", r"a part left for training"),
        ("kind: studio", "kind: theatre", r"sources\.photographs: .*'studio', 'coco', 'folder', 'iharmony4'"),
        ("adversarial: {name: bce, weight: 1.0}\n", "\n", r"catalogue\.unet_code: `discriminator` and `adversarial` need each other"),
        ("{name: classifier, file: null}", "{name: vgg16, file: null}", r"defaults\.backbone\.name: .*'classifier', 'vgg19'"),
        ("{name: classifier, file: null}", "{name: squeezenet, file: null}", r"defaults\.backbone: squeezenet with `file` null"),
        ("{name: classifier, file: null}", "{name: classifier, file: a}", r"defaults\.backbone: classifier with a `file`"),
        ("classifiers: []", "classifiers: [things]", r"classifiers is \['things'\]; expected some of \['people'"),
        (
            "datasets: [people, luminance, objects, hmh, graded]\n",
            "datasets: [people]\n",
            r"preprocessed is \[.*, judges\.everyday\.datasets is .*; expected some of \['people'\]: change preprocessed and trimaps and",
        ),
        ("classifiers: []", "classifiers: [objects, people]", r"classifiers: .*at most 1 item"),
        ("decomposers: [people]", "decomposers: []", r"preprocessed is \['people', .*\] and decomposers \[\]; set `preprocessed: \[peo"),
        (
            "preprocessed: [people, luminance",
            "preprocessed: [luminance",
            r"preprocessed is \['luminance', .*; set `preprocessed: \[people, lum",
        ),
        ("    backbone: profile\n", "    backbone: none\n", r"catalogue\.fcn_feature_code: backbone is 'none'; expected `profile` with"),
        ("losses: {l1: 50.0, feature: 10.0}", "losses: {l1: 50.0}", r"catalogue\.fcn_feature_code: the loss `feature` and the section"),
        ("average_weights: recent", "average_weights: true", r"catalogue\.unet\.average_weights.*'recent'.*got True"),
        ("average_weights: recent", "average_weights: {ema: 1}", r"catalogue\.unet\.average_weights.*; got"),
        ("average_weights: recent", "resynthesis: {transfers: [lut], share: 0}", r"unet\.resynthesis\.share: .*greater than 0; got 0"),
        ("patience: null", "patience: 0", r"defaults\.training\.patience: .*greater than or equal to 1; got 0"),
        ("backend: learned", "backend: seen", r"defaults\.intrinsic\.backend: .*'learned', 'luminance', 'retinex' or 'compphoto'"),
        ("strength: 0.5", "strength: 1.5", r"defaults\.intrinsic\.strength: .*less than or equal to 1; got 1\.5"),
        ("shading_network: {scenes: 360, ", "shading_network: {", r"profiles\.sample\.intrinsic\.shading_network\.scenes: Field required"),
        ("decomposers: [people]", "decomposers: [things]", r"decomposers is \['things'\]; expected some of \['people'"),
        ("    input: intrinsic\n", "    input: shading\n", r"catalogue\.fcn_content_code\.input: .*'composites' or 'intrinsic'"),
        (
            "    input: intrinsic\n",
            "    input: intrinsic\n    resynthesis: {transfers: [lut], share: 0.5}\n",
            r"catalogue\.fcn_content_code: `resynthesis` makes fresh composites, not input 'intrinsic'",
        ),
        (
            "datasets: [people, luminance, objects, hmh] #",
            "datasets: [people, graded] #",
            r"judges\.everyday\.datasets has \['graded'\], whose truths are graded photographs; expected data sets of real ones; remove gr",
        ),
        (
            "average_weights: recent",
            "resynthesis: {transfers: [lut], share: 1, graded: 0.5}",
            r"unet\.resynthesis.*graded is 0\.5 and grades are \[\]; expected a share above 0 and one grade or more, or neither",
        ),
        ("direction: foreground #", "direction: all #", r"synthesis\.direction: .*'foreground', 'background' or 'photograph'"),
        ("  idih:\n", "  intrinsic:\n", r"catalogue\.intrinsic has the name of the preprocessing's own pictures; give it another"),
        ("batch_size: 4, epochs: 2", "batch_size: 4", r"profiles\.sample\.training\.epochs: Field required"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(edited, old, new, message):
    with pytest.raises(InputError, match=message) as error:
        load_params(edited(old, new))
    assert "\n" not in str(error.value)


ENTRY = "{folder: theirs, outputs: {people: png}}"
TABLE = "file: a.csv, convention: pctnet, size_px: 64, columns: {name: N, mse: M}"


def test_results_from_elsewhere_are_read(edited):
    table = f"pct: {{folder: ../pct, tables: {{luminance: {{{TABLE}}}}}}}"
    params = load_params(edited("imported: {}", f"imported: {{theirs: {ENTRY}, {table}}}"))
    assert params.imported_method("theirs").pictures("people") == Path("theirs/png")
    assert params.imported_method("theirs").pictures("luminance") is None
    assert params.imported_method("pct").tables["luminance"].columns == {"name": "N", "mse": "M"}
    assert params.imported_method("pct").datasets == ["luminance"]


def test_the_entry_that_the_documentation_shows_is_read(edited, root):
    shown = (root / "docs/metrics.md").read_text().split("```yaml\n")[1].split("```")[0]
    assert set(load_params(edited("imported: {}\n", shown)).imported) == {"theirs", "reported"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (f"idih: {ENTRY}", r"imported\.idih has the name of a variant; give it another"),
        (f"reinhard: {ENTRY}", r"imported\.reinhard has the name of a baseline"),
        (f"../a: {ENTRY}", r"imported\.'\.\./a'\.\[key\]: is '\.\./a'; expected 1 to 64 letters"),
        ("a: {folder: theirs}", r"imported\.a: neither `outputs` nor `tables`; expected"),
        ("a: {folder: b, outputs: {people: c}, data_hash: {hmh: d}}", r"imported\.a: data_hash of \['hmh'\]; expected some of \['people'"),
        ("a: {outputs: {people: png}}", r"imported\.a\.folder: Field required"),
        ("a: {folder: theirs, outputs: {people: ../png}}", r"imported\.a\.outputs\.people: expected a path inside the entry's folder"),
        ("a: {folder: theirs, outputs: {people: /png}}", r"imported\.a\.outputs\.people: expected a path inside the entry's folder"),
        ("a: {folder: theirs, outputs: {sun: png}}", r"imported\.a has the data sets \['sun'\]; expected some of \['people', 'lumin"),
        (f"a: {{folder: b, outputs: {{people: c}}, tables: {{people: {{{TABLE}}}}}}}", r"\['people'\] in `outputs` and in `tables`"),
        ("a: {folder: b, tables: {people: {file: a.csv}}}", r"imported\.a\.tables\.people\.convention: Field required"),
        (f"a: {{folder: b, tables: {{people: {{{TABLE}, peak: 255}}}}}}", r"imported\.a\.tables\.people\.peak: unknown key"),
    ],
)
def test_a_mistake_in_an_entry_of_imported_names_its_key(edited, entry, message):
    with pytest.raises(InputError, match=message) as error:
        load_params(edited("imported: {}", f"imported: {{{entry}}}"))
    assert "\n" not in str(error.value)


def test_broken_yaml_is_one_line(edited):
    with pytest.raises(InputError, match=r"params\.yaml: not valid YAML") as error:
        load_params(edited("seeds: [0]", "seeds: [0"))
    assert "\n" not in str(error.value)


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(InputError, match="run from the repository's root"):
        load_params(tmp_path / "params.yaml")
