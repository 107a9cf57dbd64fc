import hashlib
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import file_sha256
from inpaintlab.metrics.weights import fill, find_weights, hash_state, read_weights

URL = "https://example.org/networks/net-0123abcd.pth"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return tmp_path / "checkpoints" / "net-0123abcd.pth"


def test_a_download_is_checked_by_the_hash_in_its_name_and_kept(cache, monkeypatch):
    asked = []

    def download(url, path, hash_prefix, progress):
        asked.append((url, hash_prefix))
        open(path, "wb").close()

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    assert find_weights(None, URL, "weights.net") == cache
    assert find_weights(None, URL, "weights.net") == cache
    assert asked == [(URL, "0123abcd")]


def test_what_cannot_be_fetched_is_named_with_the_key_that_mends_it(cache, monkeypatch):
    def download(*args, **kwargs):
        raise RuntimeError('invalid hash value (expected "0123abcd", got "77")')

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    with pytest.raises(UserError, match=rf"{URL} cannot be fetched \(invalid hash.*{cache.name}.*weights\.net=<file>"):
        find_weights(None, URL, "weights.net")


def test_a_given_file_is_taken_and_a_missing_one_named(tmp_path):
    path = tmp_path / "mine.pth"
    path.touch()
    assert find_weights(str(path), URL, "weights.net") == path
    with pytest.raises(UserError, match=rf"weights\.net=.*none\.pth: no such file; it is to be had from {URL}"):
        find_weights(str(tmp_path / "none.pth"), URL, "weights.net")


def test_reading_runs_no_code(tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    trap = tmp_path / "trap.pth"
    torch.save({"weight": Trap()}, trap)
    arrays = tmp_path / "trap.npz"
    np.savez(arrays, weight=np.array([Trap()], dtype=object))
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(Trap()))
    for path in (trap, arrays, plain):
        with pytest.raises(UserError, match=rf"k={path}: cannot be read .*; expected a net"):
            read_weights(path, "k", "a net")
    assert not (tmp_path / "sprung").exists()


def test_what_is_not_a_state_dict_is_refused(tmp_path):
    for record in ([torch.zeros(1)], {"epoch": 3}):
        torch.save(record, tmp_path / "list.pth")
        with pytest.raises(UserError, match="not a dictionary of tensors; expected a net"):
            read_weights(tmp_path / "list.pth", "k", "a net")


def test_weights_of_another_network_do_not_fit(tmp_path):
    path = tmp_path / "x.pth"
    for state in ({}, {"weight": torch.zeros(2, 3)}, {"weight": torch.zeros(2, 2), "bias": torch.zeros(2)}):
        with pytest.raises(UserError, match=r"k=.*x\.pth: not a net \(.*(weight|bias)"):
            fill(nn.Linear(2, 2, bias=False), state, path, "k", "a net")


def test_hashes_are_of_the_bytes_and_of_names_types_and_shapes(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 1_000_000)
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    states = [nn.Linear(2, 3), nn.Linear(3, 2), nn.Linear(2, 3).half(), nn.Conv2d(2, 3, 1), nn.BatchNorm1d(3)]
    for module in states:
        for value in module.state_dict().values():
            value.zero_()
    digests = [hash_state(module) for module in states]
    assert len(set(digests)) == len(states)
    assert hash_state(states[0]) == digests[0]
