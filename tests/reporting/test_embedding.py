"""What the page carries for its scripts."""

import base64
import gzip
import json

import numpy as np

from reporting.embedding import json_for_page, plotting_library, rounded


def test_numbers_that_json_lacks_become_null_and_zeros_have_no_sign():
    assert json.dumps(rounded(np.array([[np.nan, np.inf], [-0.04, 1.25]]), 1)) == "[[null, null], [0, 1.2]]"


def test_no_text_can_end_the_script_that_holds_it():
    text = json_for_page({"method": "</script><!-- ö"})
    assert "<" not in text
    assert json.loads(text) == {"method": "</script><!-- ö"}


def test_the_library_is_the_packages_own_file():
    script = gzip.decompress(base64.b64decode(plotting_library()))
    assert b"Licensed under the MIT license" in script[:300]
    assert b"Plotly" in script
