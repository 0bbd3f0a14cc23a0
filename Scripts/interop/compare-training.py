"""Compares trained merges with tokenizers and rustbpe.

    python compare-training.py TESSERA CORPUS.txt...

TESSERA is the executable. Each corpus is a text file, which is one document to all of them (the
trainer of tokenizers reads files by lines, so it gets the text from an iterator). Both peers get
the pattern of Llama 3. Every merge is compared, and the order.
"""

import json
import pathlib
import tempfile

import rustbpe
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from comparison import Report, parser, read_text, run

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SIZES = [8_000, 32_000]
# Options of HF's trainer, and the same for ours: their length limit is exclusive.
VARIANTS = [
    ({"min_frequency": 0}, []),
    ({"min_frequency": 2}, ["--min-frequency", "2"]),
    ({"min_frequency": 0, "max_token_length": 9}, ["--max-token-length", "8"]),
]


def byte_characters():
    """The character that stands for each byte in a tokenizer.json."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    codes = dict(zip(printable, printable)) | {byte: 256 + k for k, byte in enumerate(rest)}
    return {byte: chr(code) for byte, code in codes.items()}


CHARACTERS = byte_characters()


def merges_of(model):
    """The merges of a tokenizer.json, as pairs."""
    return [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]


def train_ours(tessera, corpus, size, options):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "tokenizer"
        run(tessera, "train", corpus, "--vocab-size", size, "--pattern", "llama3",
            "--output", output, "--quiet", *options)
        text = (output / "tokenizer.json").read_text(encoding="utf-8")
        return json.loads(text)["model"]


def train_tokenizers(text, size, options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        **options)
    tokenizer.train_from_iterator([text], trainer)
    return json.loads(tokenizer.to_str())["model"]


def train_rustbpe(text, size):
    """The tokens of rustbpe, spelled as in a tokenizer.json, by ID."""
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter([text]), size, pattern=PATTERN)
    ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda item: item[1])
    return ["".join(CHARACTERS[byte] for byte in bytes(token)) for token, _ in ranks]


def by_id(model):
    return [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]


def first_difference(ours, theirs):
    for index, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            return f"number {index} is {a!r}, theirs is {b!r}"
    return f"{len(ours)} and {len(theirs)} of them"


def main():
    arguments = parser(__doc__)
    arguments.add_argument("corpora", nargs="+")
    arguments = arguments.parse_args()
    tessera = arguments.tessera
    report = Report()

    def check(name, ours, theirs):
        equal = ours == theirs
        report.check(
            equal, name, f"{len(ours)} equal" if equal else first_difference(ours, theirs))

    for corpus in arguments.corpora:
        text = read_text(corpus)
        label = f"{pathlib.Path(corpus).name} ({len(text.encode()) / 1e6:.1f} MB)"
        for options, our_options in VARIANTS:
            # A smaller vocabulary is a prefix, so one run of theirs serves all sizes.
            theirs = train_tokenizers(text, max(SIZES), options)
            for size in SIZES:
                ours = train_ours(tessera, corpus, size, ["--tie", "hf", *our_options])
                name = f"{label}, {size}, tokenizers {options}"
                check(f"{name}, merges", merges_of(ours), merges_of(theirs)[: size - 256])
                check(f"{name}, IDs", by_id(ours), by_id(theirs)[:size])
        theirs = train_rustbpe(text, max(SIZES))
        for size in SIZES:
            ours = train_ours(tessera, corpus, size, ["--tie", "bytes"])
            check(f"{label}, {size}, rustbpe, tokens", by_id(ours), theirs[:size])

    report.finish()


if __name__ == "__main__":
    main()
