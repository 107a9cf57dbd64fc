"""``table.md``: the main view of each protocol, and how far the protocols differ."""

from typing import Any

from inpaintlab.records.markdown import MEASURES, bucket_name, markdown

Row = dict[str, Any]
PER_PICTURE = ("psnr", "ssim", "l1", "ms_ssim", "lpips_alex", "lpips_vgg")


def as_markdown(record: Row) -> str:
    """Lay out a table for each protocol, and one of the differences where there are several."""
    parts = [protocol_table(record, protocol) for protocol in record["protocols"]]
    if len(record["protocols"]) > 1:
        parts.append(differences(record))
    return "\n".join(parts)


def protocol_table(record: Row, protocol: str) -> str:
    """Lay out one protocol: a line for each cell, measures on the full picture and in the hole, and distributions."""
    output = main_output(record, protocol)
    lines: dict[tuple[str, str], Row] = {}
    for row in record["rows"]:
        if (row["protocol"], row["output"]) == (protocol, output):
            line = lines.setdefault(place(row), head(row))
            line |= measures_of(row)
    networks: dict[tuple[str, str], list[str]] = {}
    for row in record["distributions"]:
        if (row["protocol"], row["output"]) == (protocol, output):
            lines[place(row)][row["measure"]] = row["value"]
            networks.setdefault((row["network"], row["weights_sha256"]), []).append(row["measure"])
    notes = "".join(
        f"\n{', '.join(dict.fromkeys(names))}: N = pictures; {label}, weights sha256 {sha256}\n"
        for (label, sha256), names in networks.items()
    )
    columns = ["bucket", "border", "pictures", *MEASURES]
    ordered = [{name: line[name] for name in columns if name in line} for line in lines.values()]
    pooled = {row["note"] for row in record["distributions"] if row["bucket"] == "all" and row.get("note")}
    notes += "".join(f"\nall buckets: {note}\n" for note in sorted(pooled))
    return f"### {protocol} ({output})\n\n{markdown(ordered)}{notes}"


def differences(record: Row) -> str:
    """Lay out, for each cell, the largest minus the smallest value that the protocols give to the same predictions."""
    spread: dict[tuple[str, str], dict[str, list[float]]] = {}
    heads: dict[tuple[str, str], Row] = {}
    for row in record["rows"]:
        if row["region"] == main_region(record, row["protocol"]) and row["output"] == main_output(
            record, row["protocol"]
        ):
            heads.setdefault(place(row), head(row))
            for name in (name for name in PER_PICTURE if row.get(name) is not None):
                spread.setdefault(place(row), {}).setdefault(name, []).append(row[name])
    lines = [
        {**heads[where], **{name: max(values) - min(values) for name, values in found.items() if len(values) > 1}}
        for where, found in spread.items()
    ]
    return f"### How far the protocols differ: largest minus smallest, the same predictions\n\n{markdown(lines)}"


def main_output(record: Row, protocol: str) -> str:
    """Return which picture of a protocol counts: the one the model is judged by, where the protocol scores it."""
    wanted = "raw" if record["judged"] == "raw" else "composited"
    there = list(dict.fromkeys(row["output"] for row in record["rows"] if row["protocol"] == protocol))
    return wanted if wanted in there else there[0]


def main_region(record: Row, protocol: str) -> str:
    """Return the full picture, where the protocol looks at it."""
    there = list(dict.fromkeys(row["region"] for row in record["rows"] if row["protocol"] == protocol))
    return "full" if "full" in there else there[0]


def measures_of(row: Row) -> Row:
    """Return the measures of one row under the names of the columns; those of the boundary stay in the files."""
    suffix = {"full": "", "hole": "_hole"}.get(row["region"])
    if suffix is None:
        return {}
    names = [name for name in (*PER_PICTURE, "identical") if name in row]
    return {name + suffix: row[name] for name in names if name != "identical" or not suffix}


def head(row: Row) -> Row:
    """Return the columns that name a line."""
    return {"bucket": bucket_name(row["bucket"]), "border": row["border"], "pictures": row["pictures"]}


def place(row: Row) -> tuple[str, str]:
    """Return what tells a cell from the others."""
    return bucket_name(row["bucket"]), row["border"]
