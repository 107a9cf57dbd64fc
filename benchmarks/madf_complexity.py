"""MADF's Table IV, complexity against effectiveness: what is counted here beside what is published.

Counts parameters and multiply-adds of MADF's variants at 256 px without computing anything, and puts them beside the
FLOPs, PSNR and FID that the paper publishes (Tables II and IV). Writes table.md and plot.png.

    python benchmarks/madf_complexity.py [--output runs/madf_complexity]

Two counts of our networks: multiply-adds as they are, and as a counter finds them that takes every convolution at the
places of its OUTPUT. For a transposed convolution of stride 2 that is four times too many. The published difference of
K2 and K0 fits the second; the text below the table says how far the numbers agree, and why not all the way.
"""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from inpaintlab.basics.files import write_file, write_text
from inpaintlab.evaluation.complexity import Counter
from inpaintlab.models.madf.network import MADFNet
from inpaintlab.models.pconv.network import UNet
from inpaintlab.records.markdown import markdown
from inpaintlab.records.published import tables

SIZE = 256
UNET = "PConv's own U-Net"
WIDER = "MADF+K0, wider encoder"
VARIANTS = {
    UNET: "PConv+K0",
    "PConv+K0": "PConv+K0",
    "GConv+K0": "GConv+K0",
    "MADF+K0": "MADF+K0",
    WIDER: "MADF+K0",
    "MADF+K1": "MADF+K1",
    "MADF+K1 PN": "MADF+K1 PN",
    "MADF+K2": "MADF+K2",
    "MADF+K2 PN": "MADF+K2 PN",
    "MADF+K3 PN": "MADF+K3 PN",
}
"""Name of ours: row of the published Table II."""
NAMES_IN_TABLE_IV = {"MADF+K2 PN": "MADF+K2+PN"}
NOTE = f"""
Parameters and multiply-adds are counted here, at {SIZE} px; FLOPs, PSNR and FID are published (Places2, {SIZE} px), not
measured here. "At the output's places" counts our networks as a counter does that takes transposed convolutions at the
places of their output, four times too many at stride 2: then K2 PN less K0 is {{ours:.2f}} G here, {{theirs:.2f}} G in
the paper. (Ours saves 0.02 G, since F_k paints before it doubles; a counter of biases and BatchNorm finds a little
more.) What is left, {{left:.2f}} G of K0, fits a wider encoder than ours, that of the authors' code and Fig. 5: by
the formula in the text K0 comes to {{wider:.2f}} G, published {{zero:.2f}} G. The published PConv+K0 fits PConv's own
U-Net of 7 levels if the mask is convolved like the picture: twice {{unet:.3f}} G.
"""


def build(name: str) -> nn.Module:
    """Return the network of a variant."""
    if name == UNET:
        return UNet(levels=7)
    front, stage = name.split(",")[0].split("+")
    return MADFNet(
        encoder=front.lower(),
        refinements=int(stage[1]),
        norm="pn" if "PN" in stage else "bn",
        enc_channels="formula" if name == WIDER else "code",
    )


def count(name: str) -> tuple[int, int, int]:
    """Return parameters, multiply-adds of one picture, and these with every convolution taken at its output's places.

    On the device ``meta`` tensors have shapes, but neither memory nor values.
    """
    with torch.device("meta"):
        network = build(name).eval()
        picture, known = torch.zeros(1, 3, SIZE, SIZE), torch.ones(1, 1, SIZE, SIZE)
    counts = []
    for counter in (Counter(), Counter({torch.ops.aten.convolution: at_the_outputs_places})):
        with counter:
            network(picture, known)
        counts.append(counter.multiply_adds)
    return sum(parameter.numel() for parameter in network.parameters()), *counts


def at_the_outputs_places(features: Tensor, weight: Tensor, *_: object, out_val: Tensor) -> int:
    """Count operations, two for a multiply-add; of a transposed convolution too many."""
    del features
    return 2 * weight.numel() * out_val.shape[0] * out_val[0, 0].numel()


