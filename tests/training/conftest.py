"""Trainings that several tests compare with."""

import pytest

from tests.helpers.once import make_once
from tests.helpers.tiny import train


@pytest.fixture(scope="session")
def straight(tmp_path_factory):
    """A function that gives the folder of a paper's 20 iterations in one go."""

    def of(paper):
        def make(folder):
            answer = train(paper, folder, cwd=folder.parent)
            assert answer.returncode == 0, answer.stderr

        return make_once(tmp_path_factory, paper, make)

    return of
