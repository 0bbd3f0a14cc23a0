"""Learns word vectors of a text with Tessera and with fastText, and compares time, memory and what was learned.

    python word_vectors.py TEXT --tessera .build/release/tessera --threads 2

TEXT is plain. Both get its words, runs of letters and digits with spaces between them, a line for each of its
lines but every twentieth, which is held out. Run it with the Python that `Scripts/vector-peers.sh` prints. Each
trains twice, Tessera with two seeds; fastText takes none, but its threads make its runs differ. What is printed:

- wall and CPU seconds and peak memory of the process, reading and writing included;
- the loss of skip-gram on the lines held out, with every word within two places and five negatives drawn alike
  for all models, in nats for each pair;
- how many of the ten nearest words of 500 frequent ones are shared with each other model.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy

TRAIN = """
import fasttext, sys
text, output, threads, dimension, epochs, buckets = sys.argv[1:]
fasttext.train_unsupervised(
    text, model="skipgram", dim=int(dimension), epoch=int(epochs), bucket=int(buckets), minCount=5, lr=0.05,
    ws=5, neg=5, t=1e-4, minn=3, maxn=6, thread=int(threads), verbose=0).save_model(output)
"""


def measured(command):
    """Runs a command: wall seconds, CPU seconds, peak megabytes."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with {status}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


class Model:
    def __init__(self, path):
        import fasttext
        model = fasttext.load_model(path)
        # fastText counts line ends, and Tessera does not.
        self.words = [word for word in model.get_words() if word != "</s>"]
        self.vectors = numpy.array([model.get_word_vector(word) for word in self.words])
        outputs = model.get_output_matrix()
        self.outputs = numpy.array([outputs[model.get_word_id(word)] for word in self.words])

    def ordered(self, words):
        places = {word: i for i, word in enumerate(self.words)}
        order = [places[word] for word in words]
        return self.vectors[order], self.outputs[order]


def loss(vectors, outputs, pairs, negatives):
    total = 0.0
    for start in range(0, len(pairs), 4096):
        block = slice(start, start + 4096)
        h = vectors[pairs[block, 0]]
        right = (h * outputs[pairs[block, 1]]).sum(1)
        wrong = numpy.einsum("pd,pkd->pk", h, outputs[negatives[block]])
        total += numpy.logaddexp(0, -right).sum() + numpy.logaddexp(0, wrong).sum()
    return total / len(pairs)


def neighbors(vectors, count):
    units = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    scores = units[:count] @ units.T
    scores[numpy.arange(count), numpy.arange(count)] = -2
    return [set(row) for row in numpy.argsort(-scores, axis=1)[:, :10]]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("text")
    arguments.add_argument("--tessera", required=True)
    for name, value in [("threads", 2), ("dimension", 100), ("epochs", 5), ("buckets", 200_000)]:
        arguments.add_argument(f"--{name}", type=int, default=value)
    options = arguments.parse_args()
    lines = [" ".join(re.findall(r"[^\W_]+", line)) for line in open(options.text, encoding="utf-8")]
    lines = [line for line in lines if line]
    held = [line.split() for line in lines[::20]]
    with tempfile.TemporaryDirectory() as folder:
        text = f"{folder}/text.txt"
        with open(text, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for i, line in enumerate(lines) if i % 20)
        common = [str(options.threads), str(options.dimension), str(options.epochs), str(options.buckets)]
        rows = []
        for seed in ["1", "2"]:
            for name in ["Tessera", "fastText"]:
                path = f"{folder}/{name}{seed}.bin"
                command = (
                    [sys.executable, "-c", TRAIN, text, path, *common] if name == "fastText" else
                    [options.tessera, "vectors", text, "--lines", "--quiet", "--output", path, "--seed", seed,
                     "--threads", common[0], "--dimension", common[1], "--epochs", common[2],
                     "--buckets", common[3]])
                rows.append((f"{name} {seed}", *measured(command)))
        # Loaded after all are measured: what this process holds counts as its children's peak.
        models = {name: Model(f"{folder}/{name.replace(' ', '')}.bin") for name, *_ in rows}
    shared = set.intersection(*(set(model.words) for model in models.values()))
    words = [word for word in models["fastText 1"].words if word in shared]
    places = {word: i for i, word in enumerate(words)}
    pairs = []
    for line in held:
        ids = [places[word] for word in line if word in places]
        for i, a in enumerate(ids):
            pairs += [(a, b) for b in ids[max(0, i - 2):i] + ids[i + 1:i + 3]]
    generator = numpy.random.default_rng(0)
    pairs = numpy.array(pairs)
    pairs = pairs[generator.permutation(len(pairs))[:200_000]]
    # The words are those of fastText, the frequent ones first; negatives by the root of frequency need counts.
    counts = numpy.bincount(numpy.array([places[w] for l in lines for w in l.split() if w in places]),
                            minlength=len(words))
    weights = numpy.sqrt(counts) / numpy.sqrt(counts).sum()
    negatives = generator.choice(len(words), size=(len(pairs), 5), p=weights)
    found = {name: model.ordered(words) for name, model in models.items()}
    near = {name: neighbors(vectors, 500) for name, (vectors, _) in found.items()}
    print(f"{len(words)} words of {sum(counts)}; {len(pairs)} pairs held out")
    for name, wall, cpu, peak in rows:
        shares = ", ".join(
            f"{other} {sum(len(a & b) for a, b in zip(near[name], near[other])) / 500:.2f}"
            for other in near if other != name)
        print(f"{name}: {wall:.1f} s, {cpu:.1f} CPU s, {peak:.0f} MB; loss "
              f"{loss(*found[name], pairs, negatives):.4f}; shared neighbors: {shares}")


if __name__ == "__main__":
    main()
