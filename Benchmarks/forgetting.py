"""What a model learns of a new language and forgets of its own, by how it is trained; prints tables.

    make corpora
    python3 Benchmarks/forgetting.py --output forgetting

Adapts the built-in English model to a language, over and over: with more and less replay, with higher and lower
learning rates, with a curriculum, look-ahead and a plain lower rate, with all weights, adapters, outer layers or
embeddings alone, with replay that the model has made itself; and mixes adapted and base weights. Each run has the same 1,000 new tokens (rows are means of
pieces), 2 MB of text, steps and batches, and a seed; held-out text of both languages is scored before the first
step, after the last, and in between. Runs that are there are not made again.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

TEXT_SIZE = 2_000_000  # bytes of JSON lines
HELD_OUT_SIZE = 200_000
LONGEST_LINE = 40_000  # characters
STEPS = 300
COMMON = ["--init", "subword-mean", "--new-tokens", "1000", "--steps", str(STEPS), "--batch-tokens", "2048",
          "--context", "256", "--max-forget", "99", "--held-out", "0.05", "--replay-share", "0.25"]

GENERATED = "generated"  # in place of the path of texts that the base model has made

# Name of a run, and the options that it has beside the common ones; the last one given counts.
RUNS = {
    "replay 0": ["--replay-share", "0"],
    "replay 1 %": ["--replay-share", "0.01"],
    "replay 5 %": ["--replay-share", "0.05"],
    "replay 25 %": [],
    "rate x 0.3": ["--lr", "0.3x"],
    "rate x 3": ["--lr", "3x"],
    "rate x 10": ["--lr", "10x"],
    "replay in the first tenth": ["--curriculum", "early-replay"],
    "look-ahead, no replay": ["--replay-share", "0", "--lookahead", "10", "--lookahead-share", "0.2"],
    "rate x 0.2, no replay": ["--replay-share", "0", "--lr", "0.2x"],
    "average, no replay": ["--replay-share", "0", "--ema", "0.99", "--weights", "ema"],
    "LoRA": ["--adapters", "lora", "--adapter-rank", "16", "--adapter-alpha", "32"],
    "LoRA, rate x 5": ["--adapters", "lora", "--adapter-rank", "16", "--adapter-alpha", "32", "--lr", "5x"],
    "LayRA": ["--adapters", "layra"],
    "2 x 2 layers": ["--layers", "0-1,-2--1"],
    "embeddings alone": ["--stage", "rest body=0"],
    "generated replay 25 %": ["--replay", GENERATED],
}
TABLES = {
    "replay": ["replay 0", "replay 1 %", "replay 5 %", "replay 25 %"],
    "re-warming": ["rate x 0.3", "replay 25 %", "rate x 3", "rate x 10"],
    "curriculum": ["replay 0", "replay 25 %", "replay in the first tenth", "look-ahead, no replay",
                   "rate x 0.2, no replay", "average, no replay"],
    "generated replay": ["replay 0", "generated replay 25 %", "replay 25 %"],
    "frontier": ["replay 25 %", "LoRA", "LoRA, rate x 5", "LayRA", "2 x 2 layers", "embeddings alone"],
}
SHARES = [0, 0.25, 0.5, 0.75, 1]  # of the base model


def main():
    options = parsed_options()
    data = os.path.join(options.output, "data")
    os.makedirs(data, exist_ok=True)
    texts = {language: write_text(options, language, data) for language in ("en", options.language)}
    generated = os.path.join(data, "generated.jsonl")
    if not options.table_only:
        if not os.path.exists(generated):
            generate(options, generated)
        # A seed at a time, so that there is a whole table early.
        for seed in range(options.seeds):
            for name in RUNS:
                adapt(options, texts, name, seed, generated)
            for share in SHARES:
                interpolate(options, texts, share, seed)
    for title, names in TABLES.items():
        print_table(title, names, options)
    print_mixtures(options)


def parsed_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tessera", default=".build/release/tessera", help="the executable")
    parser.add_argument("--output", required=True, help="folder for texts and runs")
    parser.add_argument("--model", default="models/base-en")
    parser.add_argument("--corpora", default="corpora", help="what `make corpora` has made")
    parser.add_argument("--language", default="hi")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", default="f32", help="f32 or bf16")
    parser.add_argument("--threads", type=int, help="threads of a run (default: all)")
    parser.add_argument("--table-only", action="store_true", help="print what is there")
    return parser.parse_args()


def write_text(options, language, data):
    """The first lines of a corpus up to a size, and some later ones to score models on.

    Runs that go on have to see the same text, so files that are there stay.
    """
    path, held_out = (os.path.join(data, language + end) for end in (".jsonl", "-held-out.jsonl"))
    if os.path.exists(path) and os.path.exists(held_out):
        return path
    sizes = {path: TEXT_SIZE, held_out: HELD_OUT_SIZE}
    lines = corpus_lines(options, language)
    for name, limit in sizes.items():
        size = 0
        with open(name + ".partial", "w", encoding="utf-8") as file:
            for line in lines:
                file.write(line)
                size += len(line.encode("utf-8"))
                if size > limit:
                    break
        os.replace(name + ".partial", name)
    return path


def corpus_lines(options, language):
    folder = os.path.join(options.corpora, language)
    for name in ("prose.jsonl", "messages.jsonl"):
        if os.path.exists(os.path.join(folder, name)):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield from (line for line in file if len(line) <= LONGEST_LINE)


def folder(options, name, seed):
    word = name.replace(" %", "").replace(",", "").replace(" ", "-")
    return os.path.join(options.output, f"{options.language}-{word}-{seed}")


def call(options, *arguments):
    threads = ["--threads", str(options.threads)] if options.threads else []
    command = [options.tessera, *arguments, *threads, "--quiet"]
    print(" ".join(command), file=sys.stderr, flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def rate(options, texts):
    """The learning rate that is chosen for the run with the default options."""
    if not hasattr(rate, "value"):
        plan = call(options, *adapt_arguments(options, texts, [], 0, folder(options, "plan", 0)),
                    "--dry-run", "--json")
        rate.value = json.loads(plan)["learning_rate"]
    return rate.value


def adapt_arguments(options, texts, own, seed, output):
    return ["adapt", "--model", options.model, "--corpus", texts[options.language], "--replay", texts["en"],
            *COMMON, *own, "--precision", options.precision, "--seed", str(seed), "--output", output]


def generate(options, path):
    """As many texts as have about the size of the others, at the model's own odds."""
    text = call(options, "generate", "--model", options.model, "--samples", str(TEXT_SIZE // 1_500),
                "--tokens", "500", "--temperature", "1", "--top-p", "1")
    with open(path + ".partial", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".partial", path)


def adapt(options, texts, name, seed, generated):
    output = folder(options, name, seed)
    if not os.path.exists(os.path.join(output, "report.json")):
        train(options, texts, name, seed, generated, output)
    score(options, texts, output, output)


def train(options, texts, name, seed, generated, output):
    def chosen(word):
        if word[-1:] == "x" and word[0].isdigit():
            return str(float(word[:-1]) * rate(options, texts))
        return generated if word == GENERATED else word

    own = [chosen(word) for word in RUNS[name]]
    resume = ["--resume"] if os.path.exists(os.path.join(output, "run.json")) else []
    call(options, *adapt_arguments(options, texts, own, seed, output), *resume)


def mixed(share):
    return f"base {share:g}"


def interpolate(options, texts, share, seed):
    """Scores the model between the base and what was trained without replay."""
    output = folder(options, mixed(share), seed)
    adapted = folder(options, "replay 0", seed)
    if share in (0, 1):
        model = options.model if share else adapted
    else:
        model = output
        if not os.path.exists(output):
            call(options, "merge", "--model", adapted, "--with", options.model, "--alpha", str(share),
                 "--output", output)
    score(options, texts, model, output)


def score(options, texts, model, output):
    """Leaves the bits per byte of a model on text that no run has seen."""
    path = output + ".json"
    if os.path.exists(path):
        return
    held_out = [f"{language}={text[:-len('.jsonl')]}-held-out.jsonl" for language, text in texts.items()]
    found = call(options, "evaluate", "--model", model, "--corpus", *held_out, "--json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(found)


def scores(options, name, seed):
    """Bits per byte of the new and of the old language; None if they are not there."""
    path = folder(options, name, seed) + ".json"
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    return tuple(found[name]["bits_per_byte"] for name in (options.language, "en"))


def worst(options, name, seed):
    """How much worse the replayed language was at worst than before the first step, on text held out of it."""
    with open(os.path.join(folder(options, name, seed), "metrics.jsonl"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    course = [line["bits_per_byte"]["en"] for line in lines if "en" in line.get("bits_per_byte", {})]
    return max(course) - course[0] if course else float("nan")


def print_table(title, names, options):
    print(f"\n{title}\n\n| run | {options.language}, bits per byte | en, change | en, worst change on the way |")
    print("| --- | --- | --- | --- |")
    for name in names:
        rows = []
        for seed in range(options.seeds):
            found, base = scores(options, name, seed), scores(options, mixed(1), seed)
            if found and base:
                rows.append((found[0], found[1] - base[1], worst(options, name, seed)))
        print_row(name, rows)


def print_mixtures(options):
    print(f"\nbetween what was trained without replay (0) and the base (1)\n\n"
          f"| share of the base | {options.language}, bits per byte | en, bits per byte |\n| --- | --- | --- |")
    for share in SHARES:
        found = [scores(options, mixed(share), seed) for seed in range(options.seeds)]
        print_row(f"{share:g}", [row for row in found if row])


def print_row(name, rows):
    cells = [f"{statistics.mean(column):.3f}" + (f" ± {statistics.stdev(column):.3f}" if len(rows) > 1 else "")
             for column in zip(*rows)]
    print(f"| {name} | {' | '.join(cells)} |" if rows else f"| {name} | not there |")


if __name__ == "__main__":
    main()
