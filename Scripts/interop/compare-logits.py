"""Compares the logits of a model directory: tessera against transformers.

    python compare-logits.py TESSERA MODEL_DIR TEXT_FILE [MODEL_DIR TEXT_FILE ...]

For each pair: AutoTokenizer gives the same IDs, AutoModelForCausalLM in f32 gives logits that differ
by at most 1e-3 anywhere. Prints a line per check, then "N passed, N failed".
"""
import os
import subprocess
import sys
import tempfile

import numpy
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 1e-3
MAXIMUM_TOKENS = 256


def check(tessera, model_dir, text_file, results):
    with open(text_file, encoding="utf-8") as file:
        text = file.read(4_000)
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    theirs = tokenizer(text, add_special_tokens=False)["input_ids"]
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "text.txt")
        with open(source, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        encoded = subprocess.run(
            [tessera, "encode", "--quiet", "--tokenizer", model_dir, source],
            check=True, capture_output=True, text=True)
        ours = [int(word) for word in encoded.stdout.split()]
        results.append((ours == theirs, f"{model_dir}: IDs of {text_file}: {len(ours)} tokens"))
        output = os.path.join(folder, "logits.npy")
        subprocess.run(
            [tessera, "logits", "--quiet", "--model", model_dir, "--maximum-tokens",
             str(MAXIMUM_TOKENS), "--output", output, source], check=True)
        logits = numpy.load(output)
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    with torch.no_grad():
        expected = model(torch.tensor([theirs[:MAXIMUM_TOKENS]])).logits[0].numpy()
    same_shape = logits.shape == expected.shape
    difference = float(numpy.abs(logits - expected).max()) if same_shape else float("nan")
    results.append((
        same_shape and difference <= TOLERANCE,
        f"{model_dir}: logits {logits.shape}, largest difference {difference:.2e}"))


def main():
    tessera, *pairs = sys.argv[1:]
    results = []
    for model_dir, text_file in zip(pairs[::2], pairs[1::2]):
        check(tessera, model_dir, text_file, results)
    for passed, line in results:
        print("ok   " if passed else "FAIL ", line)
    failed = sum(not passed for passed, _ in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not results else 0)


if __name__ == "__main__":
    main()
