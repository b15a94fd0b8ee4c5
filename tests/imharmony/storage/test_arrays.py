"""Arrays by name, in memory or on disk."""

import numpy as np

from imharmony.storage.arrays import Arrays


def test_arrays_on_disk_are_those_that_were_put_and_none_is_held(tmp_path):
    numbers = np.array([1.0, np.nan, 3.0])
    for arrays, held in ((Arrays(), numbers.nbytes), (Arrays(tmp_path), 0)):
        arrays.put(("people", 0), numbers)
        assert arrays.get(("people", 0)).tobytes() == numbers.tobytes()
        assert ("people", 0) in arrays
        assert arrays.bytes_in_memory == held
