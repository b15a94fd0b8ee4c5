"""One world of portraits for all tests that only read it."""

import pytest

from tests.portraits import World, write_portraits


@pytest.fixture(scope="package")
def world(tmp_path_factory) -> World:
    return write_portraits(tmp_path_factory.mktemp("portraits"))
