"""Trains a byte-level BPE vocabulary with a peer's library, and prints one JSON object.

    python train.py tokenizers|rustbpe PATTERN_FILE VOCABULARY_SIZE FILE
    python train.py gigatoken - VOCABULARY_SIZE FILE

The clock covers reading the file and training. tokenizers and rustbpe spread texts, not parts of a
text, over threads, so they get the file in pieces, cut where no pre-token can span the cut. gigatoken
reads the file itself, and always splits as GPT-2 does.

`merges_sha256` is over the merges in order, both parts in hexadecimal; `tokens_sha256` over the
tokens in the order of their IDs, which is all that rustbpe tells. Whoever is compared must give
the same one. The number of threads is that of `RAYON_NUM_THREADS`.
"""
import contextlib
import json
import os
import sys

from measuring import Stopwatch, hash_of_lines, peak_bytes

PIECE_SIZE = 1 << 16  # characters


def pieces(text):
    """The text in parts, cut between a letter and a space: every pattern ends a pre-token there."""
    start = 0
    while start < len(text):
        end = text.find(" ", start + PIECE_SIZE)
        while end > 0 and not text[end - 1].isalpha():
            end = text.find(" ", end + 1)
        if end < 0:
            end = len(text)
        yield text[start:end]
        start = end


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def with_tokenizers(pattern, size, path):
    """Trains, and returns a function that hashes what was learned."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=0, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(pieces(read(path)), trainer)

    def hashes():
        back = byte_of_character()
        merges = json.loads(tokenizer.to_str())["model"]["merges"]
        lines = [" ".join(bytes(back[c] for c in part).hex() for part in pair) for pair in merges]
        return {"merges": len(lines), "merges_sha256": hash_of_lines(lines)}

    return hashes


def byte_of_character():
    """GPT-2's map from the characters of a byte-level vocabulary back to bytes."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    mapping = {chr(byte): byte for byte in kept}
    for index, byte in enumerate(b for b in range(256) if b not in kept):
        mapping[chr(256 + index)] = byte
    return mapping


def with_rustbpe(pattern, size, path):
    """Trains, and returns a function that hashes what was learned."""
    import rustbpe

    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator(pieces(read(path)), size, pattern=pattern)

    def hashes():
        ranks = sorted(tokenizer.get_mergeable_ranks(), key=lambda entry: entry[1])
        return {
            "merges": len(ranks) - 256,
            "tokens_sha256": hash_of_lines(bytes(token).hex() for token, _ in ranks),
        }

    return hashes


def with_gigatoken(pattern, size, path):
    """Trains, and returns a function that hashes what was learned."""
    import gigatoken

    if pattern is not None:
        sys.exit("gigatoken splits as GPT-2 does, and takes no other pattern")
    # It tells on standard output how far it is, where nothing but the result may stand.
    with silenced_output():
        _, merges = gigatoken.train_bpe(path, size, [], tie_breaking="huggingface")

    def hashes():
        lines = [" ".join(bytes(part).hex() for part in pair) for pair in merges]
        return {"merges": len(lines), "merges_sha256": hash_of_lines(lines)}

    return hashes


@contextlib.contextmanager
def silenced_output():
    """Sends what the process writes to standard output nowhere."""
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def main():
    name, pattern_file, size, path = sys.argv[1:]
    pattern = None
    if pattern_file != "-":
        with open(pattern_file, encoding="utf-8") as file:
            pattern = file.read().rstrip("\n")
    train = {
        "tokenizers": with_tokenizers, "rustbpe": with_rustbpe, "gigatoken": with_gigatoken,
    }[name]
    stopwatch = Stopwatch()
    hashes = train(pattern, int(size), path)
    times, peak = stopwatch.read(), peak_bytes()
    print(json.dumps({
        "bytes": os.path.getsize(path), **hashes(), **times, "peak_bytes": peak,
    }))


if __name__ == "__main__":
    main()
