"""Compares token IDs of SentencePiece BPE models: tessera against sentencepiece and tokenizers.

    python compare-sentencepiece.py TESSERA [--model FILE]... [--skip-training] TEXT_FILE...

Trains models with the sentencepiece package on the first text (with and without byte fallback, dummy
prefix, user-defined pieces, extra white space, as identity and nmt_nfkc, with white space as suffix),
makes more of them by changing pieces (equal scores, unused pieces, pieces without their characters),
and takes those given by --model. For each the IDs of every text file by lines, and of hostile strings,
must be those of sentencepiece, and texts must decode alike. What `tessera convert` makes of a model must
give the same IDs in tokenizers and in tessera, or be refused. Prints a line per comparison, then
"N passed, N failed"; exits 1 if any failed.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

import numpy
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2
import tokenizers

UNUSED = model_pb2.ModelProto.SentencePiece.UNUSED
NORMAL = model_pb2.ModelProto.SentencePiece.NORMAL

VARIANTS = {
    "llama": dict(byte_fallback=True, normalization_rule_name="identity",
                  remove_extra_whitespaces=False, split_digits=True,
                  allow_whitespace_only_pieces=True),
    "default": dict(),
    "nfkc-cf": dict(normalization_rule_name="nfkc_cf", byte_fallback=True),
    "identity": dict(normalization_rule_name="identity"),
    "no-prefix": dict(normalization_rule_name="identity", add_dummy_prefix=False,
                      remove_extra_whitespaces=False),
    "user-defined": dict(byte_fallback=True, normalization_rule_name="identity",
                         user_defined_symbols=["<mask>", "the", "[X]", "[XY]", "▁of"],
                         control_symbols=["<ctl>"]),
    "user-defined-nfkc": dict(user_defined_symbols=["ﬁ", "  ", "\t", "a b"]),
    "suffix": dict(treat_whitespace_as_suffix=True, normalization_rule_name="identity"),
    "suffix-nfkc": dict(treat_whitespace_as_suffix=True, byte_fallback=True),
    "self-test": dict(self_test_sample_size=50, byte_fallback=True),
    "unk": dict(character_coverage=0.98, unk_surface=" ? ", unk_piece="[UNK]"),
}

PIECES = [
    "a", "the", "The", "e\u0301", "é", "ß", "ﬁ", "①", "㎏", " ", "  ", "   ", "▁", "▁▁", "\t", "\n",
    "\r\n", "\u3000", "\xa0", "\u200b", "\u00ad", "\ufeff", "<s>", "</s>", "<unk>", "<mask>", "<0x41>",
    "<0x", "<ctl>", "[X]", "[XY]", "[X", "of", "漢", "字", "カ", "ｶﾞ", "한", "\u1100\u1161", "नि", "😀",
    "🏳️‍🌈", "0", "123", "½", "x" * 40, "\u0301", "\ufffd", "\U0010ffff", "\x01", "\x7f", "\u2581a",
    "hello", "world", "ing", "'s", "\u0378", "ab", "a b", "\u0958", "ｱ", "Ａ", "İ", "ſ",
]


def train(folder, name, corpus, options):
    prefix = os.path.join(folder, name)
    size = 1400 if options.get("byte_fallback") else 1200
    sentencepiece.SentencePieceTrainer.train(
        input=corpus, model_prefix=prefix, model_type="bpe", vocab_size=size, num_threads=2,
        minloglevel=2, hard_vocab_limit=False, max_sentence_length=100000, **options)
    return prefix + ".model"


def changed(folder, name, source, change):
    model = model_pb2.ModelProto()
    with open(source, "rb") as file:
        model.ParseFromString(file.read())
    change(model)
    path = os.path.join(folder, name + ".model")
    with open(path, "wb") as file:
        file.write(model.SerializeToString())
    return path


def equal_scores(model):
    """As models look to which people have added pieces: all of these have the greatest score."""
    for index, piece in enumerate(model.pieces):
        if piece.type == NORMAL and index % 3 == 0:
            piece.score = 0


def random_scores(model):
    generator = random.Random(5)
    for piece in model.pieces:
        if piece.type == NORMAL:
            piece.score = generator.choice([-1.0, -2.0, -3.0, -generator.random()])


def unused_pieces(model):
    generator = random.Random(7)
    for piece in model.pieces:
        if piece.type == NORMAL and generator.random() < 0.2:
            piece.type = UNUSED


def without_characters(model):
    """Pieces that hold characters which are no pieces, and have a type that no text becomes."""
    for piece in model.pieces:
        if piece.type == NORMAL and piece.piece in "aeiou":
            piece.piece = "\U000f0000" + piece.piece


def texts(paths):
    generator = random.Random(3)
    hostile = ["", " ", "▁", " ▁ ", "  a  ", "\n", "a" * 3000, "▁" * 500, "abc " * 300]
    hostile += ["".join(generator.choice(PIECES) for _ in range(generator.randint(1, 12)))
                for _ in range(4000)]
    yield "hostile strings", hostile
    for path in paths:
        with open(path, encoding="utf-8", errors="strict") as file:
            whole = file.read()
        yield os.path.basename(path), [whole[i:i + 50000] for i in range(0, len(whole), 50000)]


def tessera_ids(tessera, model, documents):
    """The IDs of each document; documents go through a folder of files, so that they may hold anything."""
    with tempfile.TemporaryDirectory() as folder:
        lines = os.path.join(folder, "texts.jsonl")
        import json
        with open(lines, "w", encoding="utf-8") as file:
            for document in documents:
                file.write(json.dumps({"text": document}) + "\n")
        output = subprocess.run(
            [tessera, "encode", "--quiet", "--tokenizer", model, lines], check=True,
            capture_output=True, text=True).stdout
    return [[int(word) for word in line.split()] for line in output.split("\n")[:-1]]


class Report:
    passed = failed = 0

    def compare(self, name, documents, expected, found):
        for document, a, b in zip(documents, expected, found, strict=True):
            if list(a) != list(b):
                self.failed += 1
                print(f"FAILED  {name}: {document[:60]!r}\n  expected {list(a)[:30]}\n  found    {b[:30]}")
                return
        self.passed += 1
        print(f"same    {name}: {sum(map(len, expected))} tokens", flush=True)


def compare(report, tessera, path, files, folder):
    name = os.path.basename(path)
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    converted = os.path.join(folder, name + "-json")
    result = subprocess.run(
        [tessera, "convert", "--from", path, "--to", "huggingface", "--output", converted],
        capture_output=True, text=True)
    peer = None
    if result.returncode == 0:
        peer = tokenizers.Tokenizer.from_file(os.path.join(converted, "tokenizer.json"))
        peer.encode_special_tokens = True
    else:
        print(f"refused {name}: {result.stderr.strip()}")
        if result.returncode != 65 or "cannot express" not in result.stderr:
            report.failed += 1
    compiled = os.path.join(folder, name + ".tessera")
    subprocess.run([tessera, "convert", "--quiet", "--from", path, "--to", "compiled", "--output",
                    compiled], check=True)
    for label, documents in texts(files):
        expected = [processor.encode(document) for document in documents]
        report.compare(f"{name}, {label}, sentencepiece", documents, expected,
                       tessera_ids(tessera, path, documents))
        report.compare(f"{name}, {label}, compiled", documents, expected,
                       tessera_ids(tessera, compiled, documents))
        if peer is not None:
            # Special tokens that are spelled in a text are tokens for tokenizers.
            found = [peer.encode(document, add_special_tokens=False).ids for document in documents]
            report.compare(f"{name}, {label}, tokenizers", documents, expected, found)
            report.compare(f"{name}, {label}, tokenizer.json", documents, expected,
                           tessera_ids(tessera, converted, documents))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tessera")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--skip-training", action="store_true")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        models = list(options.model)
        if not options.skip_training:
            sample = os.path.join(folder, "sample.txt")
            with open(sample, "w", encoding="utf-8") as output:
                for path in options.files:
                    with open(path, encoding="utf-8") as file:
                        output.write(file.read(400_000))
                        output.write("\n")
            for name, variant in VARIANTS.items():
                models.append(train(folder, name, sample, variant))
            for name, change in [("equal-scores", equal_scores), ("random-scores", random_scores),
                                 ("unused", unused_pieces), ("no-characters", without_characters)]:
                for source in ["llama", "default"]:
                    path = os.path.join(folder, source + ".model")
                    models.append(changed(folder, f"{name}-{source}", path, change))
        for path in models:
            compare(report, options.tessera, path, options.files, folder)
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


main()
