"""Names and shapes of the authors' released network, written down from its description, not from our code."""

import torch

FILTERS, UP = [16, 32, 64, 128, 128, 128, 128], [64, 128, 256, 512, 512, 512, 512]


def official_shapes(refinements=2, width=16):
    """Every entry of ``MADFNet(n_refinement_D=refinements).state_dict()``: {name: shape}; theirs has the width 16."""
    shapes = {}
    filtered, ups = ([size * width // 16 for size in sizes] for sizes in (FILTERS, UP))
    kernels, inputs = [7, 5, 3, 3, 3, 3, 3], [6, *filtered]
    for i, (filters, up, k) in enumerate(zip(filtered, ups, kernels, strict=True), start=1):
        shapes |= conv(f"filter_gen_{i}.conv.0", 16, 3 if i == 1 else 16, k)
        shapes |= conv(f"filter_gen_{i}.conv1.0", inputs[i - 1] * k * k * filters, 16, 1)
        shapes |= batch_norm(f"enc_conv_{i}.bn", filters, affine=True)
        shapes |= conv(f"enc_up_{i}.0", up, filters, 1)
    outputs = [3, *ups]
    for i in range(7, 0, -1):
        before, after = ups[i - 1], outputs[i - 1]
        shapes |= deconv(f"deconv_{i}.0", before, after)
        if i > 1:
            shapes |= batch_norm(f"deconv_{i}.1", after, affine=True)
        shapes |= conv(f"att_conv_{i}.conv.0", after, 2 * after if i > 1 else 9, 3)
        for k in range(refinements if i > 1 else 0):
            shapes |= deconv(f"dec_ref{k}_{i}.deconv", before, after)
            shapes |= batch_norm(f"dec_ref{k}_{i}.bn.batch_norm", after, affine=False)
            shapes |= conv(f"dec_ref{k}_{i}.bn.mlp_shared.0", 8 * width, after, 3)
            shapes |= conv(f"dec_ref{k}_{i}.bn.mlp_scale", after, 8 * width, 3)
            shapes |= conv(f"dec_ref{k}_{i}.bn.mlp_bias", after, 8 * width, 3)
    for k in range(refinements):
        shapes |= conv(f"dec_ref{k}_1", 3, ups[0] + 9 + 3 * k, 1)
    return shapes


def conv(name, outputs, inputs, kernel):
    return {f"{name}.weight": (outputs, inputs, kernel, kernel), f"{name}.bias": (outputs,)}


def deconv(name, inputs, outputs):
    return {f"{name}.weight": (inputs, outputs, 4, 4), f"{name}.bias": (outputs,)}


def batch_norm(name, channels, affine):
    shapes = {
        f"{name}.running_mean": (channels,),
        f"{name}.running_var": (channels,),
        f"{name}.num_batches_tracked": (),
    }
    return shapes | ({f"{name}.weight": (channels,), f"{name}.bias": (channels,)} if affine else {})


def official_state(refinements=2, width=16):
    """The same, with values at random."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(shape, generator=generator) if shape else torch.tensor(1_000_000)
        for name, shape in official_shapes(refinements, width).items()
    }
