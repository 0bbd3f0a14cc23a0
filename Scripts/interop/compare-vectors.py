"""Compares word vectors, and rows by WECHSEL, FOCUS and OFA: tessera against the packages.

    python compare-vectors.py TESSERA --model MODEL_DIR --source TEXT_FILE --target TEXT_FILE

fastText loads the models that tessera writes, and gives the vectors that tessera writes as text. Rows of a
model that is extended for the target's language are those of wechsel 0.0.4 and deepfocus 1.0.1 out of the
same vectors, and of OFA's formula in numpy, to 1e-5; left out are tokens whose tenth and eleventh neighbors
are equally similar, which wechsel takes as they come, and tokens that are no whole characters, which the
packages take for one another. Where the n-grams of a token nearly cancel, the direction of their sum is known
to fewer digits in single precision, and both bounds are wider in proportion. Prints a line per check, then "N passed, N failed".
"""
import json
import os
import shutil
import tempfile
import types

import deepfocus.focus
import fasttext
import numpy
import safetensors.torch
import torch
import wechsel
from transformers import AutoTokenizer

from comparison import Report, parser, run

TOLERANCE = 1e-5
NEIGHBORS = 10
# Unicode's White_Space; Python also strips the separators U+001C to U+001F.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B)))


class Subset:
    """What wechsel asks a tokenizer for, of some tokens alone."""

    def __init__(self, ids):
        self.vocab = {str(token): i for i, token in enumerate(ids)}
        self.names = list(self.vocab)
        self.special_tokens_map = {}

    def __len__(self):
        return len(self.vocab)

    def convert_ids_to_tokens(self, ids):
        return self.names[int(ids)] if numpy.ndim(ids) == 0 else [self.names[int(i)] for i in ids]


def token_bytes(tokenizer):
    """The bytes of each token, by its ID."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    alphabet |= {chr(0x100 + i): byte for i, byte in enumerate(others)}
    special = set(tokenizer.all_special_tokens)
    return {
        i: token.encode() if token in special else bytes(alphabet[c] for c in token)
        for token, i in tokenizer.get_vocab().items()}


def text_of(content):
    """The word that bytes are without white space, or None if they are no whole characters."""
    try:
        return content.decode("utf-8").strip(WHITE_SPACE) or None
    except UnicodeDecodeError:
        return None


def embedding(directory):
    tensors = safetensors.torch.load_file(os.path.join(directory, "model.safetensors"))
    name = next(name for name in tensors if name.endswith("embed_tokens.weight"))
    return tensors[name].double().numpy()


def copy_in_single_precision(model, output):
    """A copy of a model whose rows are not rounded when they are stored."""
    shutil.copytree(model, output)
    file = os.path.join(output, "model.safetensors")
    tensors = safetensors.torch.load_file(file)
    safetensors.torch.save_file(
        {name: tensor.float() for name, tensor in tensors.items()}, file, metadata={"format": "pt"})


def recorded_terms(directory, role="input"):
    """For each new token the base rows and weights of its recipe."""
    with open(os.path.join(directory, "extension.json"), encoding="utf-8") as file:
        record = json.load(file)
    return {token["id"]: token[role].get("terms", []) for token in record["tokens"]}


def rows_of(terms, base):
    return numpy.array([sum(weight * base[row] for row, weight in t) for t in terms])


def compare_vectors(report, name, binary, text):
    """fastText's vectors of all words of a model against those of the text file."""
    model = fasttext.load_model(binary)
    worst = count = 0
    with open(text, encoding="utf-8", newline="\n") as file:
        next(file)
        for line in file:
            word, *numbers = line.rstrip("\n").split(" ")
            expected = model.get_word_vector(word)
            worst = max(worst, numpy.abs(expected - numpy.array(numbers, dtype="float32")).max())
            count += 1
    report.check(count == len(model.get_words()) and worst <= TOLERANCE,
                 f"{name}: vectors of fastText", f"{count} words, largest difference {worst:.1e}")
    return model


