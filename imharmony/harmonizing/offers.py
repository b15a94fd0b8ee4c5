"""What a user may choose from, for who only tells of it: names and bounds. Nothing here loads pictures or networks."""

from typing import Literal

Direction = Literal["foreground", "background"]  # what a harmonizer is to change
STARTER = "starter"
# Where each classical method is; `imharmony.baselines` itself would load all of them and what they need.
CLASSICAL = ("reinhard", "histogram", "mkl", "lalonde_efros", "xue", "poisson", "multiband")
MEGAPIXELS = 250  # of a photograph: phones take up to 200
MOST_MEGAPIXELS = 1000  # about as many as the libraries that read photographs decode and encode
