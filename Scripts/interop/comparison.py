"""What the comparisons with the peers have in common: arguments, runs of tessera, texts, the count."""
import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile

# Published vocabularies, where they lie beside the project.
RANKS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "../../../shared/data/tokenizers")


class Report:
    """Counts what holds and what does not, with a line for each."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, holds, what, detail=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        line = f"{'ok   ' if holds else 'FAIL '} {what}" + (f": {detail}" if detail else "")
        print(line, flush=True)

    def compare(self, what, texts, expected, found):
        """Whether the IDs of each text are those of the peer; tells the first text where not."""
        total = sum(map(len, expected))
        for text, a, b in zip(texts, expected, found, strict=True):
            if list(a) != list(b):
                self.check(False, f"{what}: {text[:60]!r}",
                           f"\n  expected {list(a)[:30]}\n  found    {list(b)[:30]}")
                return
        self.check(True, f"{what}, {total} tokens")

    def finish(self):
        """Ends the program: with 1 if anything failed, or nothing was compared."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


def parser(documentation, program="tessera"):
    """A parser of arguments that begin with the program to compare."""
    result = argparse.ArgumentParser(description=documentation.splitlines()[0])
    result.add_argument(program)
    return result


def run(tessera, *arguments):
    """The output of a run that must succeed."""
    return subprocess.run([tessera, *map(str, arguments)], check=True, capture_output=True).stdout


def convert(report, tessera, source, target, output):
    """Converts a tokenizer: true if it worked, false if tessera named what the format cannot say."""
    result = subprocess.run(
        [tessera, "convert", "--quiet", "--from", source, "--to", target, "--output", output],
        capture_output=True, text=True)
    if result.returncode:
        print(f"refused {source} to {target}: {result.stderr.strip()}")
        if result.returncode != 65 or "cannot express" not in result.stderr:
            report.check(False, f"{source} to {target} ends with {result.returncode}")
    return result.returncode == 0


def encode(tessera, tokenizer, texts, *options):
    """The IDs of each text; texts may hold anything."""
    with tempfile.TemporaryDirectory() as folder:
        lines = os.path.join(folder, "texts.jsonl")
        write_lines(lines, texts)
        output = run(tessera, "encode", "--quiet", "--tokenizer", tokenizer, *options, lines)
    return [[int(word) for word in line.split()] for line in output.decode().split("\n")[:-1]]


def write_lines(path, texts, key="text"):
    """Writes a JSON object for each text on a line of its own."""
    with open(path, "w", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps({key: text}) + "\n")


def read_text(path):
    """A file as it is, line ends included."""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def documents(paths, hostile):
    """Names with lists of texts: hostile ones, and each file in parts."""
    yield "hostile strings", hostile
    for path in paths:
        whole = read_text(path)
        yield os.path.basename(path), [whole[i:i + 50000] for i in range(0, len(whole), 50000)]


def unpack(source, path):
    """Writes the content of a .gz file."""
    with gzip.open(source) as compressed, open(path, "wb") as file:
        shutil.copyfileobj(compressed, file)
