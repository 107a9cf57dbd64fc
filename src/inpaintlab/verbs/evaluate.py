"""``inpaintlab evaluate``: judge one model, every model on the same masks, by every protocol that is asked for.

A table is printed, and a row per picture and some pictures are kept in ``output``, which ``inpaintlab report`` reads.
A call that was cut off goes on where it stopped.

    inpaintlab evaluate model=telea data=folder data.root=photos
    inpaintlab evaluate ckpt=runs/mine/checkpoints/best.ckpt against=telea,bundled output=judged
    inpaintlab evaluate model=bundled masks=benchmark_masks protocol=standard,lama limit=50

Writes into ``output``: ``table.md``; ``pictures.parquet``, a row per picture, cell and view (protocol, output, region),
see ``records.picture_rows``; ``evaluation.json``, see ``records.evaluation``; and the saved pictures, ``truth/``,
``masks/<cell>/`` and ``pictures/<cell>/``.

``against=a,b`` judges further models in the same way, each in a process and a folder of its own: names of methods or
checkpoints. ``output`` is then the folder of all these folders.
"""

import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.children import run_child
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.running import verb
from inpaintlab.basics.words import as_list, python
from inpaintlab.data.location import check_location
from inpaintlab.evaluation.final_table import final_table
from inpaintlab.evaluation.holes import list_holes
from inpaintlab.evaluation.rivals import default_output, list_calls, shown_to
from inpaintlab.evaluation.settings import check_config
from inpaintlab.models.loading import check_given, folder_of, name_of
from inpaintlab.records.evaluation import EvaluationRecord
from inpaintlab.records.picture_rows import CSV, FILE


def evaluate(cfg: DictConfig) -> EvaluationRecord:
    """Judge, write the files, say the last words, and return what ``evaluation.json`` holds."""
    check_given(cfg.ckpt, cfg.model)
    check_config(cfg)
    list_holes(cfg)
    check_location(cfg.data)
    check_logger(cfg.logger)

    from inpaintlab.evaluation import engine, processes

    plain = complete(cfg)
    output = Path(plain["output"])
    is_first = processes.run(engine.judge, plain, cfg.devices)
    record = EvaluationRecord.read(output)
    if not is_first:
        return record
    written = ["table.md", "evaluation.json", FILE, *([CSV] if cfg.csv else [])]
    print(f"written: {', '.join(str(output / name) for name in written)}")
    if cfg.table:
        print(f"\n{final_table({record.name: record})}\n")
    log(record, output, cfg)
    return record


def complete(cfg: DictConfig) -> dict[str, Any]:
    """Return the configuration as plain data, with name and output given: it travels to other processes."""
    kept = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key not in ("hydra", "logger")])
    kept.name = cfg.name or name_of(cfg.ckpt, cfg.choices.model)
    kept.choices.mask = masks_of(cfg)
    folder = cfg.name or folder_of(cfg.ckpt, cfg.choices.model)
    kept.output = cfg.output or str(default_output(folder, judged_on(cfg)))
    container = OmegaConf.to_container(kept, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def masks_of(cfg: DictConfig) -> str:
    """Name the masks: the frozen set's folder, or what draws them."""
    return str(cfg.choices.mask) if cfg.masks is None else Path(cfg.masks).absolute().name


def judged_on(cfg: DictConfig) -> str:
    """Name the pictures and masks in one word."""
    return f"{cfg.choices.data}-{masks_of(cfg)}-{cfg.split}"


def check_logger(logger: DictConfig | None) -> None:
    """Refuse a logger that takes no evaluations, and W&B without credentials, before anything is computed."""
    if logger is None:
        return
    if "project" not in logger:
        raise UserError("logger: an evaluation is logged to W&B alone; use logger=wandb, or leave it out")
    from inpaintlab.tracking import runs

    runs.check(logger.offline)


def log(record: EvaluationRecord, output: Path, cfg: DictConfig) -> None:
    """Tell W&B, if it was chosen."""
    if cfg.logger is None:
        return
    from inpaintlab.tracking import evaluation_log

    evaluation_log.log(record, output, {key: cfg.logger[key] for key in ("project", "entity", "group", "offline")})


@verb("evaluate")
def run(cfg: DictConfig) -> None:
    """Run the verb on the composed configuration: one model here, several in a process each."""
    if not cfg.against:
        evaluate(cfg)
        return
    check_given(cfg.ckpt, cfg.model)
    calls = list_calls(list(HydraConfig.get().overrides.task), shown_to(cfg), judged_on(cfg))
    statuses = [run_child([*python("inpaintlab.verbs.evaluate"), *call.words]) for call in calls]
    ended = dict(zip(calls, statuses, strict=True))
    done = {call.name: EvaluationRecord.read(call.output) for call, status in ended.items() if not status}
    failed = [call.name for call, status in ended.items() if status]
    print(f"\n{final_table(done, failed)}\n")
    if status := next((status for status in statuses if status), 0):
        sys.exit(status)


def main() -> None:
    """Run the verb; ``protocol=a,b`` and ``against=a,b`` are several at once, and no sweep."""
    sys.argv[1:] = [as_list(word, "protocol", "against") for word in sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
