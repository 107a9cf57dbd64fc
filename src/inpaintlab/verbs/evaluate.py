"""``inpaintlab evaluate``: judge one model, every model on the same masks, by every protocol that is asked for.

Writes into ``output``: ``table.md``; ``pictures.csv``, a row per picture, cell and view (protocol, output, region),
empty where a measure does not exist; ``evaluation.json``, see ``records.evaluation``; and the saved pictures,
``truth/``, ``masks/<cell>/`` and ``pictures/<cell>/``. A call that was cut off goes on where it stopped.

``against=a,b`` judges further models in the same way, each in a process and a folder of its own: names of methods or
checkpoints. ``output`` is then the folder of all these folders.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.children import run_child
from inpaintlab.basics.configs import FOLDER
from inpaintlab.basics.errors import UserError
from inpaintlab.basics.messages import report_errors
from inpaintlab.basics.paths import quote
from inpaintlab.basics.words import as_list, python, take
from inpaintlab.data.location import check_location
from inpaintlab.evaluation.holes import list_holes
from inpaintlab.evaluation.settings import TRAVELS, check_config, is_given
from inpaintlab.models.loading import check_given, folder_of, name_of
from inpaintlab.records.evaluation import EvaluationRecord


def evaluate(cfg: DictConfig) -> EvaluationRecord:
    """Judge, write the files, print the table, and return what ``evaluation.json`` holds."""
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
    masks = record.choices["mask"]
    print(f"\n{record.name} on {record.choices['data']} ({record.split}), masks: {masks}\n")
    print((output / "table.md").read_text(encoding="utf-8"))
    print(f"written: {', '.join(str(output / name) for name in ('table.md', 'evaluation.json', 'pictures.csv'))}")
    log(record, output, cfg)
    return record


def complete(cfg: DictConfig) -> dict[str, Any]:
    """Return the configuration as plain data, with name and output given: it travels to other processes."""
    kept = OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key not in ("hydra", "logger")])
    kept.name = cfg.name or name_of(cfg.ckpt, cfg.choices.model)
    if cfg.masks is not None:
        kept.choices.mask = Path(cfg.masks).absolute().name
    folder = cfg.name or folder_of(cfg.ckpt, cfg.choices.model)
    kept.output = cfg.output or f"evaluation/{folder}/{cfg.choices.data}-{kept.choices.mask}-{cfg.split}"
    container = OmegaConf.to_container(kept, resolve=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


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


@hydra.main(config_path=FOLDER, config_name="evaluate", version_base="1.3")
@report_errors
def run(cfg: DictConfig) -> None:
    """Run the verb on the composed configuration: one model here, several in a process each."""
    if not cfg.against:
        evaluate(cfg)
        return
    check_given(cfg.ckpt, cfg.model)
    calls = list_calls(list(HydraConfig.get().overrides.task), size_of_training(cfg.ckpt))
    statuses = [run_child([*python("inpaintlab.verbs.evaluate"), *words]) for words in calls]
    if status := next((status for status in statuses if status), 0):
        sys.exit(status)


def list_calls(words: Sequence[str], trained_on: Mapping[str, Any]) -> list[list[str]]:
    """Return the words of each evaluation that ``against=`` asks for, the given model's own first.

    A checkpoint is told from a method by its ending, .ckpt or .onnx. With ``output=<folder>`` each gets a folder in it.
    All see pictures of the size and channels, cut and resized, as the given model was trained on, unless the words say
    else.
    """
    given, shared = take(words, "against", "output", "model", "ckpt", "name")
    shared += [
        f"data.{key}={trained_on[key]}".replace(" ", "")
        for key in ("size", "channels", *TRAVELS)
        if trained_on.get(key) is not None and not is_given(key, words)
    ]
    own = {key: given[key] for key in ("name", "model", "ckpt") if given.get(key) is not None}
    models = [own, *({"ckpt" if rival.endswith((".ckpt", ".onnx")) else "model": rival} for rival in given["against"])]
    names = [folder_named(model, name_of) for model in models]
    if len(set(names)) < len(names):  # two runs of one name
        names = [folder_named(model, folder_of) for model in models]
    if len(set(names)) < len(names):
        told = ", ".join(names)
        raise UserError(f"against={','.join(given['against'])}: two models would share the folder of one name: {told}")
    return [
        [
            *(f"{key}={quote(str(value))}" for key, value in model.items()),
            *([f"output={quote(str(Path(given['output'], name)))}"] if given.get("output") else []),
            *shared,
        ]
        for model, name in zip(models, names, strict=True)
    ]


def folder_named(model: Mapping[str, str], name: Callable[[str | None, str | None], str]) -> str:
    """Name the folder of {ckpt: file} or {model: method}; a sweep's job loses the signs that Hydra would read."""
    return re.sub(r"[=,]", "-", name(model.get("ckpt"), model.get("model")))


def size_of_training(ckpt: str | None) -> dict[str, Any]:
    """Return what a checkpoint was trained on: {size, channels, ...}; {} without one."""
    if ckpt is None:
        return {}
    from inpaintlab.models.checkpoints import ForeignFile, read_checkpoint, trained_on

    if ckpt.endswith(".onnx"):
        from inpaintlab.models.exported import Exported

        return Exported(ckpt).trained_on
    try:
        return trained_on(read_checkpoint(ckpt))
    except ForeignFile:  # its authors' own, perhaps
        return {}


def main() -> None:
    """Run the verb; ``protocol=a,b`` and ``against=a,b`` are several at once, and no sweep."""
    sys.argv[1:] = [as_list(word, "protocol", "against") for word in sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
