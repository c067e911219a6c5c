"""What a test does when a tool is missing: fails where the run is meant to be whole (CI=true), skips aloud
elsewhere.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    message = f"{what} is not here: {remedy}"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
