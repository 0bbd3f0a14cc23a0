"""Compares the logits of a model directory: tessera against transformers.

    python compare-logits.py TESSERA [--families TEXT_FILE] [MODEL_DIR TEXT_FILE ...]

For each pair: AutoTokenizer gives the same IDs, AutoModelForCausalLM (of encoders AutoModelForMaskedLM) in
f32 gives logits that differ by at most 1e-3 anywhere. With --families the same for a small model of each family that is computed,
with random weights that are large enough for every part of it to matter. Prints a line per check, then
"N passed, N failed".
"""
import os
import tempfile

import numpy
import torch
from transformers import (
    AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerFast)

import families
from comparison import Report, encode, parser, read_text, run

TOLERANCE = 1e-3
MAXIMUM_TOKENS = 256


def check(report, tessera, model_dir, text_file, tokenizer=None):
    with open(text_file, encoding="utf-8") as file:
        text = file.read(4_000)
    name = os.path.basename(model_dir)
    tokenizer = tokenizer or AutoTokenizer.from_pretrained(model_dir)
    theirs = tokenizer(text, add_special_tokens=False)["input_ids"]
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "text.txt")
        with open(source, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        ours = encode(tessera, model_dir, [text])[0]
        report.check(ours == theirs, f"{name}: IDs of {os.path.basename(text_file)}", f"{len(ours)} tokens")
        output = os.path.join(folder, "logits.npy")
        run(tessera, "logits", "--quiet", "--model", model_dir, "--maximum-tokens", MAXIMUM_TOKENS,
            "--output", output, source)
        logits = numpy.load(output)
    # Soft caps of scores are left out by the faster ways to compute attention.
    kind = families.TYPES[AutoConfig.from_pretrained(model_dir).model_type][0]
    auto = AutoModelForMaskedLM if kind == families.MASKED else AutoModelForCausalLM
    model = auto.from_pretrained(model_dir, dtype=torch.float32, attn_implementation="eager")
    length = min(MAXIMUM_TOKENS, model.config.max_position_embeddings)
    if "roberta" in model.config.model_type:
        # Positions are counted from the ID of the padding on.
        length = min(length, model.config.max_position_embeddings - model.config.pad_token_id - 1)
    with torch.no_grad():
        expected = model(torch.tensor([theirs[:length]])).logits[0].numpy()
    same_shape = logits.shape == expected.shape
    difference = float(numpy.abs(logits - expected).max()) if same_shape else float("nan")
    report.check(same_shape and difference <= TOLERANCE,
                 f"{name}: logits {logits.shape}", f"largest difference {difference:.2e}")


def check_families(report, tessera, text_file):
    """A model of each family with a tokenizer of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for model_type, more in families.COMPUTED.items():
            model_dir = os.path.join(folder, model_type)
            model = families.build(model_type, more=more)
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.ndim == 1:
                        parameter.add_(torch.randn_like(parameter) * 0.2)
                    else:
                        parameter.normal_(std=0.15)
            model.save_pretrained(model_dir)
            path = os.path.join(model_dir, "tokenizer.json")
            families.make_tokenizer(read_text(text_file)[:400_000], path)
            # Some types have a tokenizer of their own, whatever the file says.
            check(report, tessera, model_dir, text_file, PreTrainedTokenizerFast(tokenizer_file=path))


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--families")
    arguments.add_argument("pairs", nargs="*")
    arguments = arguments.parse_intermixed_args()
    report = Report()
    if arguments.families:
        check_families(report, arguments.tessera, arguments.families)
    for model_dir, text_file in zip(arguments.pairs[::2], arguments.pairs[1::2], strict=True):
        check(report, arguments.tessera, model_dir, text_file)
    report.finish()


if __name__ == "__main__":
    main()
