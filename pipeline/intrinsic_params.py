"""Report 001's preprocessing in ``params.yaml``: how composites are taken apart, and the network that may do it."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.schema import Count, Fraction, Section


class ShadingNetwork(Section):
    """The network that learns shading from scenes of the studio; each sixth scene is held out, and judges it."""

    scenes: Annotated[int, Field(ge=6)]
    size_px: Annotated[int, Field(ge=64, le=512, multiple_of=16)]  # of the scenes, and of what it is shown later
    steps: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]


class Intrinsic(Section):
    """How a profile semi-harmonizes its composites (``harmonization.intrinsic.recipe.Recipe``)."""

    backend: Literal["learned", "luminance", "retinex", "compphoto"]
    strength: Fraction  # of the way from the foreground's paint and light to the background's, in the logarithm
    feather_px: Annotated[float, Field(ge=0, le=100)]
    seed: int  # of the network, and of what the released models draw
    network: ShadingNetwork  # of the back end `learned`

    @property
    def has_network(self) -> bool:
        """Whether composites are taken apart by the network that the pipeline trains."""
        return self.backend == "learned"
