import gc
import sys
from types import ModuleType

import pytest

from inpaintlab.basics.collecting import STEP, collect_seldom_while_importing


@pytest.fixture(autouse=True)
def usual():
    before, callbacks = gc.get_threshold(), list(gc.callbacks)
    yield before
    gc.set_threshold(*before)
    gc.callbacks[:] = callbacks


def test_all_is_as_before_once_nothing_more_is_imported(usual, monkeypatch):
    callbacks = list(gc.callbacks)
    collect_seldom_while_importing()
    assert gc.get_threshold()[0] == STEP
    monkeypatch.setitem(sys.modules, "tests.of_no_such_name", ModuleType("of_no_such_name"))
    gc.collect()
    assert gc.get_threshold()[0] == STEP
    gc.collect()
    assert gc.get_threshold() == usual
    assert gc.callbacks == callbacks


def test_two_verbs_of_one_process_leave_nothing(usual):
    callbacks = list(gc.callbacks)
    collect_seldom_while_importing()
    collect_seldom_while_importing()
    gc.collect(), gc.collect()
    assert gc.get_threshold() == usual
    assert gc.callbacks == callbacks
