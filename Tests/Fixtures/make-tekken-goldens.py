"""Makes tekken/: a small tekken.json, and what mistral-common encodes texts as.

    python make-tekken-goldens.py tokenizers/cl100k.tiktoken tekken

The vocabulary is the 256 bytes in order, then other tokens of the rank file, more of them than the
configuration uses.
"""
import base64
import json
import os
import sys

from mistral_common.tokens.tokenizers.tekken import Tekkenizer

PATTERN = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
    r"\p{N}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])

TEXTS = ["", "One fine day in the middle of the night", "don't stop", "fooBar HTTPServer", "  a\n\n b ",
         "12345", "नदी के किनारे", "漢字とかな", "😀", "</s><s>[INST]", "if x == 3:\n    return", "\x00"]


def main():
    source, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    tokens = [bytes([byte]) for byte in range(256)]
    with open(source, encoding="ascii") as file:
        tokens += [token for token in (base64.b64decode(line.split()[0]) for line in file if line.strip())
                   if len(token) > 1]
    def text(token):
        try:
            return token.decode()
        except UnicodeDecodeError:
            return None
    model = {
        "config": {"pattern": PATTERN, "num_vocab_tokens": len(tokens), "default_vocab_size": 530,
                   "default_num_special_tokens": 30, "version": "v3"},
        "vocab": [{"rank": rank, "token_bytes": base64.b64encode(token).decode(),
                   "token_str": text(token)} for rank, token in enumerate(tokens)],
    }
    path = os.path.join(folder, "tekken.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(model, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    tokenizer = Tekkenizer.from_file(path)
    golden = {"vocabulary_size": tokenizer.n_words, "pieces": [tokenizer.id_to_piece(i) for i in range(30)],
              "texts": TEXTS, "ids": [tokenizer.encode(text, bos=False, eos=False) for text in TEXTS]}
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


main()
