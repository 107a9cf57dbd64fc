"""Words that make each paper tiny, and what its training left."""

import csv
from pathlib import Path

PAPERS = {
    "pconv": ["mask=irregular", "model.width=4", "model.levels=3", "model.perceptual=0", "model.style=0",
              "model.stages=[{iterations: 10, lr: 1e-3, freeze_encoder_bn: false},"
              "{iterations: 10, lr: 1e-4, freeze_encoder_bn: true}]"],
    "madf": ["mask=irregular", "model.width=4", "model.levels=4", "model.perceptual=0", "model.style=0",
             "trainer.max_steps=20"],
    "blind": ["model.width=4", "model.convs=[1,1,1]", "model.warmup=15",
              "model.stages=[{iterations: 12, lr: 1e-3},{iterations: 8, lr: 1e-4}]"],
    "context_encoder": ["model.hole=16", "model.width=4", "model.bottleneck=16",
                        "model.phases=[{iterations: 6, rec: 1.0, local: 0.0, global: 0.0, ramp: 0.0},"
                        "{iterations: 8, rec: 0.9, local: 0.1, global: 0.0, ramp: 0.75},"
                        "{iterations: 6, rec: 0.8, local: 0.1, global: 0.1, ramp: 0.5}]"],
    "edge_connect_joint": ["model.width=4", "model.residual_blocks=1", "model.perceptual=0", "model.style=0",
                           "model.iterations=20"],
    "dcgan": ["model.width=4", "model.latent=8", "model.iterations=20", "model.search_iterations=2",
              "model.validation_iterations=1"],
    "lama": ["model.width=4", "model.blocks=1", "model.d_width=4", "model.perceptual=0", "model.iterations=20"],
    "glcic": ["model.width=4", "model.patch=16", "model.global_layers=3", "model.local_layers=2",
              "model.optimizer=adam", "model.lr=1e-3",
              "model.phases=[{iterations: 6, plays: [generator]},{iterations: 5, plays: [discriminator]},"
              "{iterations: 9, plays: [generator, discriminator]}]"],
    "pathak": ["model.width=4", "model.bottleneck=16", "model.noise=4", "model.conditional=true",
               "model.iterations=20"],
    "deepfill_v1": ["model.width=4", "model.critic_width=4", "model.critic_steps=3", "model.iterations=20"],
    "deepfill_v2": ["model.width=4", "model.critic_width=4", "model.iterations=20"],
}  # fmt: skip
COMMON = [
    "paper.size=32", "data.batch_size=4", "data.num_workers=0", "data.crops_per_picture=6", "hardware=cpu",
    "trainer.val_check_interval=7", "trainer.limit_val_batches=1", "+trainer.limit_test_batches=1",
    "trainer.log_every_n_steps=1", "baselines=null",
    "callbacks.alive.every=5", "callbacks.alive.patience=1000",  # every network is looked at, none is so soon given up
]  # fmt: skip
"""54 pictures are 13 batches: 20 iterations cross the end of an epoch."""
TWO = ["hardware=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]


def losses(run_folder):
    """Return {iteration: {name: text}} of all curves of a run; of two rows for one iteration both are kept."""
    rows = {}
    for path in sorted(Path(run_folder).glob("csv/version_*/metrics.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                values = {name: value for name, value in row.items() if name.startswith("train/") and value}
                if values:
                    rows.setdefault(int(row["step"]), []).append(values)
    return rows
