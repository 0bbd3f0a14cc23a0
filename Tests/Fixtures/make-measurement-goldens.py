#!/usr/bin/env python3
"""Makes Tests/Fixtures/measurement/: what tokenizers make of texts, in the numbers of `measure`.

    python Tests/Fixtures/make-measurement-goldens.py

Needs tokenizers 0.23.3, regex 2026.11.19 and tokenization-scorer 1.1.8. Tokens, offsets and pre-tokens are
those of tokenizers, entropies those of tokenization-scorer, and words are found here: by the
definition in Sources/TesseraTokenizers/Metrics/Words.swift, with the properties of regex. The texts are
those of corpora-samples, a file a document, and some of hostile kinds.
"""
import collections
import importlib.metadata
import itertools
import json
import pathlib

import regex
import tokenization_scorer
import tokenizers

ROOT = pathlib.Path(__file__).resolve().parent
SAMPLES = ROOT.parent.parent / "corpora-samples"
NAMES = ["gpt2", "llama3", "qwen2", "o200k", "prefix-space"]
LANGUAGES = ["ar", "en", "hi", "ko", "sw", "tr"]
SPACELESS = "".join(
    rf"\p{{Script={name}}}"
    for name in ["Han", "Hiragana", "Katakana", "Bopomofo", "Yi", "Thai", "Lao", "Khmer", "Myanmar",
                 "Tibetan"])
HOSTILE = [
    "川は古い水車のそばを流れる。第3章、カタカナとABC漢字abc。", "我们去河边 (2 次) 𠮷野家。", "ภาษาไทยไม่เว้นวรรค กา 12",
    "ພາສາລາວ ខ្មែរ မြန်မာ བོད་ཡིག ꆈꌠ ㄅㄆ", "cafe\u0301 \u0301x naïve", "  a  b\tc\n\n\nd\u3000e\u00a0f ",
    "don't WE'LL <|end|> 1234567 x=y;//z", "👩\u200d👩\u200d👧 🇰🇷 ☺\ufe0f a👍b", "नदी पुरानी क्षि",
    "\u212b \u1112\u1161\u11ab e\u0301\u0302", "", "\u0000\u0001\u007f", "....", "  \n ", "a" * 300 + " b",
]


def words(text):
    """The ranges of the words of a text, in characters."""
    found = []
    start, single = None, False
    for index, character in enumerate(text):
        if regex.match(r"\p{White_Space}", character):
            if start is not None:
                found.append((start, index))
            start = None
        elif regex.match(r"\p{L}|\p{N}", character):
            spaceless = regex.match(rf"(?=\p{{L}})[{SPACELESS}]", character) is not None
            if start is not None and (spaceless or single):
                found.append((start, index))
                start = None
            if start is None:
                start = index
            single = spaceless
        elif start is None:
            start, single = index, False
    if start is not None:
        found.append((start, len(text)))
    return found


def separator(tokenizer):
    """What matches the added tokens that are not special; those of the fixtures are normalized."""
    tokens = [t for t in tokenizer.get_added_tokens_decoder().values() if not t.special]
    expressions = [
        (r"\s*" if t.lstrip else "") + (r"(?<!\w)" if t.single_word else "") + regex.escape(t.content)
        + (r"(?!\w)" if t.single_word else "") + (r"\s*" if t.rstrip else "")
        for t in tokens]
    return "|".join(expressions) or r"(?!)"


def measure(tokenizer, texts):
    """The counts of some documents."""
    counts = collections.Counter()
    frequencies = collections.Counter()
    added = set(tokenizer.get_added_tokens_decoder())
    for text in texts:
        encoding = tokenizer.encode(text, add_special_tokens=False)
        frequencies.update(encoding.ids)
        counts["documents"] += 1
        counts["bytes"] += len(text.encode())
        counts["characters"] += len(text)
        offsets, first = encoding.offsets, 0
        # The space that is put before a text is no part of its first word, if it is a token of its own.
        if encoding.tokens[:1] == ["\u0120"] and text[:1] != " ":
            offsets = offsets[1:]
        for start, end in words(text):
            counts["words"] += 1
            while first < len(offsets) and offsets[first][1] <= start:
                first += 1
            touching = itertools.takewhile(lambda o: o[0] < end, offsets[first:first + 2])
            counts["whole_words"] += len(list(touching)) == 1
        counts["single_byte_tokens"] += sum(
            len(tokenizer.id_to_token(i)) == 1 and i not in added for i in encoding.ids)
        # Between added tokens that are not special, each piece is split by itself.
        if tokenizer.normalizer is not None:
            text = tokenizer.normalizer.normalize_str(text)
        for piece in regex.split(separator(tokenizer), text):
            if piece:
                counts["pre_tokens"] += len(tokenizer.pre_tokenizer.pre_tokenize_str(piece))
    lines = [[str(i)] * n for i, n in sorted(frequencies.items())]
    def score(metric, **options):
        return float(tokenization_scorer.get_metric(metric)(lines, **options))
    size = tokenizer.get_vocab_size()
    return {
        **{key: counts[key] for key in sorted(counts)},
        "tokens": sum(frequencies.values()),
        "unused_tokens": size - len(frequencies),
        "shannon_entropy": score("shannon_entropy"),
        "shannon_efficiency": score("shannon_efficiency", vocab=size),
        "renyi_entropy": score("renyi_entropy", power=2.5),
        "renyi_efficiency": score("renyi_efficiency", power=2.5, vocab=size),
    }


def gini(costs):
    """Half of the mean difference of all pairs, as a share of the mean."""
    n, mean = len(costs), sum(costs) / len(costs)
    return sum(abs(a - b) for a in costs for b in costs) / (2 * n * n * mean)


def main():
    assert tokenizers.__version__ == "0.23.3"
    assert importlib.metadata.version("tokenization-scorer") == "1.1.8"
    result = {"hostile": HOSTILE, "tokenizers": {}}
    for name in NAMES:
        tokenizer = tokenizers.Tokenizer.from_file(str(ROOT / f"tokenizers/{name}.json"))
        tokenizer.encode_special_tokens = True
        corpora = {"hostile": measure(tokenizer, HOSTILE)}
        for language in LANGUAGES:
            # Paragraphs, as --paragraphs has them, would be cut by another rule: whole files.
            texts = [path.read_bytes().decode() for path in sorted((SAMPLES / language).glob("*.txt"))]
            corpora[language] = measure(tokenizer, texts)
        costs = [corpora[language]["tokens"] / corpora[language]["bytes"] for language in LANGUAGES]
        result["tokenizers"][name] = {
            "corpora": corpora,
            "gini": gini(costs),
            "parity_to_en": [cost / costs[LANGUAGES.index("en")] for cost in costs],
        }
    path = ROOT / "measurement/measurements.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
