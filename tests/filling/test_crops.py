import numpy as np
import torch

from inpaintlab.filling.crops import Box, fill_crops, list_boxes
from tests.filling.toy import hole_of, picture


def nothing(wide, high):
    return 0


def boxes_of(*boxes, margin=2, extent=nothing, **size):
    return list_boxes(hole_of(*boxes, **size)[0, 0].numpy(), margin, extent)


def test_a_box_is_grown_as_far_as_the_picture_goes():
    assert boxes_of((10, 20, 14, 30)) == [Box(8, 18, 16, 32)]
    assert boxes_of((0, 60, 4, 64)) == [Box(0, 58, 6, 64)]


def test_the_margin_may_follow_the_hole():
    assert boxes_of((10, 20, 14, 30), extent=max) == [Box(0, 10, 24, 40)]
    assert boxes_of((10, 20, 14, 30), extent=min) == [Box(6, 16, 18, 34)]


def test_boxes_that_overlap_become_one_until_none_do():
    """The third joins the first two only once these are one."""
    assert boxes_of((10, 10, 12, 12), (10, 15, 12, 17), (13, 20, 15, 22)) == [Box(8, 8, 17, 24)]
    assert len(boxes_of((10, 10, 12, 12), (10, 30, 12, 32))) == 2


def test_every_hole_lies_in_exactly_one_box_and_boxes_do_not_overlap():
    generator = np.random.default_rng(0)
    for _ in range(50):
        hole = generator.random((40, 50)) < generator.choice([0.002, 0.01, 0.05])
        boxes = list_boxes(hole, 3, min)
        times = np.zeros(hole.shape, int)
        for box in boxes:
            times[box.top : box.bottom, box.left : box.right] += 1
        assert times.max(initial=0) <= 1
        assert (times[hole] == 1).all()


def test_only_boxes_are_painted():
    seen = []

    def paint(image, hole):
        seen.append(tuple(image.shape[-2:]))
        return torch.where(hole, 0.0, image)

    image, hole = picture(), hole_of((10, 10, 12, 12), (30, 50, 34, 56))
    boxes = list_boxes(hole[0, 0].numpy(), 2, nothing)
    completed = fill_crops(paint, image, hole, boxes)
    assert seen == [(6, 6), (8, 10)]
    assert torch.equal(completed, torch.where(hole, 0.0, image))
