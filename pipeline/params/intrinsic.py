"""Report 001's preprocessing in ``params.yaml``: how composites are taken apart and edited, and the networks that may do it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.params.section import BatchSize, Fraction, Section, Seed

Side = Annotated[int, Field(ge=64, le=512, multiple_of=16)]
MOST_EXAMPLES = 10_000_000
Steps = Annotated[int, Field(ge=1, le=100_000_000)]
Rate = Annotated[float, Field(gt=0, le=1)]


class ShadingNetwork(Section):
    """The network that learns shading from scenes of the studio; each sixth scene is held out, and judges it."""

    scenes: Annotated[int, Field(ge=6, le=MOST_EXAMPLES)]
    size_px: Side  # of the scenes, and of what it is shown later
    steps: Steps
    batch_size: BatchSize
    learning_rate: Rate
    consistency: Annotated[float, Field(ge=0, le=100)]  # weight of what the photographs teach it; 0: they are not looked at


class EditNetwork(Section):
    """The network that learns to take edits of the photographs' foregrounds back; those of the split `val` judge it."""

    examples: Annotated[int, Field(ge=1, le=MOST_EXAMPLES)]
    size_px: Side
    steps: Steps
    batch_size: BatchSize
    learning_rate: Rate


class Intrinsic(Section):
    """How a profile semi-harmonizes its composites (``imharmony.intrinsic.recipe.Recipe``)."""

    backend: Literal["learned", "luminance", "retinex", "compphoto"]
    edits: Literal["learned", "fitted"]
    strength: Fraction  # of fitted edits: of the way from the foreground's paint and light to the background's, in the logarithm
    feather_px: Annotated[float, Field(ge=0, le=100)]
    seed: Seed  # of the networks, and of what the released models draw
    shading_network: ShadingNetwork  # of the back end `learned`
    edit_network: EditNetwork  # of `edits: learned`

    @property
    def has_shading_network(self) -> bool:
        """Whether composites are taken apart by the network that the pipeline trains."""
        return self.backend == "learned"

    @property
    def has_edit_network(self) -> bool:
        """Whether edits are chosen by the network that the pipeline trains; the released models choose their own."""
        return self.edits == "learned" and self.backend != "compphoto"

    @property
    def has_networks(self) -> bool:
        """Whether semi-harmonized pictures depend on networks of the pipeline's."""
        return self.has_shading_network or self.has_edit_network

    @property
    def of_pictures(self) -> dict[str, Any]:
        """What a picture depends on beside its composite and the networks."""
        return self.model_dump(include={"backend", "edits", "strength", "feather_px", "seed"})