def similarities(target, source):
    def unit(rows):
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    return unit(target) @ unit(source).T


def shortness(vectors):
    """How much shorter than the median vectors are, at least 1."""
    lengths = numpy.linalg.norm(vectors, axis=1)
    return numpy.maximum(1, numpy.median(lengths) / lengths)


def compare_rows(report, name, expected, found, similar=None, vectors=None):
    """Rows of the same tokens; with similarities, only those with ten nearest neighbors, and with the vectors of
    both sides, less exactly where one of those that decide is short."""
    keep = numpy.ones(len(expected), dtype=bool)
    bounds = numpy.ones(len(expected))
    if similar is not None and similar.shape[1] > NEIGHBORS:
        order = numpy.argsort(-similar, axis=1)[:, :NEIGHBORS + 1]
        ordered = numpy.take_along_axis(similar, order, axis=1)
        if vectors is not None:
            target, source = map(shortness, vectors)
            bounds = numpy.maximum(target, source[order].max(axis=1))
        keep = ordered[:, NEIGHBORS - 1] - ordered[:, NEIGHBORS] > 1e-7 * bounds
    worst = (numpy.abs(expected - found).max(axis=1) / bounds)[keep].max()
    report.check(keep.sum() > 50 and worst <= TOLERANCE, f"{name}: rows",
                 f"{keep.sum()} of {len(keep)}, largest difference {worst:.1e}")


def with_vectors(ids, vectors):
    """The tokens whose vectors are not zero, and the vectors."""
    kept = [(i, v) for i, v in zip(ids, vectors, strict=True) if v is not None and numpy.any(v)]
    return [i for i, _ in kept], numpy.array([v for _, v in kept], dtype="float64")


def texts(model, content, ids):
    words = [text_of(content[i]) for i in ids]
    return with_vectors(ids, [model.get_word_vector(w) if w else None for w in words])


def words_with(tokenizer, path, ids):
    """OFA: the mean of all words that a token stands in, in four variants each."""
    sums, counts = {}, {}
    with open(path, encoding="utf-8", newline="\n") as file:
        next(file)
        for line in file:
            word, *numbers = line.rstrip("\n").split(" ")
            vector = numpy.array(numbers, dtype="float64")
            capital = word[:1].upper() + word[1:].lower()
            for variant in [word, " " + word, capital, " " + capital]:
                for token in set(tokenizer.encode(variant, add_special_tokens=False)):
                    sums[token] = sums.get(token, 0) + vector
                    counts[token] = counts.get(token, 0) + 1
    return with_vectors(ids, [sums[i] / counts[i] if i in sums else None for i in ids])


