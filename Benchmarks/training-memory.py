#!/usr/bin/env python3
"""Compares the memory that `--dry-run` predicts with the peak that a training takes.

    Benchmarks/training-memory.py TESSERA [--folder DIR] [--models smollm2-135m,qwen2.5-0.5b] [--steps N]

Makes checkpoints with the shapes of SmolLM2 135M and Qwen 2.5 0.5B (bf16) out of normally distributed numbers,
with the tokenizer of models/base-en; adapts each for a few steps to a corpus of corpora-samples, with several
optimizers, means of weights and batches; and trains a model of the size "large" from nothing. Prints one line for
each run: predicted and measured peak, and how far apart they are. Exits with 1 if any is off by more than a tenth.
Needs 12 GB of memory and 10 GB of disk, and removes what it made.
"""
import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = {
    "smollm2-135m": dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=576,
        intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, vocab_size=49_152, max_position_embeddings=8192,
        rope_theta=100_000, rms_norm_eps=1e-5, hidden_act="silu", tie_word_embeddings=True),
    "qwen2.5-0.5b": dict(
        architectures=["Qwen2ForCausalLM"], model_type="qwen2", hidden_size=896,
        intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
        num_key_value_heads=2, vocab_size=151_936, max_position_embeddings=32_768,
        rope_theta=1_000_000, rms_norm_eps=1e-6, hidden_act="silu", tie_word_embeddings=True),
}
# The options of each run behind those that all have.
RUNS = {
    "smollm2-135m": [
        [],
        ["--replay", "corpora-samples/en"],
        ["--replay", "corpora-samples/en", "--context", "512", "--batch-tokens", "2048"],
        ["--replay", "corpora-samples/en", "--ema", "0.99", "--lawa", "2", "--lawa-interval", "1", "--steps",
         "6"],
        ["--moments", "8bit"],
        ["--optimizer", "adafactor"],
        ["--optimizer", "muon"],
        ["--snapshots", "1"],
    ],
    "qwen2.5-0.5b": [["--moments", "bf16"], ["--optimizer", "lion", "--moments", "8bit"]],
}


def shapes(c):
    width, inner = c["hidden_size"], c["intermediate_size"]
    head = width // c["num_attention_heads"]
    queries, keys = c["num_attention_heads"] * head, c["num_key_value_heads"] * head
    yield "model.embed_tokens.weight", [c["vocab_size"], width]
    for i in range(c["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        for name, shape in {
            "input_layernorm": [width], "mlp.down_proj": [width, inner],
            "mlp.gate_proj": [inner, width], "mlp.up_proj": [inner, width],
            "post_attention_layernorm": [width], "self_attn.k_proj": [keys, width],
            "self_attn.o_proj": [width, queries], "self_attn.q_proj": [queries, width],
            "self_attn.v_proj": [keys, width],
        }.items():
            yield prefix + name + ".weight", shape
        if c["model_type"] == "qwen2":
            for name, size in (("q_proj", queries), ("k_proj", keys), ("v_proj", keys)):
                yield prefix + f"self_attn.{name}.bias", [size]
    yield "model.norm.weight", [width]


def make(folder, configuration):
    """A checkpoint in bf16 whose norms are 1, whose biases are 0, and whose other numbers are normal."""
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(ROOT / "models/base-en" / name, folder)
    (folder / "config.json").write_text(json.dumps(dict(configuration, torch_dtype="bfloat16")))
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes(configuration):
        end = offset + 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    random = numpy.random.default_rng(1)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(configuration):
            left = int(numpy.prod(shape))
            if name.endswith("norm.weight") or name.endswith(".bias"):
                values = numpy.full(left, 1 if name.endswith("weight") else 0, numpy.float32)
                file.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())
                continue
            while left > 0:
                count = min(left, 4 << 20)
                values = random.standard_normal(count, dtype=numpy.float32) * 0.02
                file.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())
                left -= count


def run(command):
    """Runs a command; its status, its output and its peak of memory in bytes."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, messages = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}\n{messages}")
    return output, usage.ru_maxrss * 1024


def compare(name, command, output):
    """Prints the line of a run; how far the prediction is from the peak, as a share of the peak."""
    plan, _ = run(command + ["--dry-run", "--json"])
    memory = json.loads(plan)["memory"]
    _, peak = run(command + ["--json", "--quiet"])
    shutil.rmtree(output)
    error = memory["peak_bytes"] / peak - 1
    print(f"{name}\t{memory['peak_bytes'] / 1e6:.0f}\t{peak / 1e6:.0f}\t{100 * error:+.1f} %", flush=True)
    return abs(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tessera", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("training-memory"))
    parser.add_argument("--models", default="pretrain," + ",".join(MODELS))
    parser.add_argument("--steps", default="3")
    parser.add_argument("--only", type=int, help="the number of one run of each model")
    arguments = parser.parse_args()
    tessera, folder = str(arguments.tessera.resolve()), arguments.folder.resolve()
    output = folder / "output"
    folder.mkdir(parents=True, exist_ok=True)
    errors = []
    print("run\tpredicted MB\tpeak MB\terror")
    for model in arguments.models.split(","):
        if model == "pretrain":
            command = [
                tessera, "pretrain", "--tokenizer", "models/base-en", "--corpus",
                "corpora-samples/en", "--paragraphs", "--size", "large", "--steps", arguments.steps,
                "--batch-tokens", "1024", "--output", str(output)]
            errors.append(compare("pretrain large", command, output))
            continue
        make(folder / model, MODELS[model])
        runs = RUNS[model]
        for options in runs if arguments.only is None else [runs[arguments.only]]:
            command = [
                tessera, "adapt", "--model", str(folder / model), "--corpus", "corpora-samples/sw",
                "--paragraphs", "--init", "subword-mean", "--new-tokens", "500", "--steps",
                arguments.steps, "--batch-tokens", "512", "--context", "256", "--max-forget", "100",
                "--output", str(output)]
            command += [] if "--replay" in options else ["--no-replay"]
            errors.append(compare(" ".join([model] + options), command + options, output))
        shutil.rmtree(folder / model)
    folder.rmdir()
    sys.exit(1 if max(errors) > 0.1 else 0)


if __name__ == "__main__":
    main()
