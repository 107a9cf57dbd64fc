import numpy as np
import pytest

from inpaintlab.basics.seeds import seed_of


@pytest.mark.parametrize("key", [0, [0], [1, 2, 3], [2**40, 0]])
def test_a_seed_is_the_first_63_bits_of_its_key(key):
    bits = f"{np.random.SeedSequence(key).generate_state(1, np.uint64)[0]:064b}"
    assert seed_of(key) == int(bits[:63], 2)


def test_keys_differ():
    assert len({seed_of([first, second]) for first in range(30) for second in range(30)}) == 900
