"""Read back what W&B keeps of an offline run: a header of 7 bytes, then protocol buffers framed as in LevelDB's log."""

import json
import struct
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

BLOCK, HEADER = 32768, 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def messages(path):
    """Yield the bytes of each message; a message longer than its block is in pieces."""
    data = Path(path).read_bytes()
    assert data[:4] == b":W&B"
    position, pieces = HEADER, b""
    while position + HEADER <= len(data):
        left = BLOCK - position % BLOCK
        if left < HEADER:  # the rest of the block is padding
            position += left
            continue
        _, length, kind = struct.unpack("<IHB", data[position : position + HEADER])
        position += HEADER
        piece = data[position : position + length]
        assert len(piece) == length
        position += length
        pieces = piece if kind in (FULL, FIRST) else pieces + piece
        if kind in (FULL, LAST):
            yield pieces


def read(folder):
    """Return what the only offline run in ``folder``/wandb says."""
    (path,) = Path(folder).glob("wandb/offline-run-*/*.wandb")
    return read_file(path)


def read_file(path):
    """Return run (its first record), config, history (dicts), summary, metrics (definitions by name), tables,
    artifacts ({name: files}), files."""
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    wandb.teardown()  # a run that has finished may still be on its way to the disk
    told = SimpleNamespace(
        run=None,
        config={},
        history=[],
        summary={},
        metrics={},
        tables=defaultdict(list),
        artifacts={},
        files=path.parent / "files",
    )
    kinds = defaultdict(int)
    for message in messages(path):
        record = Record.FromString(message)
        kind = record.WhichOneof("record_type")
        kinds[kind] += 1
        if kind == "run":
            told.run = told.run or record.run
            told.config |= values(record.run.config.update)
        elif kind == "config":
            told.config |= values(record.config.update)
        elif kind == "history":
            told.history.append(values(record.history.item))
        elif kind == "summary":
            told.summary |= values(record.summary.update)
        elif kind == "artifact":
            read_tables(record.artifact, told.tables)
            told.artifacts[record.artifact.name] = [content.path for content in record.artifact.manifest.contents]
        elif kind == "metric":
            told.metrics[record.metric.name or record.metric.glob_name] = record.metric
    told.kinds = dict(kinds)
    return told


def read_tables(artifact, tables):
    """Add the artifact's tables, {key: [rows as dicts, of the first time it was logged, ...]}, with their pictures."""
    paths = {content.path: content.local_path for content in artifact.manifest.contents}
    for path, local in paths.items():
        if path.endswith(".table.json"):
            table = json.loads(Path(local).read_text())
            rows = [dict(zip(table["columns"], line, strict=True)) for line in table["data"]]
            for cell in (cell for row in rows for cell in row.values() if isinstance(cell, dict)):
                for one in (cell, *cell.get("masks", {}).values()):
                    one["local_path"] = paths[one["path"]]
            tables[path.removesuffix(".table.json")].append(rows)


def values(items):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
