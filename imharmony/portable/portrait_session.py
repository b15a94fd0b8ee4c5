"""An exported network that cuts people out on onnxruntime, without torch. Photographs are uint8 (H, W, 3)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.pairs import squared
from imharmony.portable.facts import PortraitFacts, read_portrait
from imharmony.portable.session import expect_signature, picture_input, session_of

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True)
class OnnxPortrait:
    """A network that is ready to run, and what its file says of it."""

    session: "onnxruntime.InferenceSession"
    facts: PortraitFacts

    @classmethod
    def load(cls, path: Path, *, intra_op_num_threads: int = 1) -> Self:
        """The network of a file, on the CPU; an ``InputError`` says what is wrong with one that is not a whole file of ours."""
        session = session_of(path, intra_op_num_threads=intra_op_num_threads)
        facts = read_portrait(path, session.get_modelmeta().custom_metadata_map)
        side = facts.size_px
        expect_signature(path, session, takes={"picture": [1, 3, side, side]}, gives={"alpha": [1, 1, side, side]})
        return cls(session, facts)

    @property
    def is_fine(self) -> bool:
        """Whether what it says is alpha, and no rough guess."""
        return self.facts.is_fine

    def alpha(self, photo: np.ndarray) -> np.ndarray:
        """How much of each pixel is a person, float32 (S, S) in [0, 1], of a photograph of any size.

        What is no number in [0, 1] is an ``InputError``.
        """
        seen = picture_input(squared(photo, self.facts.size_px))
        said = cast("np.ndarray", self.session.run(None, {"picture": seen})[0])[0, 0]
        if not (said.min() >= 0 and said.max() <= 1):  # false of NaN too
            raise InputError("the network gives no alpha of this photograph; expected 0 to 1; train it again or take another")
        return said
