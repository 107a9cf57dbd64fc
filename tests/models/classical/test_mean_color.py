import pytest
import torch
from lightning import Trainer
from torch.utils.data import DataLoader

from inpaintlab.basics.errors import UserError
from inpaintlab.batch import Batch
from inpaintlab.models.classical import MeanColor


def test_golden():
    corrupted = torch.tensor([[[[0.2, 0.4], [0.0, 0.6]]]])
    known = torch.tensor([[[[1.0, 1.0], [0.0, 1.0]]]])
    expected = torch.tensor([[[[0.2, 0.4], [0.4, 0.6]]]])
    torch.testing.assert_close(MeanColor().inpaint(corrupted, known), expected)


def test_each_picture_and_channel_has_its_own_mean():
    image = torch.rand(2, 3, 8, 8)
    known = torch.ones(2, 1, 8, 8)
    known[..., :4] = 0
    prediction = MeanColor().inpaint(image * known, known)
    expected = image[1, :, :, 4:].mean((1, 2))
    torch.testing.assert_close(prediction[1, :, 0, 0], expected)
    assert torch.equal(prediction[..., 4:], image[..., 4:])


def test_nothing_known_is_mid_grey():
    assert (MeanColor().inpaint(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)) == 0.5).all()


def test_it_is_judged_like_any_model_but_not_trained(tmp_path):
    model = MeanColor()
    data = DataLoader([Batch(torch.rand(3, 16, 16), (torch.rand(1, 16, 16) > 0.5).float())] * 2, batch_size=2)
    trainer = Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path, max_steps=1,
    )  # fmt: skip
    assert trainer.test(model, data, verbose=False)[0]["test/psnr_hole"] > 5
    with pytest.raises(UserError, match="MeanColor needs no training; use `inpaintlab evaluate"):
        model.losses(next(iter(data)))
