"""Compares token IDs: tessera against tiktoken, tokenizers and transformers.

    python compare-encoding.py TESSERA [--tokenizer PATH]... [--ranks FOLDER] [--hostile COUNT] \
       TEXT_FILE...

PATH is a tokenizer.json or a folder with one. FOLDER holds rank files with their published names
(cl100k_base.tiktoken.gz and so on), by default ../shared/data/tokenizers beside the project; where
it is missing those comparisons are left out. For each tokenizer
the IDs of every text file, whole, and of hostile strings must be equal, and so must be the IDs of
what tessera's own training writes, read by tokenizers, transformers and tiktoken. Prints a line per
comparison, then "N passed, N failed"; exits 1 if any failed.
"""
import base64
import json
import os
import random
import tempfile

import numpy
import tiktoken
import tokenizers
import transformers

from comparison import RANKS, Report, parser, read_text, run, unpack, write_lines

CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
          r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
R50K = (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s")
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
PATTERNS = {"gpt2": R50K, "cl100k": CL100K, "o200k": O200K, "llama3": LLAMA3,
            "qwen2": LLAMA3.replace("{1,3}", "")}

# Name, pattern and special tokens of the published rank files.
PUBLISHED = {
    "r50k_base": ("gpt2", {"<|endoftext|>": 50256}),
    "cl100k_base": ("cl100k", {
        "<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260, "<|endofprompt|>": 100276}),
    "o200k_base": ("o200k", {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}),
}

PIECES = [
    "a", "b", "Z", "é", "e\u0301", "ß", "\u017f", "'", "'s", "'LL", "'Re", " ", "  ", "\n", "\r\n",
    "\t", "\u3000", "\xa0", "\x85", "0", "12", "٣", "½", "²", "漢", "字", "かな", "カ", "한", "ㅎ",
    "\u0301", "\u0308", "\u200d", "\u200c", "😀", "🏳️‍🌈", "नि", "कि", "म", "ا", "ش", "ـ", "ๆ", "ข",
    "\u2028", "_", "/", "//", "...", "!?", "<|endoftext|>", "<|end|>", "<|", "ǅ", "ʰ", "ª", "Ⅷ",
    "\x00", "\x1f", "\ufeff", "\uffff", "\U000e0041", "İ", "\U0001e900", "𝔘", "\u0378", "A", "B",
    "hello", "World", "def", "  return", "\u11a8", "\u1100", "ﬁ", "㎏", "\u0958", "\u212b",
]


def hostile_texts(count, seed):
    """Texts made of what tokenizers disagree about; none is empty."""
    generator = random.Random(seed)
    limits = [0x80, 0x3000, 0x11000, 0x110000]
    texts = []
    while len(texts) < count:
        kind = generator.randrange(4)
        if kind < 2:
            text = "".join(generator.choices(PIECES, k=generator.randrange(1, 30)))
        elif kind == 2:
            codes = [generator.randrange(generator.choice(limits)) for _ in range(12)]
            text = "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
        else:
            text = generator.choice(PIECES) * generator.randrange(1, 80)
        if text:
            texts.append(text)
    # Every character once, so that no class is wrong.
    for start in range(0, 0x30000, 40):
        codes = range(start, start + 40)
        texts.append("x" + "".join(chr(c) for c in codes if not 0xD800 <= c < 0xE000) + " y")
    return texts


class Comparison(Report):
    def __init__(self, tessera, folder, texts):
        super().__init__()
        self.tessera = tessera
        self.folder = folder
        self.texts = texts
        self.hostile_file = os.path.join(folder, "hostile.jsonl")
        write_lines(self.hostile_file, texts)

    def run(self, *arguments):
        return run(self.tessera, *arguments)

    def encode_file(self, tokenizer, file, *options):
        output = self.run("encode", "--quiet", "--tokenizer", tokenizer, "--format", "u32",
                          *options, file)
        return numpy.frombuffer(output, dtype="<u4")

    def encode_hostile(self, tokenizer, *options):
        output = self.run("encode", "--quiet", "--tokenizer", tokenizer, "--format", "jsonl",
                          *options, self.hostile_file)
        return [json.loads(line)["ids"] for line in output.splitlines()]

    def compare_file(self, what, ours, theirs):
        theirs = numpy.asarray(theirs, dtype="<u4")
        is_equal = numpy.array_equal(ours, theirs)
        if not is_equal:
            shared = min(len(ours), len(theirs))
            differing = numpy.flatnonzero(ours[:shared] != theirs[:shared])
            place = differing[0] if len(differing) else shared
            what += f": first difference at token {place}"
        self.check(is_equal, f"{what}, {len(theirs)} tokens")

    def compare_hostile(self, what, ours, theirs):
        differing = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
        if len(ours) != len(theirs):
            what += f": {len(ours)} results for {len(theirs)} texts"
        elif differing:
            text = ascii(self.texts[differing[0]])[:120]
            what += f": {len(differing)} differ, first {text}"
        self.check(ours == theirs, f"{what}, {len(theirs)} texts")

    def tiktoken(self, name, path, encoding, files, options=()):
        """tessera with a rank file against tiktoken."""
        for file in files:
            self.compare_file(f"{name}, tiktoken: {os.path.basename(file)}",
                              self.encode_file(path, file, *options),
                              encoding.encode_ordinary(read_text(file)))
        self.compare_hostile(f"{name}, tiktoken: hostile strings",
                             self.encode_hostile(path, *options),
                             [encoding.encode_ordinary(text) for text in self.texts])
        if encoding.special_tokens_set:
            self.compare_hostile(
                f"{name}, tiktoken: hostile strings with special tokens",
                self.encode_hostile(path, "--special", "all", *options),
                [encoding.encode(text, allowed_special="all") for text in self.texts])

    def hugging_face(self, name, path, files):
        """tessera with a tokenizer.json against tokenizers."""
        file_path = os.path.join(path, "tokenizer.json") if os.path.isdir(path) else path
        theirs = tokenizers.Tokenizer.from_file(file_path)
        for policy in ("none", "all"):
            theirs.encode_special_tokens = policy == "none"
            encoded = theirs.encode_batch_fast(self.texts, add_special_tokens=False)
            self.compare_hostile(f"{name}, tokenizers: hostile strings, special {policy}",
                                 self.encode_hostile(path, "--special", policy),
                                 [encoding.ids for encoding in encoded])
        theirs.encode_special_tokens = True
        for file in files:
            self.compare_file(f"{name}, tokenizers: {os.path.basename(file)}",
                              self.encode_file(path, file),
                              theirs.encode(read_text(file), add_special_tokens=False).ids)

    def transformers(self, name, folder):
        """tessera with a folder against AutoTokenizer."""
        theirs = transformers.AutoTokenizer.from_pretrained(folder)
        texts = self.texts[:2_000]
        self.compare_hostile(
            f"{name}, transformers {transformers.__version__}: hostile strings",
            self.encode_hostile(folder, "--special", "all")[:len(texts)],
            theirs(texts, add_special_tokens=False)["input_ids"])

    def trained(self, pattern, normalizer, files):
        """What `tessera train` writes, read by the others."""
        name = f"trained {pattern} {normalizer}"
        folder = os.path.join(self.folder, f"{pattern}-{normalizer}")
        self.run("train", "--quiet", *files, "--vocab-size", "2000", "--pattern", pattern,
                 "--normalizer", normalizer, "--special", "<|endoftext|>", "--output", folder)
        self.hugging_face(name, folder, files)
        self.transformers(name, folder)
        ranks = os.path.join(folder, "tokenizer.tiktoken")
        if normalizer == "none":
            encoding = tiktoken.Encoding(name, pat_str=PATTERNS[pattern],
                                         mergeable_ranks=read_ranks(ranks), special_tokens={})
            self.tiktoken(name, ranks, encoding, files, ["--pattern", pattern])


def read_ranks(path):
    with open(path, "rb") as file:
        lines = [line.split() for line in file.read().splitlines() if line]
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--tokenizer", action="append", default=[])
    arguments.add_argument("--ranks", default=RANKS)
    arguments.add_argument("--hostile", type=int, default=20_000, metavar="COUNT",
                           help="how many hostile strings (default: 20,000)")
    arguments.add_argument("files", nargs="+")
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.tessera, folder, hostile_texts(arguments.hostile, seed=1))
        for name, (pattern, special) in PUBLISHED.items():
            source = os.path.join(arguments.ranks, name + ".tiktoken.gz")
            if not os.path.exists(source):
                print(f"left out: {name}, there is no {source}")
                continue
            path = os.path.join(folder, name + ".tiktoken")
            unpack(source, path)
            encoding = tiktoken.Encoding(name, pat_str=PATTERNS[pattern],
                                         mergeable_ranks=read_ranks(path), special_tokens=special)
            comparison.tiktoken(name, path, encoding, arguments.files)
        source = os.path.join(arguments.ranks, "gpt2_tokenizer.json.gz")
        if os.path.exists(source):
            path = os.path.join(folder, "gpt2.json")
            unpack(source, path)
            comparison.hugging_face("gpt2", path, arguments.files)
        for path in arguments.tokenizer:
            comparison.hugging_face(path, path, arguments.files)
            if os.path.isdir(path):
                comparison.transformers(path, path)
        for pattern in PATTERNS:
            comparison.trained(pattern, "none", arguments.files)
        for normalizer in ("nfc", "nfkc"):
            comparison.trained("llama3", normalizer, arguments.files)
    comparison.finish()


if __name__ == "__main__":
    main()
