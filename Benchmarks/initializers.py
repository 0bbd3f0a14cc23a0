"""Compares methods of making new rows on the built-in model and three languages, and prints a table.

    make corpora
    python3 Benchmarks/initializers.py --output compared

Each language gets 1,000 new tokens out of 2 MB of its corpus, and each method the same 300 steps of 512 tokens
with three seeds; bits per byte of held-out text are taken before the first step, after 50 and after all.
`tessera compare` does it, language by language, and goes on where an earlier run was interrupted. With all
methods it takes about five hours of one processor.
"""
import argparse
import collections
import json
import os
import statistics
import subprocess
import sys

LANGUAGES = ["hi", "el", "ko"]
BASE_LANGUAGE = "en"
TEXT_SIZE = 2_000_000  # bytes of JSON lines
LONGEST_LINE = 40_000  # characters
PAIR_COUNT = 20_000
STEPS = [0, 50, 300]

# eeve is subword-mean in a tied model, and corrected-first needs a head of its own; clp and omp need another
# model that has tokens of the language.
GROUPS = {
    "plain": "subword-mean,length-weighted,first-last,adaptivocab,bil,merge-tree,copy,align,cw2v,"
             "mean,univariate,multivariate,script,random",
    "learned": "distill,reprogram,contextual",
    "words": "wechsel,ofa",
    "tokens": "focus",
    "pairs": "transtok",
}


def main():
    options = parsed_options()
    if not options.table_only:
        data = os.path.join(options.output, "data")
        os.makedirs(data, exist_ok=True)
        for language in [BASE_LANGUAGE] + options.languages:
            write_text(options.corpora, language, data)
        for language in options.languages:
            write_translations(options.corpora, language, data)
            for group in options.groups:
                run(options, data, language, group)
    print(table(read_runs(options), options.languages))


def parsed_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tessera", default=".build/release/tessera", help="the executable")
    parser.add_argument("--output", required=True, help="folder for texts and runs")
    parser.add_argument("--model", default="models/base-en")
    parser.add_argument("--corpora", default="corpora", help="what `make corpora` has made")
    parser.add_argument("--languages", default=",".join(LANGUAGES), type=lambda x: x.split(","))
    parser.add_argument("--groups", default=",".join(GROUPS), type=lambda x: x.split(","),
                        help=f"methods that run together: {', '.join(GROUPS)}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="threads of a run (default: all)")
    parser.add_argument("--table-only", action="store_true", help="print what is there")
    return parser.parse_args()


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read().rstrip("\n").split("\n")


def write(path, lines):
    """Leaves files that are there: runs that go on have to see the same text."""
    if not os.path.exists(path):
        with open(path + ".partial", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.replace(path + ".partial", path)


def write_text(corpora, language, data):
    """Documents from all over the corpus, prose first."""
    taken, kept = 0, []
    for kind in ["prose"] if language == BASE_LANGUAGE else ["prose", "messages"]:
        lines = [line for line in lines_of(f"{corpora}/{language}/{kind}.jsonl")
                 if len(line) < LONGEST_LINE]
        total = sum(len(line.encode()) for line in lines)
        for line in lines[::max(1, total // max(1, TEXT_SIZE - taken))]:
            if taken < TEXT_SIZE:
                taken += len(line.encode())
                kept.append(line)
    write(f"{data}/{language}.jsonl", kept)


def write_translations(corpora, language, data):
    """Pairs from all over the messages, and a dictionary of those that are a word each."""
    pairs = [line.split("\t") for line in lines_of(f"{corpora}/{language}/parallel.tsv")]
    write(f"{data}/{language}.pairs.tsv",
          ["\t".join(pair) for pair in pairs[::max(1, len(pairs) // PAIR_COUNT)]])
    translations = collections.defaultdict(collections.Counter)
    for source, target in pairs:
        if source.isalpha() and len(target) > 1 and not set(target) & set(" <>&"):
            translations[source.lower()][target] += 1
    write(f"{data}/{language}.dictionary.tsv",
          [f"{word}\t{found.most_common(1)[0][0]}" for word, found in sorted(translations.items())])


def run(options, data, language, group):
    extra = {
        "words": ["--source-corpus", f"{data}/{BASE_LANGUAGE}.jsonl",
                  "--dictionary", f"{data}/{language}.dictionary.tsv"],
        "pairs": ["--parallel", f"{data}/{language}.pairs.tsv"],
    }.get(group, [])
    output = f"{options.output}/{language}-{group}"
    subprocess.run(
        [options.tessera, "compare", "--model", options.model, "--name", language,
         "--corpus", f"{data}/{language}.jsonl", "--replay", f"{data}/{BASE_LANGUAGE}.jsonl",
         "--new-tokens", "1000", "--steps", str(STEPS[-1]),
         "--at", ",".join(map(str, STEPS[:-1])),
         "--batch-tokens", "512", "--context", "256", "--held-out", "0.05",
         "--seeds", str(options.seeds), "--init", GROUPS[group],
         *([] if options.threads is None else ["--threads", str(options.threads)]),
         *extra, "--resume", "--output", output],
        check=True, stdout=sys.stderr)


def read_runs(options):
    """{(method, language, step): [bits per byte of each seed]}, and under (method, None) those of English."""
    found = collections.defaultdict(list)
    for language in options.languages:
        for group in GROUPS:
            path = f"{options.output}/{language}-{group}/run.json"
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                runs = json.load(file).get("runs", [])
            for one in runs:
                for score in one["bits_per_byte"]:
                    new, old = (entry["bits_per_byte"] for entry in score["corpora"])
                    found[one["method"], language, score["step"]].append(new)
                    found[one["method"], BASE_LANGUAGE, score["step"]].append(old)
    return found


def table(found, languages):
    """Means over the seeds, and the deviation after the last step; the best mean of all languages first."""
    last = STEPS[-1]

    def text(value):
        return "-" if value is None else f"{value:.3f}"

    def mean(*key):
        return statistics.mean(found[key]) if found.get(key) else None

    def total(method):
        means = [mean(method, language, last) for language in languages]
        return None if None in means else statistics.mean(means)

    methods = sorted({key[0] for key in found}, key=lambda m: (total(m) is None, total(m) or 0, m))
    header = ["method"]
    header += [f"{language} {step}" for language in languages for step in STEPS]
    header += [f"mean {last}", f"{BASE_LANGUAGE} {STEPS[0]}", f"{BASE_LANGUAGE} {last}", "seeds"]
    rows = [header, ["---"] * len(header)]
    for method in methods:
        row = [method]
        for language in languages:
            for step in STEPS:
                cell = text(mean(method, language, step))
                values = found.get((method, language, step), [])
                if step == last and len(values) > 1:
                    cell += f" ± {statistics.stdev(values):.3f}"
                row.append(cell)
        seeds = min(len(found.get((method, language, last), [])) for language in languages)
        row += [text(total(method))]
        row += [text(mean(method, BASE_LANGUAGE, step)) for step in (STEPS[0], last)]
        row += [str(seeds)]
        rows.append(row)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
