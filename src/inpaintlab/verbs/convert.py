"""``inpaintlab convert``: turn weights that a paper's authors released into a checkpoint of this project.

The checkpoint holds the arguments of the model, read off the weights, the weights by our names, the size of the
pictures that they are for, and the SHA-256 of the files; every verb takes it as ``ckpt=``. Nothing in them is run.

    inpaintlab convert official=pconv.pth output=pconv.ckpt
    inpaintlab convert official=G0000000.pt model=madf paper.size=512
    inpaintlab convert official=[edge.pth,inpaint.pth] model=edge_connect_joint
"""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.running import verb


def convert(cfg: DictConfig) -> Path:
    """Read, translate, write, and say what was written; return the checkpoint's path."""
    if OmegaConf.is_missing(cfg, "official"):
        raise UserError("official=<file or folder> is needed: what the authors released")
    given = cfg.official if OmegaConf.is_list(cfg.official) else [cfg.official]
    files = [Path(str(path)).expanduser() for path in given]
    for file in files:
        if not file.exists():
            raise UserError(f"official={file}: no such file ({file.absolute()})")

    from inpaintlab.models import families

    target = None if cfg.model is None else cfg.model["_target_"]
    family, contents = families.open_files(files, target)
    arguments, state = families.translate(family, contents)
    output = Path(cfg.output or f"{family.__name__.lower()}.ckpt").expanduser()
    given = {name: cfg.paper[name] for name in ("size", "channels") if cfg.paper[name] is not None}
    trained_on = families.pictures_of(family) | given
    trained_on["channels"] = arguments.get("channels", trained_on["channels"])
    families.write_checkpoint(output, family, arguments, state, files, trained_on)
    print(f"{family.__name__}: {sum(weight.numel() for weight in state.values()):,} numbers")
    print(*(f"{name}={value}" for name, value in arguments.items()))
    print(
        f"for pictures of {trained_on['size']} px, channels: {trained_on['channels']}; "
        "the size is the paper's unless paper.size=<px> was given, since the weights do not tell it"
    )
    print(f"written: {output}")
    return output


@verb("convert")
def main(cfg: DictConfig) -> None:
    """Run the verb."""
    convert(cfg)


if __name__ == "__main__":
    main()
