"""Compares what `tessera convert` writes with the peers that read it.

    python compare-conversions.py TESSERA [--tokenizer PATH]... [--ranks FOLDER] TEXT_FILE...

For each tokenizer (rank files of FOLDER, by default ../shared/data/tokenizers beside the project, and
PATHs: folders, tokenizer.json, tekken.json and so on) every format that is written is made, or refused
with the part that it cannot express. What was made is read by its peer (tokenizers and transformers,
tiktoken, GPT2Tokenizer of transformers, tessera itself), and its IDs of every text file and of hostile
strings must be those of the tokenizer that was converted, as tessera gives them. tekken.json is also
compared with mistral-common, where that is installed. Prints a line per comparison, then "N passed, N failed"; exits 1 if any
failed.
"""
import json
import os
import random
import tempfile

import tiktoken
import tiktoken.load
import tokenizers
import transformers

from comparison import RANKS, Report, convert, documents, encode, parser, unpack

PIECES = [
    "a", "b", "Z", "é", "e\u0301", "ß", "'", "'s", "'LL", " ", "  ", "\n", "\r\n", "\t", "\u3000",
    "\xa0", "0", "12", "½", "漢", "字", "かな", "한", "😀", "नि", "ا", "\u2028", "_", "/", "...", "!?",
    "<|end|>", "<|endoftext|>", "hello", "World", "def", "  return", "ﬁ", "\x00", "\ufeff", "12345678",
    "HTTPServer",
]


def hostile_texts():
    generator = random.Random(3)
    return ["", " ", "a  \n  "] + [
        "".join(generator.choice(PIECES) for _ in range(generator.randint(1, 12)))
        for _ in range(3000)]


def read_huggingface(folder):
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    yield "tokenizers", lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    fast = transformers.AutoTokenizer.from_pretrained(folder)
    yield "transformers", lambda text: fast.encode(text, add_special_tokens=False)


def read_tiktoken(folder):
    path = os.path.join(folder, "tokenizer.tiktoken")
    with open(path + ".json", encoding="utf-8") as file:
        arguments = json.load(file)
    encoding = tiktoken.Encoding(mergeable_ranks=tiktoken.load.load_tiktoken_bpe(path), **arguments)
    yield "tiktoken", encoding.encode_ordinary


def read_vocab_merges(folder):
    slow = transformers.AutoTokenizer.from_pretrained(folder)
    yield "transformers", lambda text: slow.encode(text, add_special_tokens=False)


def read_compiled(folder):
    return []


READERS = {"huggingface": read_huggingface, "tiktoken": read_tiktoken,
           "vocab-merges": read_vocab_merges, "compiled": read_compiled}


def mistral(path):
    """What mistral-common gives, where it is installed; it wants an older numpy than the others do."""
    try:
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    except ImportError:
        print("no mistral-common: its comparison is left out")
        return None
    tokenizer = Tekkenizer.from_file(path)
    return lambda text: tokenizer.encode(text, bos=False, eos=False)


def main():
    options = parser(__doc__)
    options.add_argument("--tokenizer", action="append", default=[])
    options.add_argument("--ranks", default=RANKS)
    options.add_argument("files", nargs="+")
    options = options.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as work:
        sources = list(options.tokenizer)
        if os.path.isdir(options.ranks):
            for name in sorted(os.listdir(options.ranks)):
                if name.endswith((".tiktoken.gz", ".json.gz")):
                    path = os.path.join(work, name[:-3])
                    unpack(os.path.join(options.ranks, name), path)
                    sources.append(path)
        else:
            print(f"no {options.ranks}: published vocabularies are left out")
        for source in sources:
            label = os.path.basename(source.rstrip("/"))
            texts = list(documents(options.files, hostile_texts()))
            expected = {name: encode(options.tessera, source, batch) for name, batch in texts}
            # As transformers finds special tokens.
            special = {name: encode(options.tessera, source, batch, "--special", "all")
                       for name, batch in texts}
            theirs = mistral(source) if "tekken" in label else None
            if theirs is not None:
                for name, batch in texts:
                    report.compare(f"{label}, {name}, mistral-common", batch, expected[name],
                                   [theirs(text) for text in batch])
            for target, reader in READERS.items():
                output = os.path.join(work, f"{label}-{target}")
                if not convert(report, options.tessera, source, target, output):
                    continue
                for name, batch in texts:
                    report.compare(f"{label}, {target}, {name}, tessera", batch, expected[name],
                                   encode(options.tessera, output, batch))
                for peer, theirs in reader(output):
                    for name, batch in texts:
                        ids = special if peer == "transformers" else expected
                        report.compare(f"{label}, {target}, {name}, {peer}", batch, ids[name],
                                       [theirs(text) for text in batch])
    report.finish()


if __name__ == "__main__":
    main()
