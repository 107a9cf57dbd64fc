"""Tests of a library that has no wheel for every machine; where it is absent they are skipped, and say so."""

import importlib.util

import pytest

needs_patchmatch = pytest.mark.skipif(
    importlib.util.find_spec("patchmatch") is None, reason="pypatchmatch has no wheel for this machine"
)
