import pytest
import torch

from inpaintlab.batch import composite
from inpaintlab.metrics import lpips
from tests.metrics.pictures import draw, protocol


class Stub(torch.nn.Module):
    """Keeps what the network would see, and tells the mean difference."""

    made: list["Stub"] = []  # noqa: RUF012

    def __init__(self, network, weights=None, key=""):
        super().__init__()
        self.network, self.weights, self.key = network, weights, key
        self.seen = []
        Stub.made.append(self)

    def distance(self, first, second):
        self.seen += [2 * first - 1, 2 * second - 1]
        return (first - second).abs().mean((1, 2, 3))


@pytest.fixture
def stubs(monkeypatch):
    monkeypatch.setattr(lpips, "LPIPS", Stub)
    monkeypatch.setattr(Stub, "made", [])
    return Stub


@pytest.mark.parametrize(
    ("name", "networks", "low"),
    [
        ("standard", ["alex", "vgg"], -1),
        ("mat", ["alex"], -1),
        ("lama", ["vgg"], -1),
        ("rn", ["alex"], 0),
        ("lbam", ["alex"], -1),
        ("torchmetrics", ["alex"], -1),
        ("pyiqa", ["alex", "vgg"], -1),
    ],
)
def test_each_protocol_shows_its_networks_its_own_range(stubs, name, networks, low):
    predictions, batch = draw(count=3, height=40, width=44)
    here = protocol(name)
    here.prepare(["lpips"], "cpu", {"alex": "alex.pth"})
    assert [one.network for one in stubs.made] == networks
    assert [one.weights for one in stubs.made] == ["alex.pth" if net == "alex" else None for net in networks]
    assert stubs.made[0].key == f"weights.lpips_{networks[0]}"
    scores = here.score(predictions, batch, ["lpips"])
    for (_, region), columns in scores.items():
        assert set(columns) == {"mse", *(f"lpips_{net}" for net in networks if region == "full")}
    column = scores["composited", "full"][f"lpips_{networks[0]}"]
    assert (column.dtype, column.shape) == (torch.float64, (3,))
    first, second = stubs.made[0].seen[:2]
    torch.testing.assert_close(second, batch.image * (1 - low) + low, rtol=0, atol=1e-6)
    steps = 1 if low else 1 / 2  # of the cast to 8 bits, in [0, 1]
    torch.testing.assert_close(first, composite(predictions, batch) * (1 - low) + low, rtol=0, atol=2 * steps / 255)


def test_a_network_is_loaded_only_if_it_is_asked_for(stubs):
    protocol("standard").prepare(["psnr", "ssim"], "cpu", {})
    protocol("mmagic").prepare(["lpips"])
    assert stubs.made == []


def test_grey_pictures_are_shown_as_three_equal_channels(stubs):
    predictions, batch = draw(count=3, channels=1)
    here = protocol("standard")
    here.prepare(["lpips"])
    here.score(predictions, batch, ["lpips"])
    assert all(seen.shape[1] == 3 and torch.equal(seen[:, 0], seen[:, 2]) for seen in stubs.made[0].seen)
