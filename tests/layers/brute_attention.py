"""Contextual attention by its definition, place by place, written from the text alone."""

import math

import torch


def brute_force(features, hole, *, resize="align_corners", invalid="zero", overlap="four", fuse=True):
    """Features (B, C, H, W), hole (B, 1, H, W) -> (features, the weights A of each picture)."""
    pairs = [one_picture(*pair, resize, invalid, overlap, fuse) for pair in zip(features, hole, strict=True)]
    return torch.stack([picture for picture, _ in pairs]), [weights for _, weights in pairs]


def sources(length, resize):
    """Where the pixels of the halved row come from."""
    half = length // 2
    if resize == "floor":
        return [2 * i for i in range(half)]
    return [math.floor(i * (length - 1) / (half - 1) + 0.5) for i in range(half)]


def surrounded(picture):
    """One pixel of zeros around (C, H, W)."""
    larger = picture.new_zeros(picture.shape[0], picture.shape[1] + 2, picture.shape[2] + 2)
    larger[:, 1:-1, 1:-1] = picture
    return larger


def one_picture(features, hole, resize, invalid, overlap, fuse):
    _, height, width = features.shape
    places = [(i, j) for i in range(height // 2) for j in range(width // 2)]
    rows, columns = sources(height, resize), sources(width, resize)
    small, small_hole = (surrounded(x[:, rows][:, :, columns]) for x in (features, hole))
    windows = torch.stack([small[:, i : i + 3, j : j + 3].flatten() for i, j in places])
    valid = torch.tensor([not small_hole[:, i : i + 3, j : j + 3].any() for i, j in places])
    wide = surrounded(features)
    patches = torch.stack([wide[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] for i, j in places])
    lengths = windows.square().sum(1).sqrt().clamp(min=1e-4)
    scores = torch.stack([(windows / lengths[:, None]) @ window for window in windows])
    if fuse:
        scores = neighbours(scores)
        order = sorted(range(len(places)), key=lambda p: places[p][::-1])  # column by column
        turned = neighbours(scores[order][:, order])
        scores = torch.empty_like(turned)
        scores[torch.tensor(order)[:, None], torch.tensor(order)] = turned
    if invalid == "zero":
        weights = [(10 * row * valid).softmax(0) * valid for row in scores]
    else:
        weights = [torch.zeros_like(row).masked_scatter(valid, (10 * row[valid]).softmax(0)) for row in scores]
    output, count = torch.zeros_like(wide), torch.zeros_like(wide)
    for (i, j), weight in zip(places, weights, strict=True):
        square = (slice(None), slice(2 * i, 2 * i + 4), slice(2 * j, 2 * j + 4))
        output[square] += (weight[:, None, None, None] * patches).sum(0)
        count[square] += 1
    output = output / (count.clamp(min=1) if overlap == "count" else 4)
    return output[:, 1:-1, 1:-1], torch.stack(weights)


def neighbours(scores):
    """Sum of S[p + d, q + d] over d in {-1, 0, 1}, as far as there are such places."""
    total, number = torch.zeros_like(scores), len(scores)
    for p in range(number):
        for d in (-1, 0, 1):
            if 0 <= p + d < number:
                first, last = max(0, -d), number - max(0, d)
                total[p, first:last] += scores[p + d, first + d : last + d]
    return total
