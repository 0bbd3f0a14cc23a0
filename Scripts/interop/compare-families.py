"""Extends a small model of every family, replaces its tokenizer, and loads both with transformers.

    python compare-families.py TESSERA TEXT_OLD TEXT_NEW [--only TYPE ...]

For each type: a model is made and taught the old text for some steps, saved, and extended for the new text
by `tessera extend`. Then transformers has to load it without a missing or unexpected weight, the logits of
old tokens must be those of the base, the new elements of biases the means of those of their pieces, and the
bits per byte on the old text within 0.05 of the base's. With another tokenizer in its place, texts of
tokens that both have must get the logits that they have in the base. Prints a line per check, and a count.
"""
import json
import os
import tempfile

import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer

import families
from comparison import Report, parser, read_text, run

NEW_TOKENS = 50
OTHER_ROWS = 1_100
LENGTH = 48
TOLERANCE = 1e-4
LIMIT = 0.05


def sequences(tokenizer, text):
    ids = torch.tensor(tokenizer.encode(text).ids)
    ids = ids[: len(ids) // LENGTH * LENGTH].view(-1, LENGTH)
    sizes = torch.tensor([
        len(tokenizer.id_to_token(i)) if i >= len(families.SPECIAL) else 0
        for i in range(families.ROWS)])
    return ids, sizes


def load(report, model, model_type, folder, what):
    """The model of a folder, which has to have the weights that the class of `model` expects."""
    new, info = type(model).from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True)
    problems = [
        f"{key}: {list(info[key])[:3]}" for key in (
            "missing_keys", "unexpected_keys", "mismatched_keys") if info.get(key)]
    report.check(not problems, f"{model_type}: transformers loads {what}", "; ".join(problems))
    return new.eval()


def check(report, tessera, model_type, tokenizer_path, other_path, ids, sizes, new_text):
    kind = families.TYPES[model_type][0]
    held_out, learned = ids[:8], ids[8:]
    model = families.build(model_type)
    families.train(model, model_type, learned)
    model.eval()
    with torch.no_grad():
        old = families.forward(model, kind, held_out)[0]
    before = families.bits_per_byte(model, model_type, held_out, sizes)
    with tempfile.TemporaryDirectory() as folder:
        base, extended = os.path.join(folder, "base"), os.path.join(folder, "extended")
        model.save_pretrained(base)
        Tokenizer.from_file(tokenizer_path).save(os.path.join(base, "tokenizer.json"))
        run(tessera, "extend", "--quiet", "--model", base, "--corpus", new_text, "--new-tokens",
            NEW_TOKENS, "--output", extended)
        new = load(report, model, model_type, extended, "what was extended")
        check_biases(report, model_type, base, extended)
        check_replacement(
            report, tessera, model_type, model, base, other_path, os.path.join(folder, "replaced"),
            ids)
    rows = new.get_input_embeddings().weight.shape[0]
    report.check(rows == families.ROWS + NEW_TOKENS, f"{model_type}: {rows} rows")
    with torch.no_grad():
        found = families.forward(new, kind, held_out)[0][..., : families.ROWS]
    difference = float((old - found).abs().max())
    report.check(
        difference <= TOLERANCE, f"{model_type}: logits of old tokens", f"max {difference:.1e}")
    after = families.bits_per_byte(new, model_type, held_out, sizes)
    report.check(
        abs(after - before) <= LIMIT, f"{model_type}: bits per byte on old text",
        f"{before:.3f} before, {after:.3f} after")


def check_biases(report, model_type, base, extended):
    """New elements are the means of the elements of their pieces, where the rows are."""
    with open(os.path.join(extended, "extension.json"), encoding="utf-8") as file:
        record = json.load(file)
    old = load_file(os.path.join(base, "model.safetensors"))
    new = load_file(os.path.join(extended, "model.safetensors"))
    names = [name for name, tensor in old.items()
             if list(tensor.shape) in ([families.ROWS], [1, families.ROWS])]
    listed = [entry["tensor"] for entry in record["initialization"].get("biases", [])]
    report.check(sorted(names) == sorted(listed), f"{model_type}: biases", ", ".join(names))
    for name in names:
        elements, grown = old[name].flatten().double(), new[name].flatten().double()
        expected = torch.stack([elements[token["pieces"]].mean() for token in record["tokens"]])
        difference = float((grown[families.ROWS:] - expected).abs().max())
        report.check(difference <= 1e-6, f"{model_type}: {name} grows as the rows do")


def check_replacement(report, tessera, model_type, model, base, other_path, replaced, ids):
    """Tokens that both tokenizers have do the same as before, under their new IDs."""
    run(tessera, "extend", "--quiet", "--model", base, "--replace-tokenizer", other_path,
        "--output", replaced)
    new = load(report, model, model_type, replaced, "what got another tokenizer")
    rows = new.get_input_embeddings().weight.shape[0]
    report.check(rows == OTHER_ROWS, f"{model_type}: {rows} rows")
    with open(os.path.join(replaced, "extension.json"), encoding="utf-8") as file:
        base_ids = json.load(file)["base_ids"]
    new_ids = torch.full((families.ROWS,), -1)
    for new_id, base_id in enumerate(base_ids):
        if base_id is not None:
            new_ids[base_id] = new_id
    shared = torch.nonzero(new_ids >= 0).flatten()
    text = ids.flatten()[new_ids[ids.flatten()] >= 0]
    text = text[: 8 * LENGTH].view(8, LENGTH)
    kind = families.TYPES[model_type][0]
    with torch.no_grad():
        old = families.forward(model, kind, text)[0][..., shared]
        found = families.forward(new, kind, new_ids[text])[0][..., new_ids[shared]]
    difference = float((old - found).abs().max())
    report.check(
        difference <= TOLERANCE and len(shared) > 300, f"{model_type}: logits of shared tokens",
        f"{len(shared)} of {rows}, max {difference:.1e}")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("old_text")
    arguments.add_argument("new_text")
    arguments.add_argument("--only", nargs="*")
    arguments = arguments.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    # The models are too small for threads.
    torch.set_num_threads(1)
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        old_text = read_text(arguments.old_text)[:400_000]
        ids, sizes = sequences(families.make_tokenizer(old_text, path), old_text)
        new_text = os.path.join(folder, "new.txt")
        with open(new_text, "w", encoding="utf-8", newline="") as file:
            file.write(read_text(arguments.new_text)[:200_000])
        other_path = os.path.join(folder, "other.json")
        families.make_tokenizer(
            old_text[:200_000] + read_text(arguments.new_text)[:200_000], other_path, OTHER_ROWS)
        for model_type in arguments.only or families.TYPES:
            check(report, arguments.tessera, model_type, path, other_path, ids, sizes, new_text)
    report.finish()


if __name__ == "__main__":
    main()
