"""Adapts small encoders with tessera, and loads them with transformers.

    python compare-encoders.py TESSERA TEXT_OLD TEXT_NEW

For BERT, RoBERTa and XLM-RoBERTa: a model is made and taught the old text for some steps, saved with a
pooler, and adapted to the new text by `tessera adapt`. transformers has to load the result without a missing
weight, the pooler must have the bits that it had, and the loss of masked tokens of the new text, by
transformers, must be below that of the model that was extended alone. A BERT that `tessera pretrain` makes
has to load as well. Prints a line per check, and a count.
"""
import os
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import families
from comparison import Report, parser, read_text, run

TYPES = ("bert", "roberta", "xlm-roberta")
LENGTH = 48
STEPS = 40


def sequences(tokenizer, text):
    ids = torch.tensor(tokenizer.encode(text).ids)
    return ids[: len(ids) // LENGTH * LENGTH].view(-1, LENGTH)


def load(report, folder, what):
    model, info = transformers.AutoModelForMaskedLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True)
    problems = [key for key in info["missing_keys"]] + [
        key for key in info["unexpected_keys"] if ".pooler." not in key]
    report.check(not problems, f"{what} loads", ", ".join(problems))
    return model.eval()


def masked_loss(model, ids):
    with torch.no_grad():
        logits, targets, counts = families.forward(model, families.MASKED, ids)
        return float(torch.nn.functional.cross_entropy(logits[counts], targets[counts]))


def check(report, tessera, model_type, folder, old_text, new_text, tokenizer):
    base, extended, adapted = (
        os.path.join(folder, model_type, name) for name in ("base", "extended", "adapted"))
    model = families.build(model_type, more=dict(num_hidden_layers=2))
    families.train(model, model_type, sequences(tokenizer, read_text(old_text)[:200_000]))
    model.save_pretrained(base)
    path = os.path.join(base, "model.safetensors")
    prefix = "bert" if model_type == "bert" else "roberta"
    pooler = {
        f"{prefix}.pooler.dense.weight": torch.randn(32, 32),
        f"{prefix}.pooler.dense.bias": torch.randn(32).half()}
    save_file(load_file(path) | pooler, path, metadata={"format": "pt"})
    tokenizer.save(os.path.join(base, "tokenizer.json"))
    common = ["--quiet", "--model", base, "--corpus", new_text, "--new-tokens", 50, "--paragraphs"]
    run(tessera, "extend", *common, "--output", extended)
    run(tessera, "adapt", *common, "--replay", old_text, "--max-forget", 10, "--steps", STEPS,
        "--context", LENGTH, "--lr", 3e-3, "--masking", "word", "--output", adapted)
    before = load(report, extended, f"{model_type}: what was extended")
    after = load(report, adapted, f"{model_type}: what was adapted")
    tensors = load_file(os.path.join(adapted, "model.safetensors"))
    kept = all(
        name in tensors and tensors[name].dtype == value.dtype and torch.equal(tensors[name], value)
        for name, value in pooler.items())
    report.check(kept, f"{model_type}: the pooler is kept")
    new = Tokenizer.from_file(os.path.join(adapted, "tokenizer.json"))
    ids = sequences(new, read_text(new_text)[:20_000])
    losses = masked_loss(before, ids), masked_loss(after, ids)
    report.check(
        losses[1] < losses[0] - 0.3, f"{model_type}: masked tokens of the new text",
        f"{losses[0]:.3f} nats before training, {losses[1]:.3f} after")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("old_text")
    arguments.add_argument("new_text")
    arguments = arguments.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        texts = []
        for name, source, size in (
                ("old", arguments.old_text, 400_000), ("new", arguments.new_text, 100_000)):
            texts.append(os.path.join(folder, name + ".txt"))
            with open(texts[-1], "w", encoding="utf-8", newline="") as file:
                file.write(read_text(source)[:size])
        path = os.path.join(folder, "tokenizer.json")
        tokenizer = families.make_tokenizer(read_text(texts[0]), path)
        for model_type in TYPES:
            check(report, arguments.tessera, model_type, folder, *texts, tokenizer)
        new = os.path.join(folder, "pretrained")
        run(arguments.tessera, "pretrain", "--quiet", "--family", "bert", "--size", "tiny",
            "--tokenizer", path, "--corpus", texts[0], "--paragraphs", "--steps", 2, "--context", 64,
            "--output", new)
        model = load(report, new, "what was pretrained")
        loss = masked_loss(model, sequences(tokenizer, read_text(texts[0])[:20_000]))
        report.check(loss < 7.2, "what was pretrained computes", f"{loss:.3f} nats")
    report.finish()


if __name__ == "__main__":
    main()
