"""Stage ``assign_backbones``: variants + classifier -> features/P/variants/<variant>/: what each one's loss looks through."""

from imharmony.storage.files import atomic_folder
from pipeline.params.file import load_params
from pipeline.steps.backbones import write_backbone
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Layout


def main() -> None:
    """Writes the profile's choice for each variant that compares features and none for the others."""
    params = load_params()
    layout = Layout(params.profile)
    with atomic_folder(layout.backbones()) as out:
        for name, variant in params.variants.items():
            backbone = params.active.backbone if variant.features else None
            write_backbone(out / name, backbone, classifier=layout.classifier() / "model.safetensors")


if __name__ == "__main__":
    run_stage(main, __doc__, {})
