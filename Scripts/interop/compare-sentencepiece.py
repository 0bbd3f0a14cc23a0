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
import os
import random
import tempfile

import numpy
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2
import tokenizers

from comparison import Report, convert, documents, encode, parser, run

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


def hostile_texts():
    generator = random.Random(3)
    return ["", " ", "▁", " ▁ ", "  a  ", "\n", "a" * 3000, "▁" * 500, "abc " * 300] + [
        "".join(generator.choice(PIECES) for _ in range(generator.randint(1, 12)))
        for _ in range(4000)]


def compare(report, tessera, path, files, folder):
    name = os.path.basename(path)
    processor = sentencepiece.SentencePieceProcessor(model_file=path)
    converted = os.path.join(folder, name + "-json")
    peer = None
    if convert(report, tessera, path, "huggingface", converted):
        peer = tokenizers.Tokenizer.from_file(os.path.join(converted, "tokenizer.json"))
        peer.encode_special_tokens = True
    compiled = os.path.join(folder, name + ".tessera")
    run(tessera, "convert", "--quiet", "--from", path, "--to", "compiled", "--output", compiled)
    for label, batch in documents(files, hostile_texts()):
        expected = [processor.encode(text) for text in batch]
        report.compare(f"{name}, {label}, sentencepiece", batch, expected,
                       encode(tessera, path, batch))
        report.compare(f"{name}, {label}, compiled", batch, expected,
                       encode(tessera, compiled, batch))
        if peer is not None:
            # Special tokens that are spelled in a text are tokens for tokenizers.
            found = [peer.encode(text, add_special_tokens=False).ids for text in batch]
            report.compare(f"{name}, {label}, tokenizers", batch, expected, found)
            report.compare(f"{name}, {label}, tokenizer.json", batch, expected,
                           encode(tessera, converted, batch))


def main():
    options = parser(__doc__)
    options.add_argument("--model", action="append", default=[])
    options.add_argument("--skip-training", action="store_true")
    options.add_argument("files", nargs="+")
    options = options.parse_args()
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
    report.finish()


if __name__ == "__main__":
    main()
