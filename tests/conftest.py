"""Collecting imports everything there is: the garbage collector waits until then, and leaves all of it alone after."""

import gc

gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.enable()
