#!/usr/bin/env python3
"""Makes Tests/Fixtures/vectors/: what fastText, entmax, wechsel and deepfocus give.

    python Tests/Fixtures/make-vector-goldens.py

Needs fasttext-wheel 0.9.2, entmax 1.3, wechsel 0.0.4, deepfocus 1.0.1, scipy 1.17.1 and numpy 2.4.6. OFA
has no package: its rows are computed here with numpy, from equations 1 to 3 of arXiv:2311.08849.
"""
import importlib.metadata
import json
import pathlib
import tempfile
import types

import deepfocus.focus
import entmax
import fasttext
import numpy
import torch
import wechsel

ROOT = pathlib.Path(__file__).resolve().parent / "vectors"
TEXT = [
    "the river runs through the town and the people walk along the river in the evening",
    "नदी शहर के बीच से बहती है और शहर के लोग शाम को नदी के किनारे चलते हैं",
    "мост через реку, a bridge over the river 👍 👍🏽 über cafe\u0301 川の水 a ab",
]
UNSEEN = ["riverside", "नदियाँ", "川", "👩\u200d👩\u200d👧", "x", "xy", "<", "мосты", "\u00ff\u0100"]
VERSIONS = ["fasttext-wheel", "entmax", "wechsel", "deepfocus", "scipy", "numpy"]


def rounded(array):
    """Numbers that single precision takes as they are."""
    return numpy.asarray(array, dtype="float32")


def listed(array):
    return [float(value) for value in numpy.asarray(array).reshape(-1)]


def make_fasttext():
    """A model of fastText, and its vectors of words that it has and has not."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(TEXT * 3) + "\n")
        file.flush()
        model = fasttext.train_unsupervised(
            file.name, model="skipgram", dim=6, minCount=3, bucket=50, minn=2, maxn=5, epoch=3,
            thread=1, verbose=0)
    model.save_model(str(ROOT / "skipgram.bin"))
    words = model.get_words() + UNSEEN
    return [
        {"word": word, "vector": listed(model.get_word_vector(word)),
         "buckets": [int(i) - len(model.get_words()) for i in model.get_subwords(word)[1]
                     if i >= len(model.get_words())]}
        for word in words]


def make_sparsemax(random):
    """Vectors of several kinds with their projections."""
    cases = [random.normal(size=n) * scale for n in [1, 2, 3, 17, 200] for scale in [0.01, 1, 5]]
    cases += [numpy.zeros(5), numpy.array([0.3, 0.3, 0.1]), numpy.array([2.0, 1.0, 1.0])]
    return [
        {"values": listed(rounded(values)),
         "weights": listed(entmax.sparsemax(torch.from_numpy(rounded(values).astype("float64"))))}
        for values in cases]


class Vocabulary:
    """What wechsel asks a tokenizer for."""

    def __init__(self, count):
        self.vocab = {str(i): i for i in range(count)}
        self.special_tokens_map = {}

    def __len__(self):
        return len(self.vocab)

    def convert_ids_to_tokens(self, ids):
        return str(int(ids)) if numpy.ndim(ids) == 0 else [str(int(i)) for i in ids]


class Words:
    """What wechsel asks word vectors for."""

    def __init__(self, rows):
        self.rows = rows

    def get_word_id(self, word):
        return int(word) if int(word) < len(self.rows) else -1

    def get_word_vector(self, word):
        return self.rows[int(word)]


def main():
    ROOT.mkdir(exist_ok=True)
    random = numpy.random.RandomState(7)
    old, new, vectors, width = 60, 12, 10, 8
    base = rounded(random.normal(size=(old, width)))
    source = rounded(random.normal(size=(old, vectors)))
    target = rounded(random.normal(size=(new, vectors)))
    # Words with translations, which are rotated and a little off.
    words = rounded(random.normal(size=(40, vectors)))
    rotation = numpy.linalg.qr(random.normal(size=(vectors, vectors)))[0]
    translations = rounded(words @ rotation + 0.1 * random.normal(size=words.shape))
    pairs = [(str(i), str(i)) for i in range(len(words))]
    alignment = wechsel.WECHSEL._compute_align_matrix_from_dictionary(
        None, Words(words), Words(translations), pairs)

    def nearest(matrix):
        return wechsel.create_target_embeddings(
            source.astype("float64"), target.astype("float64"), Vocabulary(old), Vocabulary(new),
            matrix, verbose=False)[0]

    aligned = wechsel.create_target_embeddings(
        source.astype("float64") @ alignment, target.astype("float64"), Vocabulary(old),
        Vocabulary(new), base.astype("float64"), verbose=False)[0]

    anchors = {
        str(i): types.SimpleNamespace(
            auxiliary_embedding=source[i], source_embedding=torch.from_numpy(base[i]))
        for i in range(old)}
    tokens = {
        str(i): types.SimpleNamespace(
            auxiliary_embedding=target[i], target=types.SimpleNamespace(id=i))
        for i in range(new)}
    focus = deepfocus.focus.focus_additional_token_initialization(
        anchors, tokens, torch.zeros(new, width), device="cpu").numpy()

    # OFA: neighbors by the cosines of wechsel's search, of coordinates in place of rows.
    left, values, right = numpy.linalg.svd(base.astype("float64"), full_matrices=False)
    rank = 3
    coordinates, primitives = left[:, :rank], values[:rank, None] * right[:rank]
    ofa = nearest(coordinates) @ primitives

    record = {
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "fasttext": make_fasttext(),
        "sparsemax": make_sparsemax(random),
        "rows": {
            "width": width, "dimension": vectors, "base": listed(base), "source": listed(source),
            "target": listed(target), "words": listed(words), "translations": listed(translations),
            "rank": rank, "wechsel": listed(nearest(base.astype("float64"))),
            "wechsel_aligned": listed(aligned), "focus": listed(focus), "ofa": listed(ofa),
        },
    }
    with open(ROOT / "goldens.json", "w", encoding="utf-8") as file:
        json.dump(record, file, ensure_ascii=True, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