def main():
    arguments = parser(__doc__)
    for name in ["model", "source", "target"]:
        arguments.add_argument(f"--{name}", required=True)
    options = arguments.parse_args()
    tessera = options.tessera
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        def path(name):
            return os.path.join(folder, name)

        model = path("model")
        copy_in_single_precision(options.model, model)
        models = {}
        for name, text in [("source", options.source), ("target", options.target)]:
            common = ["vectors", text, "--quiet", "--dimension", 32, "--epochs", 2]
            for suffix in ["bin", "vec"]:
                run(tessera, *common, "--output", path(f"{name}.{suffix}"))
            models[name] = compare_vectors(
                report, name, path(f"{name}.bin"), path(f"{name}.vec"))
        common_words = sorted(set(models["source"].get_words()) & set(models["target"].get_words()))
        with open(path("dictionary.txt"), "w", encoding="utf-8") as file:
            for word in common_words:
                file.write(f"{word}\t{word}\n")

        def extend(name, *more):
            output = path(name)
            run(tessera, "extend", "--quiet", "--model", model, "--corpus", options.target,
                "--new-tokens", 1000, "--output", output, *more)
            return output

        plain = extend("plain")
        old, new = AutoTokenizer.from_pretrained(model), AutoTokenizer.from_pretrained(plain)
        base = embedding(model)
        contents = token_bytes(new)
        old_ids = sorted(old.get_vocab().values())
        new_ids = sorted(set(contents) - set(old_ids))

        vectors = ["--vectors", path("target.bin"), "--source-vectors", path("source.bin")]
        directory = extend("wechsel", "--init", "wechsel", *vectors, "--dictionary",
                           path("dictionary.txt"))
        package = wechsel.WECHSEL(models["source"], models["target"],
                                  bilingual_dictionary=path("dictionary.txt"))
        source_ids, source = texts(models["source"], contents, old_ids)
        target_ids, target = texts(models["target"], contents, new_ids)
        source = package.source_transform(source)
        expected = wechsel.create_target_embeddings(
            source, target, Subset(source_ids), Subset(target_ids), base[source_ids],
            verbose=False)[0]
        terms = recorded_terms(directory)
        found = rows_of([terms[i] for i in target_ids], base)
        compare_rows(report, "WECHSEL", expected, found, similarities(target, source),
                     (target, source))

        run(tessera, "vectors", options.target, "--tokenizer", plain, "--quiet", "--architecture",
            "cbow", "--negatives", 10, "--epochs", 3, "--min-count", 10, "--dimension", 32,
            "--output", path("tokens.bin"))
        directory = extend("focus", "--init", "focus", "--vectors", path("tokens.bin"),
                           "--vector-unit", "tokens")
        tokens = fasttext.load_model(path("tokens.bin"))
        known = set(tokens.get_words())
        names = {i: token for token, i in new.get_vocab().items()}

        def spelled(ids):
            return with_vectors(ids, [
                tokens.get_word_vector(names[i]) if names[i] in known else None for i in ids])

        anchor_ids, anchors = spelled(old_ids)
        target_ids, target = spelled(new_ids)
        expected = deepfocus.focus.focus_additional_token_initialization(
            {str(i): types.SimpleNamespace(
                auxiliary_embedding=v, source_embedding=torch.from_numpy(base[i]))
             for i, v in zip(anchor_ids, anchors)},
            {str(i): types.SimpleNamespace(
                auxiliary_embedding=v, target=types.SimpleNamespace(id=k))
             for k, (i, v) in enumerate(zip(target_ids, target))},
            torch.zeros(len(target_ids), base.shape[1], dtype=torch.float64), device="cpu").numpy()
        terms = recorded_terms(directory)
        compare_rows(report, "FOCUS", expected, rows_of([terms[i] for i in target_ids], base))

        rank = base.shape[1] // 4
        for name, more in [("OFA", []), (f"OFA of rank {rank}", ["--factorize", rank])]:
            directory = extend(f"ofa{len(more)}", "--init", "ofa", "--vectors", path("target.vec"),
                               "--source-vectors", path("source.vec"), *more)
            source_ids, source = words_with(old, path("source.vec"), old_ids)
            target_ids, target = words_with(new, path("target.vec"), new_ids)
            similar = similarities(target, source)
            nearest = numpy.argsort(-similar, axis=1, kind="stable")[:, :NEIGHBORS]
            weights = numpy.exp(numpy.take_along_axis(similar, nearest, 1) / 0.1)
            weights /= weights.sum(axis=1, keepdims=True)
            coordinates, primitives = base, numpy.eye(base.shape[1])
            if more:
                left, values, right = numpy.linalg.svd(base[old_ids], full_matrices=False)
                coordinates = numpy.zeros((len(base), rank))
                coordinates[old_ids] = left[:, :rank]
                primitives = values[:rank, None] * right[:rank]
            picked = coordinates[numpy.array(source_ids)[nearest]]
            expected = (weights[:, :, None] * picked).sum(axis=1) @ primitives
            compare_rows(report, name, expected, embedding(directory)[target_ids], similar)
    report.finish()


if __name__ == "__main__":
    main()
