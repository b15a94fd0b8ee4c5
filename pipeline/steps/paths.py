"""Where each stage writes. ``dvc.yaml`` names the same paths; DVC fails a stage whose output is not where it says."""

from dataclasses import dataclass
from pathlib import Path

REPORTS = Path("reports")


@dataclass(frozen=True)
class Layout:
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

    def run(self, variant: str, seed: int) -> Path:
        """``model.safetensors``, ``history.parquet`` and samples of one training."""
        return Path("runs", self.profile, variant, str(seed))

    def code(self) -> Path:
        """A file for each stage: the modules that it runs, and their hashes."""
        return Path("features", self.profile, "code")

    def classifier(self) -> Path:
        """``model.safetensors`` and ``metrics.json`` of the classifier."""
        return Path("features", self.profile, "classifier")

    def backbones(self) -> Path:
        """A folder for each variant: the frozen network that its loss on features looks through, if it has one."""
        return Path("features", self.profile, "variants")

    def shading(self) -> Path:
        """``model.safetensors``, ``metrics.json`` and ``decompositions.parquet`` of the network that sees shading."""
        return Path("features", self.profile, "shading")

    def edits(self) -> Path:
        """``model.safetensors``: that network and the one that chooses edits, all that composites are preprocessed by; ``metrics.json``."""
        return Path("features", self.profile, "edits")

    def inputs(self) -> Path:
        """A folder for each variant: what it is given to harmonize."""
        return Path("features", self.profile, "inputs")

    def scores(self, method: str, seed: int) -> Path:
        """Per-image scores of one method."""
        return Path("scores", self.profile, method, f"{seed}.parquet")
