#!/usr/bin/env python3
"""Extends a checkpoint of 8 billion parameters, and copies it: seconds and peak memory.

    Benchmarks/large-checkpoint.py TESSERA TOKENIZER_FOLDER CORPUS [--folder DIR] [--layers N]

Makes a checkpoint with the shapes of Llama 3 8B (bf16, 128,256 rows of 4,096 numbers, head of its own, four
shards, 16 GB) out of normally distributed numbers, with a tokenizer of at most 128,256 tokens; extends it
by 20,000 tokens for the corpus, whose rows come behind all others; and copies its files with `cp --reflink=never` and `sync`. Needs 52 GB of
disk, and removes what it made.
"""
import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import time

import numpy

ROWS, WIDTH, INNER, KEYS = 128_256, 4_096, 14_336, 1_024
SHARD = 5_000_000_000


def shapes(layers):
    yield "model.embed_tokens.weight", [ROWS, WIDTH]
    for i in range(layers):
        prefix = f"model.layers.{i}."
        for name, shape in {
            "input_layernorm": [WIDTH], "mlp.down_proj": [WIDTH, INNER],
            "mlp.gate_proj": [INNER, WIDTH], "mlp.up_proj": [INNER, WIDTH],
            "post_attention_layernorm": [WIDTH], "self_attn.k_proj": [KEYS, WIDTH],
            "self_attn.o_proj": [WIDTH, WIDTH], "self_attn.q_proj": [WIDTH, WIDTH],
            "self_attn.v_proj": [KEYS, WIDTH],
        }.items():
            yield prefix + name + ".weight", shape
    yield "model.norm.weight", [WIDTH]
    yield "lm_head.weight", [ROWS, WIDTH]


def size(shape):
    return 2 * int(numpy.prod(shape))


def make(folder, tokenizer, layers):
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if (tokenizer / name).exists():
            shutil.copy(tokenizer / name, folder)
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["LlamaForCausalLM"], "hidden_size": WIDTH, "intermediate_size": INNER,
        "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": layers,
        "num_key_value_heads": 8, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
        "vocab_size": ROWS}))
    shards, used = [[]], 0
    for name, shape in shapes(layers):
        if used + size(shape) > SHARD:
            shards.append([])
            used = 0
        shards[-1].append((name, shape))
        used += size(shape)
    # The upper halves of normally distributed floats, of which each tensor takes as many as it needs.
    random = numpy.random.default_rng(1).standard_normal(32 << 20, dtype=numpy.float32) * 0.02
    block = (random.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes()
    owners = {}
    for number, tensors in enumerate(shards):
        file_name = f"model-{number + 1:05d}-of-{len(shards):05d}.safetensors"
        header, offset = {"__metadata__": {"format": "pt"}}, 0
        for name, shape in tensors:
            end = offset + size(shape)
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, end]}
            owners[name] = file_name
            offset = end
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / file_name, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            while offset > 0:
                file.write(block[:offset])
                offset -= min(offset, len(block))
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 0}, "weight_map": owners}))


def timed(name, *command):
    os.sync()
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command])
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status:
        raise SystemExit(f"{name} ended with {status}")
    print(f"{name}: {seconds:.1f} s, CPU {usage.ru_utime:.1f} + {usage.ru_stime:.1f} s, "
          f"peak {usage.ru_maxrss / 1024:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tessera", type=pathlib.Path)
    parser.add_argument("tokenizer", type=pathlib.Path)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("large-checkpoint"))
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--new-tokens", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=2)
    arguments = parser.parse_args()
    base = arguments.folder / "base"
    try:
        make(base, arguments.tokenizer, arguments.layers)
        for _ in range(arguments.runs):
            extended, copy = arguments.folder / "extended", arguments.folder / "copy"
            timed("extend", arguments.tessera, "extend", "--quiet", "--model", base, "--corpus",
                  arguments.corpus, "--init", "subword-mean", "--lines", "--padding", "keep",
                  "--new-tokens", arguments.new_tokens, "--output", extended)
            shutil.rmtree(extended)
            timed("cp and sync", "sh", "-c", f"cp -r --reflink=never --sparse=never '{base}' '{copy}'"
                  f" && sync -f '{copy}'")
            shutil.rmtree(copy)
    finally:
        shutil.rmtree(arguments.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
