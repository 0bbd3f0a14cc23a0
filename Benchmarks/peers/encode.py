"""Encodes a whole file with one of the peers, and prints one JSON object.

    python encode.py tiktoken|tokenizers|gigatoken|fastokens TOKENIZER_DIR PATTERN_FILE FILE

The tokenizer is loaded and the text is in memory, as bytes or decoded, whichever the library wants,
before the clock starts; the clock covers encoding alone, by the call of each library that is fastest
for one text on one thread. The hash is over the IDs as 32-bit little-endian integers: whoever is compared must give the
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
    """A function from a text to its IDs, with nothing encoded yet, and the type that it takes."""
    if name == "tiktoken":
        import tiktoken

        with open(os.path.join(directory, "tokenizer.tiktoken"), "rb") as file:
            ranks = {base64.b64decode(t): int(r) for t, r in (line.split() for line in file)}
        encoding = tiktoken.Encoding(
            "bench", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        return encoding.encode_ordinary, str
    if name == "tokenizers":
        import tokenizers

        tokenizer = tokenizers.Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids, str
    if name == "gigatoken":
        import gigatoken

        return gigatoken.Tokenizer(os.path.join(directory, "tokenizer.json")).encode, bytes
    if name == "fastokens":
        import fastokens

        # The flat call makes no Python object for each token, and is the faster one.
        tokenizer = fastokens.Tokenizer.from_file(os.path.join(directory, "tokenizer.json"))
        return lambda text: numpy.frombuffer(
            tokenizer.encode_batch_flat([text])[0], dtype="<u4"), str
    sys.exit(f"no such library: {name}")


def main():
    name, directory, pattern_file, path = sys.argv[1:]
    with open(pattern_file, encoding="utf-8") as file:
        encode, kind = load(name, directory, file.read().rstrip("\n"))
    with open(path, "rb") as file:
        data = file.read()
    text = data if kind is bytes else data.decode("utf-8")
    stopwatch = Stopwatch()
    ids = encode(text)
    times, peak = stopwatch.read(), peak_bytes()
    digest = hashlib.sha256(numpy.asarray(ids, dtype="<u4").tobytes()).hexdigest()
    print(json.dumps({
        "bytes": len(data), "tokens": len(ids), "sha256": digest, **times, "peak_bytes": peak,
    }))


if __name__ == "__main__":
    main()
