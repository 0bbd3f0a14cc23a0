"""Compares the parts of tokenizer.json: tessera against tokenizers.

    python compare-pipelines.py TESSERA [--count N] [--only NAME] TEXT_FILE...

Every normalizer, pre-tokenizer, option of BPE, kind of added token, post-processor and decoder is
put into a tokenizer, which both encode N hostile texts with (10,000 by default) and the text files,
whole. To see what a part does, its tokenizer has a token for each byte and an end of word, so that
the IDs show the text and where it is split. Prints a line per comparison, then "N passed, N
failed"; exits 1 if any failed.
"""
import base64
import importlib.util
import json
import os
import pathlib
import random
import tempfile

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors

from comparison import parser, read_text, write_lines

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sibling(path, name):
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


encoding = sibling(ROOT / "Scripts/interop/compare-encoding.py", "encoding")
goldens = sibling(ROOT / "Tests/Fixtures/make-pipeline-goldens.py", "goldens")

N, P, D = normalizers, pre_tokenizers, decoders
# What the shared pieces of hostile texts lack.
PIECES = encoding.PIECES + goldens.PIECES + [
    "``", "''", "\u0345", "\u2126", "α", "Σ", "\u1e9e", "ष्", "ー", "가", "<0x41>", "##", "</w>", "▁▁"]


def revealing(normalizer=None, pre_tokenizer=None):
    """A tokenizer whose IDs are the bytes of pre-tokens, with a 1 after each."""
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)}
    tokenizer = Tokenizer(models.BPE(
        vocabulary, [], byte_fallback=True, end_of_word_suffix="\x01"))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    return tokenizer


def parts():
    """Names and tokenizers, each with a normalizer, a pre-tokenizer, or both."""
    character_map = N.Precompiled(base64.b64decode(goldens.character_map({
        "ﬁ": "fi", "㎏": "kg", "\u3000": " ", "\xa0": " ", "\x00": "", "é": "e\u0301",
        "e\u0301": "é", "ab": "X", "aaa": "Y", "\r\n": "\n", "½": "1/2", "\u0301": "'", "İ": "I"})))
    expression = Regex(encoding.LLAMA3)
    of_text = [
        N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.StripAccents(), N.Nmt(), N.Strip(),
        N.Strip(right=False), N.Strip(left=False), N.Replace("aa", "b"), N.Replace("", "-"),
        N.Replace("a", ""), N.Replace(expression, "x"), N.Prepend("▁"), N.ByteLevel(),
        N.BertNormalizer(), N.BertNormalizer(clean_text=False), N.BertNormalizer(lowercase=False),
        N.BertNormalizer(lowercase=False, strip_accents=True), character_map,
        N.Sequence([N.NFKC(), N.Lowercase(), N.StripAccents()]),
        N.Sequence([character_map, N.Strip(left=False), N.Replace("  ", "▁")])]
    splits = [P.ByteLevel(add_prefix_space=a, use_regex=b) for a in (True, False)
              for b in (True, False)]
    splits += [P.Digits(), P.Digits(True), P.Whitespace(), P.WhitespaceSplit(),
               P.BertPreTokenizer(), P.UnicodeScripts(), P.CharDelimiterSplit("a"),
               P.FixedLength(3)]
    splits += [P.Punctuation(behavior) for behavior in goldens.BEHAVIORS]
    splits += [P.Metaspace("▁", scheme, split) for scheme in ("always", "first", "never")
               for split in (True, False)]
    splits += [P.Split(pattern, behavior, invert) for pattern in ("a", "", "--", expression)
               for behavior in goldens.BEHAVIORS for invert in (False, True)]
    first = P.Metaspace("▁", "first")
    words_first = P.Sequence([P.WhitespaceSplit(), first])
    splits += [
        words_first, P.Sequence([P.Digits(True), P.ByteLevel()]),
        P.Sequence([P.Punctuation("contiguous"), P.ByteLevel(), P.Digits()]),
        P.Sequence([P.UnicodeScripts(), P.Digits(True), P.FixedLength(2)]),
        P.Sequence([P.Split("", "isolated"), P.Metaspace()])]
    for normalizer in of_text:
        yield f"normalizer {normalizer}", revealing(normalizer)
        yield f"{normalizer} and words first", revealing(normalizer, words_first)
        yield f"{normalizer} and first", revealing(normalizer, first)
    for split in splits:
        yield f"pre-tokenizer {split}", revealing(None, split)


