"""Compares Tessera with its peers in one run, and prints a table. `make bench` calls it.

    python compare.py --bench PATH --tessera PATH [--help for the rest]

The README beside this file says what is compared and how to read the table.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

from comparison import cases, corpora, machine, reporting, running

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = ["encode", "train", "step"]


def main():
    options = parsed_options()
    description = running.Variant(
        "describe", [options.bench, "describe", "--pattern", options.pattern]).run()
    where = machine.description(description)
    if options.precisions is None:
        options.precisions = ["f32", "bf16"] if where["bf16_instruction_set"] else ["f32"]
    folder = record_folder(options, where) if options.record else None
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as work:
        comparisons = list(chosen(options, pattern_files(description["expressions"], work), work))
        results = running.run(comparisons, options.rounds)
        rows = [row for c in comparisons for row in reporting.summary(c, results[c.name])]

    print(f"{where['processor']}, {where['processors']} processors, OpenBLAS {where['openblas_core']}, "
          f"kernels {where['instruction_set']} and {where['bf16_instruction_set']}, load {where['load_before']} before the run")
    print(", ".join(f"{name} {version}" for name, version in where["versions"].items()))
    print(f"medians of {options.rounds} rounds; a peer's ratios: its time by Tessera's\n")
    table = reporting.table(rows)
    print(table, *["", *reporting.goals(rows)], sep="\n")
    if folder:
        record(folder, table, {
            "date": options.date, "commit": machine.commit(), "arguments": sys.argv[1:],
            "build": "swift build -c release", "machine": where, "rounds": options.rounds,
            "summary": rows, "results": results,
        })


def chosen(options, patterns, work):
    """The comparisons that were asked for."""
    if "encode" in options.cases:
        yield from cases.encoding(options, patterns, work)
    if "train" in options.cases:
        yield from cases.training(options, patterns, work)
    if "step" in options.cases:
        yield from cases.steps(options)


def pattern_files(expressions, work):
    """For each library, a file with the pattern as the library spells it."""
    spellings = {
        "tiktoken": "tiktoken", "rustbpe": "tiktoken", "gigatoken": "tiktoken",
        "fastokens": "tiktoken", "tokenizers": "hugging_face"}
    paths = {}
    for library, spelling in spellings.items():
        paths[library] = os.path.join(work, f"pattern-{library}.txt")
        with open(paths[library], "w", encoding="utf-8") as file:
            file.write(expressions[spelling] + "\n")
    return paths


def record_folder(options, where):
    """Where the run will be kept; looked at before hours have passed."""
    name = f"{options.date}-{machine.slug(where['processor'])}"
    if options.cases != CASES:
        name += "-" + "-".join(options.cases)
    folder = os.path.join(HERE, "Results", name)
    if os.path.exists(folder):
        sys.exit(f"{folder} is there already: a recorded run is not overwritten")
    return folder


def record(folder, table, run):
    os.makedirs(folder)
    with open(os.path.join(folder, "run.json"), "w", encoding="utf-8") as file:
        json.dump(run, file, indent=1)
        file.write("\n")
    with open(os.path.join(folder, "table.txt"), "w", encoding="utf-8") as file:
        file.write(table + "\n")
    print(f"\nrecorded in {os.path.relpath(folder)}")


def parsed_options():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run.sh", description="Compares Tessera with its peers in one run.")
    parser.add_argument("--bench", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--tessera", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--date", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--corpora", default="corpora", metavar="DIR",
                        help="the folder that `make corpora` made (default: corpora)")
    parser.add_argument("--rounds", type=positive, default=5, help="timed rounds (default: 5)")
    parser.add_argument("--cases", type=listed(*CASES), metavar="A,B",
                        default=CASES, help="some of encode,train,step")
    parser.add_argument("--texts", type=listed(*corpora.TEXTS), default=list(corpora.TEXTS),
                        metavar="A,B", help="texts to encode: some of " + ",".join(corpora.TEXTS))
    parser.add_argument("--pattern", default="o200k", help="pre-tokenizer pattern (default: o200k)")
    parser.add_argument("--vocab-size", dest="vocabulary_size", type=positive, default=32_000,
                        help="tokens of the trained vocabularies (default: 32000)")
    parser.add_argument("--size", type=megabytes, default=megabytes("50"), metavar="MB",
                        help="bytes of each text, in millions, if it has as many (default: 50)")
    parser.add_argument("--slice", dest="slice_size", type=megabytes, default=megabytes("4"),
                        metavar="MB", help="the same for the comparison with the slow encoder of "
                        "tokenizers (default: 4)")
    parser.add_argument("--full", action="store_true",
                        help="train on up to 200 MB of each text, not --size")
    parser.add_argument("--threads", type=positive, default=machine.processor_count(),
                        help="threads of the model's steps (default: all processors)")
    parser.add_argument("--training-threads", default=[1, 2], metavar="N,N",
                        type=lambda text: [positive(n) for n in text.split(",")],
                        help="threads of the training of vocabularies, in turn (default: 1,2)")
    parser.add_argument("--models", type=listed(*cases.MODELS), default=list(cases.MODELS),
                        metavar="A,B", help="models to train: some of " + ",".join(cases.MODELS))
    parser.add_argument("--precisions", type=listed("f32", "bf16"), metavar="A,B",
                        help="of the model's steps: f32, bf16 (default: those of this processor)")
    parser.add_argument("--compiled", action="store_true", help="compare with torch.compile as well")
    parser.add_argument("--record", action="store_true",
                        help="keep the raw numbers in Benchmarks/Results")
    options = parser.parse_args()
    options.training_size = 200_000_000 if options.full else options.size
    if not os.path.isdir(options.corpora) and {"encode", "train"} & set(options.cases):
        parser.error(f"{options.corpora} is missing; `make corpora` makes it")
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number


def megabytes(text):
    return int(float(text) * 1e6)


def listed(*allowed):
    """A parser of names with commas between."""
    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(allowed)}")
        return names
    return parse


if __name__ == "__main__":
    try:
        main()
    except (running.Mismatch, running.Failure) as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}: exit status {error.returncode}")
