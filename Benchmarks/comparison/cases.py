"""What is compared: encoding, training a vocabulary, and a training step of a model."""
import os
import subprocess
import sys

from comparison import corpora
from comparison.running import Comparison, Variant

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")
PER_CPU_SECOND = "MB per CPU second"
PER_SECOND = "tokens per second"

# family, width, layers, heads, feed-forward width, vocabulary, sequences, tokens of a sequence
MODELS = {
    "llama-7m": ("llama", 256, 6, 4, 704, 8_192, 16, 256),
    "llama-23m": ("llama", 384, 6, 6, 1_024, 32_000, 8, 256),
    "llama-60m": ("llama", 640, 8, 10, 1_728, 32_000, 4, 256),
    "gpt2-124m": ("gpt2", 768, 12, 12, 3_072, 50_257, 4, 256),
}
LOSS_TOLERANCE = {"f32": 1e-3, "bf16": 2e-2}  # nats, after every step


def peer(name, script, *arguments, threads):
    command = [sys.executable, os.path.join(PEERS, script), *map(str, arguments)]
    return Variant(name, command, {
        "RAYON_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
    })


def encoding(options, patterns, folder):
    """Whole files from cold, one thread, with a vocabulary freshly trained on each."""
    for text in options.texts:
        path = corpora.cut(options.corpora, text, options.size, folder)
        slice_path = corpora.cut(options.corpora, text, options.slice_size, folder)
        vocabulary = os.path.join(folder, text)
        subprocess.run(
            [options.tessera, "train", path, "--vocab-size", str(options.vocabulary_size),
             "--pattern", options.pattern, "--output", vocabulary, "--quiet"], check=True)
        for libraries, file in [
            (["tiktoken", "gigatoken", "fastokens"], path), (["tokenizers"], slice_path)
        ]:
            yield Comparison(
                name=f"encode/{text}/{corpora.megabytes(file)}", unit=PER_CPU_SECOND,
                equal=("tokens", "sha256"),
                variants=[
                    Variant("tessera", [
                        options.bench, "encode", file, "--tokenizer", vocabulary, "--threads", "1",
                    ]),
                    *(peer(library, "encode.py", library, vocabulary, patterns[library], file,
                           threads=1) for library in libraries),
                ])
        yield Comparison(
            name=f"threads/{text}/{corpora.megabytes(path)}", unit=PER_CPU_SECOND,
            equal=("tokens", "sha256"),
            variants=[
                Variant(name, [
                    options.bench, "encode", path, "--tokenizer", vocabulary,
                    "--threads", str(threads),
                ])
                for name, threads in [("tessera", 2), ("one thread", 1)]
            ])


def training(options, patterns, folder):
    """A vocabulary out of a file: reading, counting, merging."""
    size = options.vocabulary_size
    for text in ["english", "mixed"]:
        path = corpora.cut(options.corpora, text, options.training_size, folder)
        for threads in options.training_threads:
            name = f"train/{text}/{corpora.megabytes(path)}/{size}/{threads}-threads"
            # The libraries break ties between equally frequent pairs in different ways.
            for library, tie, key in [
                ("tokenizers", "hf", "merges_sha256"), ("rustbpe", "bytes", "tokens_sha256")
            ]:
                yield Comparison(
                    name=f"{name}/{tie}", unit=PER_CPU_SECOND, equal=("merges", key),
                    variants=[
                        Variant("tessera", [
                            options.bench, "train", path, "--vocab-size", str(size),
                            "--pattern", options.pattern, "--tie", tie, "--threads", str(threads),
                        ]),
                        peer(library, "train.py", library, patterns[library], size, path,
                             threads=threads),
                    ])
            # It splits in one way alone.
            yield Comparison(
                name=f"{name}/hf-gpt2", unit=PER_CPU_SECOND, equal=("merges", "merges_sha256"),
                variants=[
                    Variant("tessera", [
                        options.bench, "train", path, "--vocab-size", str(size),
                        "--pattern", "gpt2", "--threads", str(threads),
                    ]),
                    peer("gigatoken", "train.py", "gigatoken", "-", size, path, threads=threads),
                ])


def steps(options):
    """Forward, backward, clipping and AdamW, on the same parameters and tokens."""
    for model in options.models:
        family, width, layers, heads, feed_forward, vocabulary, batch, length = MODELS[model]
        shape = [
            "--family", family, "--width", width, "--layers", layers, "--heads", heads,
            "--feed-forward", feed_forward, "--vocabulary", vocabulary, "--batch", batch,
            "--length", length, "--threads", options.threads,
        ]
        for precision in options.precisions:
            bf16 = ["--bf16"] if precision == "bf16" else []
            variants = [
                Variant("tessera", [
                    options.bench, "step", *map(str, shape), "--precision", precision]),
                peer("torch", "torch_step.py", *shape, *bf16, threads=options.threads),
            ]
            if options.compiled:
                variants.append(peer(
                    "torch, compiled", "torch_step.py", *shape, *bf16, "--compile",
                    threads=options.threads))
            yield Comparison(
                name=f"step/{model}/{batch}x{length}/{precision}/{options.threads}-threads",
                unit=PER_SECOND, equal=("tokens", "parameters"),
                close={"losses": LOSS_TOLERANCE[precision]}, variants=variants)