def trained_models():
    for value in goldens.model_cases():
        yield value["name"], Tokenizer.from_str(json.dumps(value["tokenizer"]))


def processed():
    """Post-processors, truncation and padding, for single texts."""
    tokenizer = goldens.trained(P.ByteLevel(), None, None, ["[CLS]", "[SEP]"], P.ByteLevel.alphabet())
    settings = {
        "Bert": processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0)),
        "Roberta": processors.RobertaProcessing(("[SEP]", 1), ("[CLS]", 0)),
        "template": processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="$A $B", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]),
        "ByteLevel": processors.ByteLevel(),
        "Sequence": processors.Sequence([processors.ByteLevel(), processors.BertProcessing(
            ("[SEP]", 1), ("[CLS]", 0))]),
    }
    for name, processor in settings.items():
        tokenizer.post_processor = processor
        tokenizer.no_truncation()
        tokenizer.no_padding()
        yield name, tokenizer
        tokenizer.enable_truncation(6, direction="left")
        tokenizer.enable_padding(length=8, direction="left", pad_id=1)
        yield f"{name} in eight tokens", tokenizer


class Comparison(encoding.Comparison):
    def __init__(self, tessera, folder, count, only):
        generator = random.Random(2)
        super().__init__(tessera, folder, encoding.hostile_texts(count // 2, seed=3) + [
            "".join(generator.choices(PIECES, k=generator.randrange(0, 14)))
            for _ in range(count - count // 2)])
        self.only = only

    def wants(self, name):
        return self.only in name

    def save(self, tokenizer):
        path = os.path.join(self.folder, "tokenizer.json")
        tokenizer.save(path)
        return path, Tokenizer.from_file(path)

    def part(self, name, tokenizer, options=(), **arguments):
        path, theirs = self.save(tokenizer)
        theirs.encode_special_tokens = "all" not in options
        arguments.setdefault("add_special_tokens", False)
        self.compare_hostile(name[:90], self.encode_hostile(path, *options),
                             [e.ids for e in theirs.encode_batch(self.texts, **arguments)])

    def files(self, name, tokenizer, files):
        path, theirs = self.save(tokenizer)
        theirs.encode_special_tokens = True
        for file in files:
            self.compare_file(f"{name}: {os.path.basename(file)}", self.encode_file(path, file),
                              theirs.encode(read_text(file), add_special_tokens=False).ids)

    def decoded(self, name, tokenizer):
        path, theirs = self.save(tokenizer)
        generator = random.Random(4)
        ids = list(theirs.get_vocab(True).values())
        documents = [generator.choices(ids, k=generator.randrange(12)) for _ in range(10_000)]
        file = os.path.join(self.folder, "ids.jsonl")
        write_lines(file, documents, key="ids")
        output = self.run("decode", "--quiet", "--tokenizer", path, "--format", "jsonl", "--json",
                          file)
        ours = [document["text"] for document in json.loads(output)["documents"]]
        expected = [theirs.decode(document, skip_special_tokens=False) for document in documents]
        self.check(ours == expected, f"{name}, decoded, {len(documents)} lists")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--only", default="")
    arguments.add_argument("files", nargs="*")
    arguments = arguments.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.tessera, folder, arguments.count, arguments.only)
        for name, tokenizer in parts():
            if comparison.wants(name):
                comparison.part(name, tokenizer)
        for name, tokenizer in trained_models():
            if comparison.wants(name):
                comparison.part(name, tokenizer)
                comparison.part(f"{name}, added tokens", tokenizer, ["--special", "all"])
                comparison.files(name, tokenizer, arguments.files)
                comparison.decoded(name, tokenizer)
        for name, tokenizer in processed():
            if comparison.wants(name):
                comparison.part(name, tokenizer, ["--add-special-tokens"], add_special_tokens=True)
    comparison.finish()


if __name__ == "__main__":
    main()
