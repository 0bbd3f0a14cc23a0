#!/usr/bin/env python3
"""Loads model directories that tessera wrote with safetensors and transformers.

    compare-checkpoints.py DIRECTORY [--base DIRECTORY]

Checks that every file opens, that AutoModelForCausalLM and AutoTokenizer take the directory without a
missing or unexpected weight, and that tokenizer, configuration and rows agree. With --base, that old
rows and all other tensors are those of the base, bit for bit, that new rows are what extension.json
says, and that the logits of old tokens are the base's. Prints a line for each check, and a count.
"""

import argparse
import json
import math
import pathlib

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from comparison import Report

report = Report()


def check(name, holds, detail=""):
    report.check(holds, name, detail)


def tensors(directory):
    """All tensors of a directory by name, and the files that have them."""
    files = sorted(directory.glob("*.safetensors"))
    found, owners = {}, {}
    for file in files:
        with safe_open(file, framework="pt") as opened:
            for name in opened.keys():
                found[name] = opened.get_tensor(name)
                owners[name] = file.name
    return found, owners, files


def same_bits(a, b):
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and bytes(a.contiguous().view(torch.uint8).numpy().tobytes())
        == bytes(b.contiguous().view(torch.uint8).numpy().tobytes())
    )


def load(directory):
    model, info = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, output_loading_info=True
    )
    return model.eval(), info


def check_files(directory):
    found, owners, files = tensors(directory)
    check("safetensors opens every file", bool(found), f"{len(files)} files, {len(found)} tensors")
    for file in files:
        with open(file, "rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(size))
        check(f"{file.name}: data starts at a multiple of 8", (size + 8) % 8 == 0)
        check(
            f"{file.name}: metadata names the format",
            header.get("__metadata__", {}).get("format") == "pt",
        )
    index = directory / "model.safetensors.index.json"
    if index.exists():
        content = json.loads(index.read_text())
        check("the index names the file of every tensor", content["weight_map"] == owners)
        total = sum(t.numel() * t.element_size() for t in found.values())
        check("the index states the right total size", content["metadata"]["total_size"] == total)
    return found


def check_loading(directory, found):
    configuration = AutoConfig.from_pretrained(directory)
    model, info = load(directory)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        keys = list(info.get(kind, []))
        check(f"AutoModelForCausalLM reports no {kind}", not keys, ", ".join(map(str, keys[:3])))
    rows = model.get_input_embeddings().weight.shape[0]
    check("vocab_size is the number of rows", configuration.vocab_size == rows, str(rows))
    check(
        "the head has as many rows", model.get_output_embeddings().weight.shape[0] == rows
    )
    tied = (
        model.get_input_embeddings().weight.data_ptr()
        == model.get_output_embeddings().weight.data_ptr()
    )
    check("the head is tied as the configuration says", tied == configuration.tie_word_embeddings)
    with torch.no_grad():
        logits = model(torch.arange(min(16, rows))[None]).logits
    check("logits are finite", bool(torch.isfinite(logits).all()))
    tokenizer = None
    if (directory / "tokenizer.json").exists():
        tokenizer = AutoTokenizer.from_pretrained(directory)
        largest = max(tokenizer.get_vocab().values())
        check("every token has a row", largest < rows, f"largest id {largest}, {rows} rows")
        text = "Hello, world. 안녕하세요 नमस्ते 123\n"
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        check("AutoTokenizer decodes what it encodes", tokenizer.decode(ids) == text, repr(ids[:8]))
    return model, tokenizer


def check_against_base(directory, base, found, model, tokenizer):
    base_found, _, _ = tensors(base)
    check("the tensors have the base's names", set(found) == set(base_found))
    extension_file = directory / "extension.json"
    extension = json.loads(extension_file.read_text()) if extension_file.exists() else None
    # Padding of the base may have been reused for new tokens.
    kept = extension["first_id"] if extension else None
    grown = []
    for name, tensor in base_found.items():
        other = found.get(name)
        if other is None:
            continue
        if other.shape == tensor.shape:
            if not same_bits(tensor, other):
                check(f"{name} is the base's, bit for bit", False)
            continue
        grown.append(name)
        check(
            f"old rows of {name} are the base's, bit for bit",
            same_bits(tensor[:kept], other[: tensor[:kept].shape[0]]),
            f"{tensor[:kept].shape[0]} of {other.shape[0]} rows",
        )
    check(
        "all other tensors are the base's, bit for bit",
        all(same_bits(t, found[n]) for n, t in base_found.items() if n in found and n not in grown),
        f"{len(base_found) - len(grown)} tensors",
    )
    if extension:
        check_recipes(directory, extension, base_found, found)

    base_model, _ = load(base)
    base_rows = base_model.get_input_embeddings().weight.shape[0]
    base_rows = min(base_rows, kept) if kept else base_rows
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(0, base_rows, (2, 16), generator=generator)
    with torch.no_grad():
        old = base_model(ids).logits[..., :base_rows]
        new = model(ids).logits[..., :base_rows]
    difference = float((old - new).abs().max())
    check("logits of old tokens are the base's", difference <= 1e-4, f"max {difference:.1e}")
    if tokenizer is not None and (base / "tokenizer.json").exists():
        base_vocabulary = AutoTokenizer.from_pretrained(base).get_vocab()
        vocabulary = tokenizer.get_vocab()
        check(
            "old tokens have their old ids",
            all(vocabulary.get(token) == i for token, i in base_vocabulary.items()),
            f"{len(base_vocabulary)} tokens",
        )


def check_recipes(directory, extension, base_found, found):
    """Makes the rows again that a recipe without noise describes, with what lies in a file beside it."""
    offsets = {}
    if "offsets" in extension["initialization"]:
        offsets = load_file(directory / "extension" / "offsets.safetensors")
    for role in ("input", "output"):
        entry = extension["initialization"].get(role)
        if entry is None:
            continue
        tensor = entry["tensor"]
        base = base_found[tensor].to(torch.float64).numpy()
        rows = found[tensor]
        mean = base[: extension["base"]["vocabulary_size"]].mean(axis=0)
        worst = 0.0
        deviations = []
        for number, token in enumerate(extension["tokens"]):
            recipe = token[role]
            row = recipe.get("mean", 0.0) * mean
            for index, weight in recipe.get("terms", []):
                row = row + weight * base[index]
            if role in offsets:
                row = row + offsets[role][number].to(torch.float64).numpy()
            written = rows[token["id"]].to(torch.float64).numpy()
            deviations.append(written - row)
            limit = numpy.abs(row) * 2.0 ** (-8 if rows.dtype == torch.bfloat16 else -10) + 1e-6
            if entry["noise"] is None:
                worst = max(worst, float((numpy.abs(written - row) / limit).max()))
        if entry["noise"] is None:
            check(f"{role} rows are what their recipes say", worst <= 1.0, entry["method"])
        else:
            deviation = float(numpy.std(numpy.array(deviations)))
            check(
                f"{role} rows are their recipes with noise",
                math.isfinite(deviation) and deviation > 0,
                f"{entry['method']}, deviation {deviation:.3g}",
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--base", type=pathlib.Path)
    arguments = parser.parse_args()
    found = check_files(arguments.directory)
    model, tokenizer = check_loading(arguments.directory, found)
    if arguments.base:
        check_against_base(arguments.directory, arguments.base, found, model, tokenizer)
    report.finish()


if __name__ == "__main__":
    main()
