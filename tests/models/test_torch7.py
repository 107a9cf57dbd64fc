"""Files are written here by a writer of its own, from the description of Torch7's binary format."""

import struct

import pytest
import torch

from inpaintlab.basics.errors import UserError
from inpaintlab.models import torch7


class Writer:
    """Writes values as Torch7 does in binary mode; tables and objects are numbered, and written once."""

    def __init__(self):
        self.content, self.numbers = b"", {}

    def put(self, code, *numbers):
        self.content += struct.pack(f"<{len(numbers)}{code}", *numbers)

    def string(self, text):
        self.put("i", len(text))
        self.content += text.encode("latin-1")

    def value(self, value):
        if value is None:
            self.put("i", 0)
        elif isinstance(value, bool):
            self.put("i", 5, value)
        elif isinstance(value, int | float):
            self.put("i", 1)
            self.put("d", value)
        elif isinstance(value, str):
            self.put("i", 2)
            self.string(value)
        else:
            self.compound(value)
        return self.content

    def compound(self, value):
        kind = 3 if isinstance(value, dict) else 8 if callable(value) else 4
        self.put("i", kind)
        seen = id(value) in self.numbers
        self.put("i", self.numbers.setdefault(id(value), (len(self.numbers) + 1, value))[0])
        if seen:
            return
        if isinstance(value, dict):
            self.put("i", len(value))
            for key, part in value.items():
                self.value(key)
                self.value(part)
        elif callable(value):
            self.string("code of a function")
            self.value({})
        elif isinstance(value, torch.Tensor):
            self.tensor(value)
        else:
            self.string("V 1")
            self.string(value.kind)
            self.value(value.fields)

    def tensor(self, tensor):
        name = {torch.float32: "Float", torch.float64: "Double", torch.int64: "Long"}[tensor.dtype]
        self.string("V 1")
        self.string(f"torch.{name}Tensor")
        self.put("i", tensor.ndim)
        self.put("q", *tensor.shape, *tensor.stride(), tensor.storage_offset() + 1)
        self.put("i", 4, 1000 + len(self.numbers))
        self.string("V 1")
        self.string(f"torch.{name}Storage")
        storage = tensor.untyped_storage()
        self.put("q", len(storage) // tensor.element_size())
        self.content += bytes(storage.tolist())


def written(value, folder):
    path = folder / "file.t7"
    path.write_bytes(Writer().value(value))
    return path


def test_plain_values(tmp_path):
    value = {"a": 1.5, "b": "text", "c": True, "d": None, 1.0: {2.0: "deep"}}
    assert torch7.read(written(value, tmp_path)) == value


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_tensors_with_strides_and_offsets(dtype, tmp_path):
    whole = torch.arange(24).to(dtype).view(2, 3, 4)
    value = {"whole": whole, "turned": whole.permute(2, 0, 1), "part": whole[1, 1:, ::2]}
    again = torch7.read(written(value, tmp_path))
    for name, tensor in value.items():
        assert torch.equal(again[name], tensor)
        assert again[name].dtype == dtype


def test_what_is_referred_to_twice_is_read_once(tmp_path):
    shared = torch.ones(3)
    again = torch7.read(written({"one": shared, "other": shared}, tmp_path))
    assert again["one"] is again["other"]


def test_a_function_is_passed_over(tmp_path):
    assert torch7.read(written({"f": print, "a": 2.0}, tmp_path)) == {"f": None, "a": 2.0}


def network():
    """Two layers and, in a nested network, a third; with gradients and buffers that belong to training."""
    torch.manual_seed(0)
    convolution = {"weight": torch.rand(4, 3, 2, 2), "bias": torch.rand(4), "gradWeight": torch.rand(4, 3, 2, 2)}
    norm = {"weight": torch.rand(4), "bias": torch.rand(4), "running_mean": torch.rand(4), "save_mean": torch.rand(4)}
    old = {"weight": torch.rand(5, 36), "bias": torch.rand(5), "nInputPlane": 4, "kH": 3, "kW": 3}
    inner = torch7.Object("nn.Sequential", {"modules": {1.0: torch7.Object("nn.SpatialConvolutionMM", old)}})
    layers = [torch7.Object("nn.SpatialConvolution", convolution), torch7.Object("nn.ReLU", {"inplace": True})]
    layers += [torch7.Object("nn.SpatialBatchNormalization", norm), inner]
    return torch7.Object("nn.Sequential", {"modules": {float(n): layer for n, layer in enumerate(layers, start=1)}})


def test_a_network_as_named_tensors(tmp_path):
    model = network()
    norm = model.fields["modules"][3.0].fields
    norm["running_var"] = torch.rand(4)
    state = torch7.named_tensors(torch7.read(written({"model": model, "mean": torch.rand(3)}, tmp_path)))
    assert set(state) == {
        "mean", "model.0.weight", "model.0.bias", "model.3.0.weight", "model.3.0.bias",
        *(f"model.2.{key}" for key in ("weight", "bias", "running_mean", "running_var")),
    }  # fmt: skip
    assert torch.equal(state["model.2.running_var"], norm["running_var"])
    kernel = model.fields["modules"][4.0].fields["modules"][1.0].fields["weight"]
    assert torch.equal(state["model.3.0.weight"], kernel.view(5, 4, 3, 3))


def test_the_deviation_of_old_files_becomes_a_variance(tmp_path):
    model = network()
    model.fields["modules"][3.0].fields["running_std"] = torch.tensor([1.0, 0.5, 2.0, 10.0])
    state = torch7.named_tensors(torch7.read(written(model, tmp_path)))
    expected = torch.tensor([1.0, 4.0, 0.25, 0.01]) - 1e-5
    torch.testing.assert_close(state["2.running_var"], expected)


def test_a_variance_of_nothing_is_refused():
    layers = {1.0: torch7.Object("nn.SpatialBatchNormalization", {"running_std": torch.tensor([400.0])})}
    with pytest.raises(UserError, match=r"0.running_std is not 1 / sqrt\(variance \+ 1e-05\)"):
        torch7.named_tensors(torch7.Object("nn.Sequential", {"modules": layers}))


def test_every_torn_file_is_told(tmp_path):
    """Cut at every byte, it is never read as if it were whole."""
    path = written({"model": network(), "mean": torch.rand(3)}, tmp_path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"file.t7: torn, or no binary .t7 file of Torch7"):
            torch7.read(path)


def tampered(**places):
    """The bytes of a tensor of 4 elements, with other numbers in its head."""
    numbers = {"size": 4, "stride": 1, "offset": 1, "stored": 4} | places
    writer = Writer()
    writer.put("i", 4, 1)
    writer.string("V 1")
    writer.string("torch.FloatTensor")
    writer.put("i", 1)
    writer.put("q", numbers["size"], numbers["stride"], numbers["offset"])
    writer.put("i", 4, 2)
    writer.string("V 1")
    writer.string("torch.FloatStorage")
    writer.put("q", numbers["stored"])
    writer.put("f", 1, 2, 3, 4)
    return writer.content


def test_the_file_that_is_tampered_with_below_is_whole(tmp_path):
    path = tmp_path / "file.t7"
    path.write_bytes(tampered())
    assert torch.equal(torch7.read(path), torch.tensor([1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize(
    "places",
    [
        {"size": 5},
        {"size": 2**40, "stride": 0},
        {"stride": 2},
        {"stride": -1},
        {"offset": 3},
        {"offset": -10},
        {"size": -4},
        {"stored": 2**40},
        {"stored": -1},
    ],
)
def test_a_tensor_reaches_nothing_beyond_its_storage(places, tmp_path):
    path = tmp_path / "file.t7"
    path.write_bytes(tampered(**places))
    with pytest.raises(UserError, match=r"torn, or no binary .t7 file"):
        torch7.read(path)


def test_tables_without_end_are_refused(tmp_path):
    value = {}
    for _ in range(torch7.DEEPEST + 10):
        value = {"a": value}
    with pytest.raises(UserError, match="more than 200 tables within tables"):
        torch7.read(written(value, tmp_path))


def test_other_files_are_told(tmp_path):
    path = tmp_path / "file.t7"
    path.write_bytes(b"PK\x03\x04 a zip file")
    with pytest.raises(UserError, match="a value of unknown kind"):
        torch7.read(path)
    path.write_bytes(Writer().value(torch7.Object("torch.HalfStorage", None)))
    with pytest.raises(UserError, match=r"torn, or no binary .t7"):
        torch7.read(path)
