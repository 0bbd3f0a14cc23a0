"""Makes the golden trainings: small texts, and the merges that tokenizers and rustbpe learn of them.

    python Tests/Fixtures/make-training-goldens.py Tests/Fixtures/training

Each NAME.json holds `text`, the versions of both packages, and `trainings`: for each one the
trainer, the pattern, the size of the vocabulary, its options, and the learned tokens in order as
hexadecimal bytes. The limit of the length is that of tokenizers, which is exclusive.
"""

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


def learn_tokenizers(text, pattern, size, options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERNS[pattern]), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        **options)
    tokenizer.train_from_iterator([text], trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [bytes(VALUES[c] for c in "".join(merge)).hex() for merge in merges]


def learn_rustbpe(text, pattern, size):
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(iter([text]), size, pattern=PATTERNS[pattern])
    ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda item: item[1])
    return [bytes(token).hex() for token, _ in ranks[256:]]


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


if __name__ == "__main__":
    main()
