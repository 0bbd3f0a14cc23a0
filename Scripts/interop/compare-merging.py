#!/usr/bin/env python3
"""Merges models with tessera, and compares every tensor with the definition in double precision.

    compare-merging.py TESSERA --model DIRECTORY [--mergekit PROGRAM]

Makes models like the given one, in shards and in other types, some tensors near to it and some far, and merges
them as a mean, on a line, on a great circle, by differences, and layer by layer. What the definitions give in
binary64, rounded to binary32 and then to the tensor's type, has to come out bit for bit; on a great circle, whose
angle comes from sums in another order, within one unit of the last place. With --mergekit, the path of
mergekit-yaml, its models are compared as well: it computes in binary32 or in the tensors' type, so within what that
loses. Prints a line for each check, and a count.
"""

import json
import math
import os
import pathlib
import shutil
import subprocess
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from comparison import Report, parser, run

report = Report()
INDEX = "model.safetensors.index.json"


def load(directory):
    """All tensors of a model by name."""
    found = {}
    for file in sorted(pathlib.Path(directory).glob("*.safetensors")):
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():
                found[name] = opened.get_tensor(name)
    return found


def write(directory, model, tensors, shards):
    """Writes a model with the other files of `model`."""
    os.mkdir(directory)
    for file in pathlib.Path(model).iterdir():
        if file.suffix in (".json", ".tiktoken") and file.name not in ("training.json", INDEX):
            shutil.copy(file, directory)
    names = sorted(tensors)
    files, owners = [names[i::shards] for i in range(shards)], {}
    for number, part in enumerate(files):
        name = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        name = "model.safetensors" if shards == 1 else name
        save_file({key: tensors[key].contiguous() for key in part}, f"{directory}/{name}",
                  metadata={"format": "pt"})
        owners |= {key: name for key in part}
    if shards > 1:
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        pathlib.Path(directory, INDEX).write_text(
            json.dumps({"metadata": {"total_size": size}, "weight_map": owners}))
    return directory


