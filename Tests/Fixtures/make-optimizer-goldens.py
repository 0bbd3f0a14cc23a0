"""Goldens of optimizers: three tensors after each of four steps, by PyTorch and transformers.

    python make-optimizer-goldens.py Tests/Fixtures/optimizers

All is computed in double precision. Muon's reference rounds to bfloat16 before it iterates, which is
taken out here, so that the method is compared and not its rounding. The dynamic map is that of
bitsandbytes.
"""

import importlib.metadata
import json
import pathlib
import sys

import bitsandbytes.functional
import torch
from transformers.optimization import Adafactor

SHAPES = {"wide": [5, 12], "tall": [9, 4], "vector": [6]}
RATE, DECAY, STEPS = 0.02, 0.1, 4


def start(seed=1):
    generator = torch.Generator().manual_seed(seed)

    def tensor(shape, scale):
        # Numbers that a float holds exactly.
        return (torch.randn(shape, generator=generator) * scale).to(torch.float32).to(torch.float64)

    values = {name: tensor(shape, 0.5) for name, shape in SHAPES.items()}
    slopes = [
        {name: tensor(shape, 0.1 * (step + 1)) for name, shape in SHAPES.items()} for step in range(STEPS)
    ]
    return values, slopes


def run(make, names):
    values, slopes = start()
    parameters = {name: torch.nn.Parameter(values[name].clone()) for name in names}
    optimizer = make(list(parameters.values()))
    after = []
    for slope in slopes:
        for name, parameter in parameters.items():
            parameter.grad = slope[name].clone()
        optimizer.step()
        after.append({name: flat(parameter.detach()) for name, parameter in parameters.items()})
    return after


def flat(tensor):
    return tensor.flatten().tolist()


def unrounded_muon(parameters):
    optimizer = torch.optim.Muon(
        parameters, lr=RATE, weight_decay=DECAY, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    convert = torch.Tensor.to

    def to(self, *args, **options):
        if options.get("dtype") is torch.bfloat16:
            options["dtype"] = self.dtype
        return convert(self, *args, **options)

    step = optimizer.step

    def unrounded_step():
        torch.Tensor.to = to
        try:
            step()
        finally:
            torch.Tensor.to = convert

    optimizer.step = unrounded_step
    return optimizer


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    values, slopes = start()
    names = list(SHAPES)
    golden = {
        "versions": {
            name: importlib.metadata.version(name) for name in ["torch", "transformers", "bitsandbytes"]
        },
        "learning_rate": RATE, "weight_decay": DECAY, "shapes": SHAPES,
        "start": {name: flat(value) for name, value in values.items()},
        "gradients": [{name: flat(value) for name, value in slope.items()} for slope in slopes],
        "adamw": run(
            lambda p: torch.optim.AdamW(
                p, lr=RATE, betas=(0.9, 0.95), eps=1e-8, weight_decay=DECAY), names),
        "adafactor": run(
            lambda p: Adafactor(
                p, lr=RATE, scale_parameter=False, relative_step=False, warmup_init=False,
                weight_decay=DECAY), names),
        "muon": run(unrounded_muon, ["wide", "tall"]),
        "signed_map": bitsandbytes.functional.create_dynamic_map(signed=True).tolist(),
        "unsigned_map": bitsandbytes.functional.create_dynamic_map(signed=False).tolist(),
    }
    (folder / "steps.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
