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
import argparse
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import tiktoken
import tiktoken.load
import tokenizers
import transformers

RANKS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "../../../shared/data/tokenizers")

PIECES = [
    "a", "b", "Z", "é", "e\u0301", "ß", "'", "'s", "'LL", " ", "  ", "\n", "\r\n", "\t", "\u3000",
    "\xa0", "0", "12", "½", "漢", "字", "かな", "한", "😀", "नि", "ا", "\u2028", "_", "/", "...", "!?",
    "<|end|>", "hello", "World", "def", "  return", "ﬁ", "\x00", "\ufeff", "12345678", "HTTPServer",
]


def documents(paths):
    generator = random.Random(3)
    hostile = ["", " ", "a  \n  "]
    hostile += ["".join(generator.choice(PIECES) for _ in range(generator.randint(1, 12)))
                for _ in range(3000)]
    yield "hostile strings", hostile
    for path in paths:
        with open(path, encoding="utf-8") as file:
            whole = file.read()
        yield os.path.basename(path), [whole[i:i + 50000] for i in range(0, len(whole), 50000)]


def tessera_ids(tessera, tokenizer, texts, *options):
    with tempfile.TemporaryDirectory() as folder:
        lines = os.path.join(folder, "texts.jsonl")
        with open(lines, "w", encoding="utf-8") as file:
            for text in texts:
                file.write(json.dumps({"text": text}) + "\n")
        output = subprocess.run(
            [tessera, "encode", "--quiet", "--tokenizer", tokenizer, *options, lines], check=True,
            capture_output=True, text=True).stdout
    return [[int(word) for word in line.split()] for line in output.split("\n")[:-1]]


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


class Report:
    passed = failed = 0

    def compare(self, name, texts, expected, found):
        for text, a, b in zip(texts, expected, found, strict=True):
            if list(a) != list(b):
                self.failed += 1
                print(f"FAILED  {name}: {text[:60]!r}\n  expected {list(a)[:30]}\n  found    {list(b)[:30]}")
                return
        self.passed += 1
        print(f"same    {name}: {sum(map(len, expected))} tokens", flush=True)


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
    parser = argparse.ArgumentParser()
    parser.add_argument("tessera")
    parser.add_argument("--tokenizer", action="append", default=[])
    parser.add_argument("--ranks", default=RANKS)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as work:
        sources = list(options.tokenizer)
        if os.path.isdir(options.ranks):
            for name in sorted(os.listdir(options.ranks)):
                if name.endswith((".tiktoken.gz", ".json.gz")):
                    path = os.path.join(work, name[:-3])
                    with gzip.open(os.path.join(options.ranks, name)) as source, open(path, "wb") as out:
                        shutil.copyfileobj(source, out)
                    sources.append(path)
        else:
            print(f"no {options.ranks}: published vocabularies are left out")
        for source in sources:
            label = os.path.basename(source.rstrip("/"))
            texts = list(documents(options.files))
            expected = {name: tessera_ids(options.tessera, source, batch) for name, batch in texts}
            # As transformers finds special tokens.
            special = {name: tessera_ids(options.tessera, source, batch, "--special", "all")
                       for name, batch in texts}
            encode = mistral(source) if "tekken" in label else None
            if encode is not None:
                for name, batch in texts:
                    report.compare(f"{label}, {name}, mistral-common", batch, expected[name],
                                   [encode(text) for text in batch])
            for target, reader in READERS.items():
                output = os.path.join(work, f"{label}-{target}")
                result = subprocess.run(
                    [options.tessera, "convert", "--quiet", "--from", source, "--to", target,
                     "--output", output], capture_output=True, text=True)
                if result.returncode != 0:
                    print(f"refused {label}, {result.stderr.strip()}")
                    if result.returncode != 65 or "cannot express" not in result.stderr:
                        report.failed += 1
                    continue
                for name, batch in texts:
                    report.compare(f"{label}, {target}, {name}, tessera", batch, expected[name],
                                   tessera_ids(options.tessera, output, batch))
                for peer, encode in reader(output):
                    for name, batch in texts:
                        ids = special if peer == "transformers" else expected
                        report.compare(f"{label}, {target}, {name}, {peer}", batch, ids[name],
                                       [encode(text) for text in batch])
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


main()
