"""Makes the golden trainings: small texts, and the merges that tokenizers and rustbpe learn of them.

    python Tests/Fixtures/make-training-goldens.py Tests/Fixtures/training

Each NAME.json holds `text`, the versions of both packages, and `trainings`: for each one the
trainer, the pattern, the size of the vocabulary, its options, and the learned tokens in order as
hexadecimal bytes. The limit of the length is that of tokenizers, which is exclusive.

large.json is about a text that is in the repository already, all of corpora-samples, and some lines
of numbers: for each training it holds the number of merges and the SHA-256 of them, each as a line
of both parts in the characters of a tokenizer.json with a space between.
"""

import hashlib
import importlib.metadata
import json
import pathlib
import random
import sys

import rustbpe
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

PATTERNS = {
    "gpt2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "llama3": (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
        r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
# For the large text: cl100k in tokenizers' spelling of it, in which `\z` stands for tiktoken's `$`.
LARGE_PATTERNS = PATTERNS | {
    "cl100k": PATTERNS["llama3"].replace(r"|\s*[\r\n]+|", r"|\s++\z|\s*[\r\n]+|"),
    "qwen2": PATTERNS["llama3"].replace(r"\p{N}{1,3}", r"\p{N}"),
    "o200k": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
        r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
LARGE_SIZE = 256 + 2_000
TEXTS = {
    "english": (
        "The miller's daughter didn't count the sacks; she weighed them.  Ten, eleven, twelve:\n"
        "\tthe weights were 125 kg, 130 kg and 1275 kg!\n\nWe'll see, said the miller, and they saw."
    ),
    "mixed": (
        "परीक्षा की तैयारी, क़लम और काग़ज़। 字を書く、字を読む。漢字かな交じり文。\r\n"
        "Ünïcödé   e\u0301 déjà-vu … 한국어 한국말 👍🏽👍🏽 ₿ ①②③ ٣٤٥\u3000x\u00a0y"
    ),
}


def ties_and_runs():
    generator = random.Random(7)
    words = ["".join(generator.choice("ab") for _ in range(generator.randint(1, 12)))
             for _ in range(60)]
    return " ".join(words) + " " + "a" * 37 + " " + "ab" * 19 + " " + "aab" * 11


def byte_values():
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + k): b for k, b in enumerate(rest)}


VALUES = byte_values()


def merges_of_tokenizers(text, pattern, size, options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LARGE_PATTERNS[pattern]), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        **options)
    tokenizer.train_from_iterator([text], trainer)
    return json.loads(tokenizer.to_str())["model"]["merges"]


def learn_tokenizers(text, pattern, size, options):
    merges = merges_of_tokenizers(text, pattern, size, options)
    return [bytes(VALUES[c] for c in "".join(merge)).hex() for merge in merges]


def learn_rustbpe(text, pattern, size):
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter([text]), size, pattern=PATTERNS[pattern])
    ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda item: item[1])
    return [bytes(token).hex() for token, _ in ranks[256:]]


def large_text():
    samples = pathlib.Path(__file__).resolve().parents[2] / "corpora-samples"
    files = sorted(samples.glob("*/*.txt"), key=lambda path: str(path).encode())
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    # The samples have few numbers, by which patterns differ most.
    return text + "".join(f"{k * k * 7919}\t{k}  It'S {k % 97}\n" for k in range(3_000)) + " \n  "


def learn_large(text, pattern):
    merges = merges_of_tokenizers(text, pattern, LARGE_SIZE, {"min_frequency": 0})
    lines = "".join(f"{left} {right}\n" for left, right in merges)
    return {
        "trainer": "tokenizers", "pattern": pattern, "size": LARGE_SIZE, "merges": len(merges),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    versions = {name: importlib.metadata.version(name) for name in ["tokenizers", "rustbpe"]}
    for name, text in (TEXTS | {"ties-and-runs": ties_and_runs()}).items():
        trainings = []
        for pattern in PATTERNS:
            for options in [
                {"min_frequency": 0}, {"min_frequency": 3},
                *({"min_frequency": 0, "max_token_length": n} for n in [1, 3, 5]),
            ]:
                trainings.append({
                    "trainer": "tokenizers", "pattern": pattern, "size": 330, **options,
                    "tokens": learn_tokenizers(text, pattern, 330, options)})
            trainings.append({
                "trainer": "rustbpe", "pattern": pattern, "size": 330, "min_frequency": 0,
                "tokens": learn_rustbpe(text, pattern, 330)})
        golden = {"versions": versions, "text": text, "trainings": trainings}
        path = folder / f"{name}.json"
        path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    text = large_text()
    golden = {
        "versions": versions,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "text_size": len(text.encode()),
        "trainings": [learn_large(text, pattern) for pattern in sorted(LARGE_PATTERNS)],
    }
    (folder / "large.json").write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
