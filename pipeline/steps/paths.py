"""Where each stage writes. ``dvc.yaml`` names the same paths; DVC fails a stage whose output is not where it says."""

from dataclasses import dataclass
from pathlib import Path

REPORTS = Path("reports")
STUDIES = REPORTS / "studies"  # tables of opinions
DATABASE = "database.safetensors"  # of judges of realism
PRETRAINED = "pretrained.safetensors"  # of a matting network, before it saw a portrait
MODEL = "model.safetensors"  # the file of weights in each folder that has one


@dataclass(frozen=True)
class Places:
    """The folders of one profile."""

    profile: str

    def source(self, name: str) -> Path:
        """``photographs.parquet`` and ``instances.parquet`` of a source."""
        return Path("data", self.profile, "sources", name)

    def selected(self, dataset: str) -> Path:
        """``instances.parquet`` (kept) and ``dropped.parquet`` (with reasons)."""
        return Path("data", self.profile, "selected", dataset)

    def images(self, dataset: str) -> Path:
        """``photographs.parquet`` and shards of photographs."""
        return Path("data", self.profile, "images", dataset)

    def composites(self, dataset: str) -> Path:
        """``manifest.parquet`` and shards of composites."""
        return Path("data", self.profile, "composites", dataset)

    def intrinsic(self, dataset: str) -> Path:
        """The composites semi-harmonized, in the same layout, and ``lights.parquet``."""
        return Path("data", self.profile, "intrinsic", dataset)

    def given(self, kind: str, dataset: str) -> Path:
        """The pictures of a kind (``composites``, ``intrinsic``) of a data set."""
        return Path("data", self.profile, kind, dataset)

    def named(self) -> Path:
        """What each variant reads: ``<variant>/train`` and ``<variant>/evaluate``."""
        return Path("data", self.profile, "named")

    def runs(self, variant: str) -> Path:
        """A folder for each seed."""
        return Path("runs", self.profile, variant)

    def run(self, variant: str, seed: int) -> Path:
        """``model.safetensors``, ``history.parquet`` and samples of one training."""
        return Path("runs", self.profile, variant, str(seed))

    def fingerprints(self) -> Path:
        """A file for each cell: the code that it runs, versions of packages, its parameters."""
        return Path("features", self.profile, "fingerprints")

    def fingerprint(self, stage: str, cell: str = "") -> Path:
        """That of one cell; of a stage of one cell without a name for it."""
        return self.fingerprints().joinpath(*filter(None, (stage, cell)))

    def backbone(self, kind: str) -> Path:
        """The frozen network that losses on features look through: ``profile``, the one that the profile names, or ``none``."""
        return Path("features", self.profile, "backbones", kind)

    def nones(self) -> tuple[Path, ...]:
        """What stands for "none" where a graph is drawn without a classifier, preprocessing, judges of realism, blind systems, a
        harmonizer for one of these, portraits that are cut out, or clips.
        """
        kinds = ("realism", "detectors", "blind", "matting", "joint", "mattes", "videos", "clips")
        own = (Path("features", self.profile, kind, "none") for kind in kinds)
        return self.backbone("none"), self.preprocessing("none"), self.intrinsic("none"), *own, Path("runs", self.profile, "none")

    def preprocessing(self, part: str) -> Path:
        """``shading``: ``model.safetensors``, ``metrics.json`` and ``decompositions.parquet`` of the network that sees shading.

        ``edits``: ``model.safetensors`` with that network and the one that chooses edits, all that composites are preprocessed by; and
        ``metrics.json``.
        """
        return Path("features", self.profile, "preprocessing", part)

    def realism(self, judges: str, part: str) -> Path:
        """``database``: ``database.safetensors``; ``critic``: ``model.safetensors``, ``metrics.json``; ``judged``: ``judged.parquet``."""
        return Path("features", self.profile, "realism", judges, part)

    def detector(self, name: str) -> Path:
        """``model.safetensors`` of a detector of what looks wrong."""
        return Path("features", self.profile, "detectors", name)

    def blind(self, name: str, part: str) -> Path:
        """``system``: ``model.safetensors``; ``judged``: tables of a system that gets no mask, and ``pictures/``."""
        return Path("features", self.profile, "blind", name, part)

    def trimaps(self, dataset: str) -> Path:
        """``manifest.parquet`` and shards of a data set's trimaps; those of training portraits are drawn anew at every step."""
        return Path("data", self.profile, "trimaps", dataset)

    def matting(self, name: str) -> Path:
        """``pretrained.safetensors``, ``model.safetensors`` (taught on portraits too) and ``history.parquet`` of a matting network."""
        return Path("features", self.profile, "matting", name)

    def joint(self, name: str) -> Path:
        """``model.safetensors`` with a matting network and a harmonizer, and ``history.parquet``."""
        return Path("features", self.profile, "joint", name)

    def mattes(self, dataset: str, part: str) -> Path:
        """``judged``: tables of all mattes of a data set's test portraits; ``composed``: these portraits before new backgrounds."""
        return Path("features", self.profile, "mattes", dataset, part)

    def clips(self, dataset: str) -> Path:
        """``manifest.parquet`` and shards of the clips that a data set's composites became."""
        return Path("data", self.profile, "clips", dataset)

    def video(self, name: str) -> Path:
        """``model.safetensors`` and ``history.parquet`` of a harmonizer that was taught further on clips."""
        return Path("features", self.profile, "videos", name)

    def judged_clips(self, dataset: str) -> Path:
        """``judged.parquet`` of all methods on a data set's test clips, and ``pictures/``."""
        return Path("features", self.profile, "clips", dataset)

    def scores(self, method: str, seed: int) -> Path:
        """Per-image scores of one method."""
        return Path("scores", self.profile, method, f"{seed}.parquet")

    def validation(self, method: str, seed: int) -> Path:
        """The same on the validation photographs, by which a method is chosen."""
        return Path("scores", self.profile, method, f"val_{seed}.parquet")

    def controls(self, method: str, seed: int) -> Path:
        """What a method does with other backgrounds and with photographs that need nothing."""
        return Path("scores", self.profile, method, f"controls_{seed}.parquet")