def published(table: str) -> dict[str, dict[str, float]]:
    """Return {method: {measure: value}} of one of MADF's tables."""
    found: dict[str, dict[str, float]] = {}
    (rows,) = [one.rows for one in tables() if one.id == table]
    for row in rows:
        found.setdefault(row["method"], {})[row["measure"]] = row["value"]
    return found


def compare() -> list[dict[str, object]]:
    """Return a row for each of our variants, then one for each rival of Table IV."""
    quality, complexity = published("madf/table2"), published("madf/table4")
    rows = []
    for name, row in VARIANTS.items():
        parameters, exact, over = count(name)
        theirs = complexity.pop(NAMES_IN_TABLE_IV.get(name, name), {})
        rows.append(
            {
                "variant": name,
                "parameters": parameters,
                "multiply-adds": exact,
                "at the output's places": over,
                "published FLOPs": theirs.get("flops"),
                **{measure: quality[row][measure] for measure in ("psnr", "fid")},
            }
        )
    rivals = [{"variant": name, "published FLOPs": row.pop("flops"), **row} for name, row in complexity.items()]
    return rows + rivals


def as_table(rows: list[dict[str, object]]) -> str:
    """Lay the rows out, and say what to make of them."""
    named = {row["variant"]: row for row in rows}
    giga = ("multiply-adds", "at the output's places", "published FLOPs")
    laid = [
        {
            **row,
            **{key: None if row.get(key) is None else f"{row[key] / 1e9:.2f} G" for key in giga},
            "parameters": None if row.get("parameters") is None else f"{row['parameters']:,}",
        }
        for row in rows
    ]
    order = ("variant", "parameters", *giga, "psnr", "fid")
    over, theirs = ({name: row.get(key) for name, row in named.items()} for key in giga[1:])
    note = NOTE.format(
        ours=(over["MADF+K2 PN"] - over["MADF+K0"]) / 1e9,
        theirs=(theirs["MADF+K2 PN"] - theirs["MADF+K0"]) / 1e9,
        left=(theirs["MADF+K0"] - over["MADF+K0"]) / 1e9,
        wider=over[WIDER] / 1e9,
        zero=theirs["MADF+K0"] / 1e9,
        unet=over[UNET] / 1e9,
    )
    return markdown([{key: row.get(key) for key in order} for row in laid]) + note


def draw(rows: list[dict[str, object]], path: Path) -> None:
    """Plot the published PSNR and FID against the published FLOPs (left) and against our multiply-adds (right)."""
    figure = Figure(figsize=(13, 9), layout="constrained")
    sides = (("published FLOPs", "Table IV: FLOPs as published, G", "tab:orange"),)
    sides += (("multiply-adds", f"Table II: multiply-adds counted here, {SIZE} px, G", "tab:blue"),)
    measures = (("psnr", "PSNR as published, dB (more is better)"), ("fid", "FID as published (less is better)"))
    for line, (measure, label) in zip(figure.subplots(2, 2), measures, strict=True):
        for axis, (key, title, color) in zip(line, sides, strict=True):
            for row in rows:
                name = row["variant"]
                if row.get(key) is None or name == WIDER:
                    continue
                place = row[key] / 1e9, row[measure]
                axis.scatter(*place, s=40, color=color)
                crowded = name == "PConv+K0" or (name.endswith("K0") and key == "multiply-adds")  # from the right
                offset, side = ((-6, 5), "right") if crowded else ((6, 5), "left")
                axis.annotate(name, place, offset, textcoords="offset points", ha=side, fontsize=9)
            axis.set(xlabel=title, ylabel=label, xscale="log")
            axis.xaxis.set_major_formatter("{x:g}")
            axis.xaxis.set_minor_formatter("{x:g}")
            axis.margins(x=0.25, y=0.1)
            axis.grid(alpha=0.3, which="both")
    figure.savefig(path, format="png", dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("runs/madf_complexity"))
    output = parser.parse_args().output
    rows = compare()
    text = as_table(rows)
    write_text(output / "table.md", text)
    write_file(output / "plot.png", lambda path: draw(rows, path))
    print(f"{text}\nwritten: {output / 'table.md'}, {output / 'plot.png'}")


if __name__ == "__main__":
    main()
