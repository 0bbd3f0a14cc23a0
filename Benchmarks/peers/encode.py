"""Encodes a whole file with tiktoken or tokenizers, and prints one JSON object.

    python encode.py tiktoken|tokenizers TOKENIZER_DIR PATTERN_FILE FILE

The tokenizer is loaded and the text is decoded before the clock starts; the clock covers encoding
alone. The hash is over the IDs as 32-bit little-endian integers: whoever is compared must give the
same one.
"""
import base64
import hashlib
import json
import os
import sys

import numpy

from measuring import Stopwatch, peak_bytes


def load(name, directory, pattern):
    """A function from a text to its IDs, with nothing encoded yet."""
    if name == "tiktoken":
        import tiktoken

        with open(os.path.join(directory, "tokenizer.tiktoken"), "rb") as file:
            ranks = {base64.b64decode(t): int(r) for t, r in (line.split() for line in file)}
        encoding = tiktoken.Encoding(
            "bench", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        return encoding.encode_ordinary
    if name == "tokenizers":
        import tokenizers

        tokenizer = tokenizers.Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    sys.exit(f"no such library: {name}")


def main():
    name, directory, pattern_file, path = sys.argv[1:]
    with open(pattern_file, encoding="utf-8") as file:
        encode = load(name, directory, file.read().rstrip("\n"))
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("utf-8")
    stopwatch = Stopwatch()
    ids = encode(text)
    times, peak = stopwatch.read(), peak_bytes()
    digest = hashlib.sha256(numpy.asarray(ids, dtype="<u4").tobytes()).hexdigest()
    print(json.dumps({
        "bytes": len(data), "tokens": len(ids), "sha256": digest, **times, "peak_bytes": peak,
    }))


if __name__ == "__main__":
    main()
