import pickle
import zipfile
from collections import OrderedDict

import pytest
import torch
from torch import nn

from inpaintlab.basics.errors import UserError
from inpaintlab.models.lama.archive import Inert, read_archive, tensors


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.Conv2d(2, 1, 1)))


class Stranger:
    """A class that our reader does not know."""

    def __init__(self):
        self.depth = {"weights": torch.ones(2)}


class Attack:
    """Would write a file when a careless reader builds it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name], value), name


def test_reads_what_torch_save_writes(tmp_path):
    state = network().state_dict() | {
        "views": torch.arange(12.0).view(3, 4).t()[1:],
        "empty": torch.empty(0, 3),
        "half": torch.rand(3).half(),
        "bfloat": torch.rand(3).bfloat16(),
        "bool": torch.tensor([True, False]),
        "double": torch.rand(2).double(),
    }
    torch.save({"epoch": 3, "state_dict": OrderedDict(state), "list": [1, 2]}, tmp_path / "a.ckpt")
    data = read_archive(tmp_path / "a.ckpt")
    assert data["epoch"] == 3
    assert data["list"] == [1, 2]
    assert_same(tensors(data["state_dict"]), state)


def test_reads_parameters(tmp_path):
    torch.save({"a": nn.Parameter(torch.ones(2)), "b": torch.ones(2, requires_grad=True)}, tmp_path / "a.pt")
    assert set(tensors(read_archive(tmp_path / "a.pt"))) == {"a", "b"}


@pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated")
def test_reads_a_torch_script(tmp_path):
    net = network().eval()
    torch.jit.trace(net, torch.rand(1, 1, 6, 6)).save(str(tmp_path / "a.pt"))
    assert_same(tensors(read_archive(tmp_path / "a.pt")), dict(net.state_dict()))


def test_strange_classes_are_kept_inert(tmp_path):
    torch.save({"stranger": Stranger(), "function": torch.nn.functional.relu, "set": {1}}, tmp_path / "a.ckpt")
    data = read_archive(tmp_path / "a.ckpt")
    assert isinstance(data["stranger"], Inert)
    assert_same(tensors(data), {"stranger.depth.weights": torch.ones(2)})


def test_nothing_is_run(tmp_path):
    """The pickle names ``open``; the file that it would write is not there, and the tensors beside it are read."""
    path = tmp_path / "written"
    torch.save({"attack": Attack(str(path)), "weights": torch.ones(1)}, tmp_path / "a.ckpt")
    assert set(tensors(read_archive(tmp_path / "a.ckpt"))) == {"weights"}
    assert not path.exists()
    torch.load(tmp_path / "a.ckpt", weights_only=False)["attack"].close()
    assert path.exists(), "a careless reader does write it"


def test_a_tensor_cannot_reach_beyond_its_storage(tmp_path):
    torch.save({"a": torch.arange(4.0)}, tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as archive, zipfile.ZipFile(tmp_path / "b.pt", "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(name, content[:8] if name.endswith("data/0") else content)
    with pytest.raises(UserError, match=r"b.pt: not an archive .* or torn \(RuntimeError"):
        read_archive(tmp_path / "b.pt")


def test_other_files_are_told(tmp_path):
    with pytest.raises(UserError, match=r"no.pt: no such file"):
        read_archive(tmp_path / "no.pt")
    (tmp_path / "text.pt").write_text("no zip")
    with pytest.raises(UserError, match=r"text.pt: not an archive of torch.save or torch.jit.save, or torn \(BadZip"):
        read_archive(tmp_path / "text.pt")
    (tmp_path / "pickle.pt").write_bytes(pickle.dumps({}))
    with pytest.raises(UserError, match=r"pickle.pt: not an archive"):
        read_archive(tmp_path / "pickle.pt")
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as archive:
        archive.writestr("a/other", "")
    with pytest.raises(UserError, match=r"zip.pt: not an archive"):
        read_archive(tmp_path / "zip.pt")
