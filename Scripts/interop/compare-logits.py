"""Compares the logits of a model directory: tessera against transformers.

    python compare-logits.py TESSERA MODEL_DIR TEXT_FILE [MODEL_DIR TEXT_FILE ...]

For each pair: AutoTokenizer gives the same IDs, AutoModelForCausalLM in f32 gives logits that differ
by at most 1e-3 anywhere. Prints a line per check, then "N passed, N failed".
"""
import os
import tempfile

import numpy
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from comparison import Report, encode, parser, run

TOLERANCE = 1e-3
MAXIMUM_TOKENS = 256


def check(report, tessera, model_dir, text_file):
    with open(text_file, encoding="utf-8") as file:
        text = file.read(4_000)
    tokenizer = AutoTokenizer.from_pretrained(model_dir)
    theirs = tokenizer(text, add_special_tokens=False)["input_ids"]
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "text.txt")
        with open(source, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        ours = encode(tessera, model_dir, [text])[0]
        report.check(ours == theirs, f"{model_dir}: IDs of {text_file}", f"{len(ours)} tokens")
        output = os.path.join(folder, "logits.npy")
        run(tessera, "logits", "--quiet", "--model", model_dir, "--maximum-tokens", MAXIMUM_TOKENS,
            "--output", output, source)
        logits = numpy.load(output)
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    with torch.no_grad():
        expected = model(torch.tensor([theirs[:MAXIMUM_TOKENS]])).logits[0].numpy()
    same_shape = logits.shape == expected.shape
    difference = float(numpy.abs(logits - expected).max()) if same_shape else float("nan")
    report.check(same_shape and difference <= TOLERANCE,
                 f"{model_dir}: logits {logits.shape}", f"largest difference {difference:.2e}")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("pairs", nargs="+")
    arguments = arguments.parse_args()
    report = Report()
    for model_dir, text_file in zip(arguments.pairs[::2], arguments.pairs[1::2], strict=True):
        check(report, arguments.tessera, model_dir, text_file)
    report.finish()


if __name__ == "__main__":
    main()
