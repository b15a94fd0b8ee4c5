"""Stage ``fingerprint``: our code, params.yaml -> features/P/fingerprints/: a file for each cell, on which that cell depends.

It depends on nothing and runs every time: a dependency on all code would stand in DVC's lock, which then changed with every comment. Beside
the fingerprints it makes what stands for "none" where a graph is drawn without a classifier, the preprocessing, judges of realism or
systems that get no mask.
"""

from imharmony.storage.files import atomic_folder, write_text
from pipeline.params.file import load_params
from pipeline.steps.backbone_choice import write_backbone
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import fingerprints_of
from pipeline.steps.paths import Places


def main() -> None:
    """Follows the code of every cell."""
    params = load_params()
    places = Places(params.profile)
    with atomic_folder(places.fingerprints()) as out:
        for cell, found in fingerprints_of(params):
            write_text(out.joinpath(*filter(None, (cell.stage, cell.name))), found.text())
    for folder in places.nones():
        with atomic_folder(folder) as out:
            write_backbone(out, None)


if __name__ == "__main__":
    run_stage(main, __doc__, {})