def changed(tensors, seed, dtype):
    """Every second tensor a little changed, the others so much that they point elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    result = {}
    for number, (name, tensor) in enumerate(sorted(tensors.items())):
        values = tensor.to(torch.float64)
        deviation = float(values.std()) if values.numel() > 1 else 1.0
        noise = torch.randn(values.shape, generator=generator, dtype=torch.float64)
        result[name] = (values + noise * deviation * (1 if number % 2 else 0.01)).to(dtype)
    return result


def rounded(values, dtype):
    return values.to(torch.float32).to(dtype)


def bits(tensor):
    return tensor.contiguous().view(torch.int16 if tensor.element_size() == 2 else torch.int32)


def line(a, b, share):
    return (1 - share) * a + share * b


def sphere(a, b, share):
    cosine = float((a * b).sum() / (a.norm() * b.norm()))
    if not abs(cosine) <= 0.9995:
        return line(a, b, share)
    angle = math.acos(cosine)
    return (math.sin((1 - share) * angle) * a + math.sin(share * angle) * b) / math.sin(angle)


def layer(name):
    parts = name.split(".")
    return int(parts[2]) if parts[1] == "layers" else None


def compare(what, output, expected, units):
    """Whether a merged model is what is expected, up to some units of the last place."""
    found, differing, worst, count = load(output), 0, 0, 0
    if set(found) != set(expected):
        report.check(False, what, "other tensors")
        return
    for name, values in expected.items():
        if found[name].dtype != values.dtype or found[name].shape != values.shape:
            report.check(False, what, f"{name} is {found[name].dtype} {list(found[name].shape)}")
            return
        a, b = bits(found[name]).to(torch.int64), bits(values).to(torch.int64)
        # Minus zero and plus zero lie far apart as integers, and near each other as numbers.
        distance = torch.where(found[name] == values, (a != b).long().clamp(max=units or 1),
                               (a - b).abs())
        differing += int((a != b).sum())
        worst = max(worst, int(distance.max()))
        count += values.numel()
    detail = f"{count} numbers, {differing} differ, by {worst} units at most"
    report.check(worst <= units, what, detail)


def near(what, output, expected, tolerance):
    """Whether a merged model is what is expected, up to a share of the largest number of a tensor."""
    found, worst = load(output), 0.0
    for name, values in expected.items():
        difference = (found[name].double() - values.double()).abs().max()
        worst = max(worst, float(difference / values.double().abs().max().clamp(min=1e-30)))
    report.check(worst <= tolerance, what, f"differs by {worst:.1e} of the largest number")


def mergekit(program, work, name, configuration):
    """Runs mergekit-yaml, and returns the directory that it makes."""
    file, output = f"{work}/{name}.yaml", f"{work}/{name}"
    pathlib.Path(file).write_text(json.dumps(configuration))
    subprocess.run([program, file, output, "--quiet", "--no-write-model-card"], check=True,
                   capture_output=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    return output


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--mergekit")
    arguments = arguments.parse_args()
    tessera, model = arguments.tessera, arguments.model
    base = load(model)
    with tempfile.TemporaryDirectory() as work:
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            check(tessera, model, base, dtype, os.path.join(work, str(dtype)), arguments.mergekit)
    report.finish()


def check(tessera, model, base, dtype, work, program):
    os.mkdir(work)
    kind = str(dtype).removeprefix("torch.")
    tensors = [{name: t.to(dtype) for name, t in base.items()}]
    tensors += [changed(base, seed, dtype) for seed in (1, 2, 3)]
    paths = [write(f"{work}/m{i}", model, own, 1 + 2 * (i % 2)) for i, own in enumerate(tensors)]
    wide = [{name: t.to(torch.float64) for name, t in own.items()} for own in tensors]

    def merge(name, models, *options):
        output = f"{work}/out-{name}"
        run(tessera, "merge", "--quiet", "--model", models[0], "--with", *models[1:], *options,
            "--output", output)
        return output

    def each(function, *models):
        return {name: rounded(function(name, *(m[name] for m in models)), dtype)
                for name in models[0]}

    output = merge("mean", paths[1:])
    compare(f"{kind}: uniform mean of three", output,
            each(lambda _, a, b, c: (a + b + c) / 3, *wide[1:]), 0)
    weighted = merge("weighted", paths[1:], "--weight", 1, "--weight", 0.3, "--weight", 2.5)
    means = each(lambda _, a, b, c: (a + 0.3 * b + 2.5 * c) / (1 + 0.3 + 2.5), *wide[1:])
    compare(f"{kind}: weighted mean", weighted, means, 0)
    interpolated = merge("line", [paths[1], paths[0]], "--alpha", 0.3)
    compare(f"{kind}: on a line", interpolated,
            each(lambda _, a, b: line(a, b, 0.3), wide[1], wide[0]), 0)
    circle = merge("sphere", [paths[1], paths[2]], "--method", "slerp", "--alpha", 0.4)
    arcs = each(lambda _, a, b: sphere(a, b, 0.4), wide[1], wide[2])
    compare(f"{kind}: on a great circle", circle, arcs, 1)
    tasks = merge("tasks", [paths[1], paths[2], paths[3]], "--method", "task-arithmetic",
                  "--base", paths[0], "--scale", 0.7, "--scale=-0.2")
    sums = each(lambda _, a, b, c, o: a + (0.7 * (b - o) - 0.2 * (c - o)), *wide[1:], wide[0])
    compare(f"{kind}: task arithmetic", tasks, sums, 0)

    count = 1 + max(layer(name) or 0 for name in base)
    shares = [0.3, 0.5] + [1.0] * (count - 4) + [0.5, 0.3]

    def elchat(name, a, b):
        share = 0.0 if layer(name) is None else shares[layer(name)]
        return line(a, b, share) if share < 1 else b

    layers = merge("layers", [paths[1], paths[2]], "--layers", "elchat")
    compare(f"{kind}: layer by layer", layers, each(elchat, wide[1], wide[2]), 0)
    other = merge("f32", [paths[1], paths[2]], "--dtype", "f32")
    compare(f"{kind}: written as f32", other,
            {n: ((t + wide[2][n]) / 2).to(torch.float32) for n, t in wide[1].items()}, 0)

    if program:
        compare_mergekit(program, work, kind, paths, {
            "linear": weighted, "slerp": circle, "task_arithmetic": tasks})


def compare_mergekit(program, work, kind, paths, outputs):
    """The three methods that mergekit has as well."""
    # What a sum loses in the type of the tensors.
    tolerance = {"float32": 2e-6, "bfloat16": 2.0**-6, "float16": 2.0**-9}[kind]
    common = {"dtype": kind, "tokenizer": {"source": paths[1]}}
    del common["tokenizer"]

    def weighted(numbers, key="weight"):
        return [{"model": path, "parameters": {key: number}} for path, number in numbers]

    configurations = {
        "linear": {"models": weighted([(paths[1], 1), (paths[2], 0.3), (paths[3], 2.5)])},
        "slerp": {"models": [{"model": paths[1]}, {"model": paths[2]}], "base_model": paths[1],
                  "parameters": {"t": 0.4}},
        "task_arithmetic": {
            "models": weighted([(paths[1], 1), (paths[2], 0.7), (paths[3], -0.2)]),
            "base_model": paths[0], "parameters": {"normalize": False}},
    }
    for method, configuration in configurations.items():
        made = mergekit(program, work, f"mergekit-{method}",
                        {"merge_method": method} | common | configuration)
        near(f"{kind}: mergekit's {method}", outputs[method], load(made), tolerance)


if __name__ == "__main__":
    main()
