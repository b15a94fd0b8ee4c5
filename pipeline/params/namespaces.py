"""Which names of ``params.yaml`` may not be equal: those that meet in a folder, in a column of a table or in a command."""

from collections.abc import Iterable, Mapping

# The words that a command takes as a target, and cells that are no stages.
STAGES = (
    "build_colour_database",
    "compose_portraits",
    "download_annotations",
    "download_images",
    "evaluate",
    "evaluate_baselines",
    "evaluate_blind",
    "evaluate_clips",
    "evaluate_intrinsic",
    "evaluate_matting",
    "evaluate_published",
    "evaluate_realism",
    "filter_masks",
    "fingerprint",
    "import_scores",
    "make_trimaps",
    "name_data",
    "pack",
    "pack_clips",
    "pack_portraits",
    "pack_things",
    "pictures",
    "preprocess_intrinsic",
    "report",
    "statistics",
    "synthesize_clips",
    "synthesize_composites",
    "train",
    "train_blind",
    "train_classifier",
    "train_detector",
    "train_edits",
    "train_joint",
    "train_matting",
    "train_realism",
    "train_shading",
    "train_video",
)
# What tables, studies and folders call things of their own.
RESERVED = {
    "composite": "the untouched composites",
    "composites": "the folder of composites",
    "intrinsic": "the preprocessing's own pictures",
    "none": "what stands for no network and no pictures",
    "real": "the photographs",
    "truth": "the clips that composites are made of",
    "untouched": "the untouched composites",
}


def clash_of(names: Mapping[str, Iterable[str]]) -> str | None:
    """The first two names that are one: each kind is an entry, ``catalogue`` and its names. None where all differ.

    Small and large letters are equal here, because they are to many disks.
    """
    taken = dict.fromkeys(STAGES, "a stage") | RESERVED
    for kind, own in names.items():
        for name in own:
            folded = name.casefold()
            if folded in taken:
                again = "" if name == folded else f", and {name} is {folded} to many disks"
                return f"{kind}.{name} has the name of {taken[folded]}; give it another{again}"
            taken[folded] = _article(kind)
    return None


def _article(kind: str) -> str:
    words = {"catalogue": "a variant", "baselines": "a baseline", "datasets": "a data set"}
    words |= {kind: f"an entry of `{kind}`" for kind in ("imported", "published", "videos")}
    return words.get(kind, kind)
