"""Times the rows of new tokens out of vectors of old and new ones, by wechsel or deepfocus.

    python vector_rows.py wechsel --old 150000 --new 50000 --dimension 300 --width 768

Prints one JSON object. Vectors and base rows come from a generator that Tessera's bench has too, so that
the rows can be compared. The packages are not among the peers of requirements.txt: wechsel 0.0.4 and
deepfocus 1.0.1, without their dependencies, with fasttext-wheel, gensim, scipy, scikit-learn, nltk, datasets,
entmax, fastdist, numba and print-on-steroids.
"""
import argparse
import json
import types

import numpy

from measuring import Stopwatch, peak_bytes


def random_numbers(shape, seed):
    """Uniform numbers in [-0.5, 0.5)."""
    count = int(numpy.prod(shape))
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype="uint64") * numpy.uint64(
            0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    numbers = (z >> numpy.uint64(40)).astype("float32") * numpy.float32(2**-24)
    return (numbers - numpy.float32(0.5)).reshape(shape)


class Vocabulary:
    """What wechsel asks a tokenizer for."""

    def __init__(self, count):
        self.vocab = {str(i): i for i in range(count)}
        self.special_tokens_map = {}

    def __len__(self):
        return len(self.vocab)

    def convert_ids_to_tokens(self, ids):
        return str(int(ids)) if numpy.ndim(ids) == 0 else [str(int(i)) for i in ids]


def wechsel_rows(source, target, base):
    import wechsel

    # The package holds vectors of tokens in double precision.
    arguments = (
        source.astype("float64"), target.astype("float64"), Vocabulary(len(source)),
        Vocabulary(len(target)), base)
    del source, target
    watch = Stopwatch()
    rows = wechsel.create_target_embeddings(*arguments, verbose=False)[0]
    return rows, watch


def focus_rows(source, target, base):
    import deepfocus.focus
    import torch

    base = torch.from_numpy(base)
    anchors = {
        str(i): types.SimpleNamespace(auxiliary_embedding=source[i], source_embedding=base[i])
        for i in range(len(source))}
    tokens = {
        str(i): types.SimpleNamespace(
            auxiliary_embedding=target[i], target=types.SimpleNamespace(id=i))
        for i in range(len(target))}
    watch = Stopwatch()
    rows = deepfocus.focus.focus_additional_token_initialization(
        anchors, tokens, torch.zeros(len(target), base.shape[1]), device="cpu")
    return rows.numpy(), watch


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("method", choices=["wechsel", "focus"])
    for name, value in [("old", 150_000), ("new", 50_000), ("dimension", 300), ("width", 768)]:
        arguments.add_argument(f"--{name}", type=int, default=value)
    options = arguments.parse_args()
    source = random_numbers((options.old, options.dimension), 1)
    target = random_numbers((options.new, options.dimension), 2)
    base = random_numbers((options.old, options.width), 3)
    make = {"wechsel": wechsel_rows, "focus": focus_rows}[options.method]
    rows, watch = make(source, target, base)
    times = watch.read()
    print(json.dumps({
        "sum": float(rows.sum(dtype="float64")), "first": [float(x) for x in rows[0, :8]],
        **times, "peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main()
