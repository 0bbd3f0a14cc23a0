#!/usr/bin/env python3
"""Builds large real corpora out of the documentation packages of a Debian or Ubuntu release.

Downloads a list of packages with `apt-get download` into a cache, reads the texts in them without
unpacking to disk or installing anything, cleans them, leaves exact duplicates out, and writes
JSON lines and plain text for each language, a mixture for benchmarks, and a manifest.
CORPORA.md beside this file says what comes out.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from corpora_builder import assembling, downloading, extraction, packages

PROSE_LIMIT = 13_000_000  # bytes, of a language other than English
MESSAGES_LIMIT = 7_000_000
LEAST_LANGUAGE_SIZE = 400_000  # bytes; languages with less are left out unless they are asked for
ALWAYS = ("en", "hi", "sw", "ko", "tr", "ar", "ja")  # the languages of our sample texts
MIXTURE_SIZE = 125_000_000


def main():
    options = parsed_options()
    started = time.monotonic()
    output = os.path.abspath(options.output)
    cache = os.path.abspath(options.cache or os.path.join(output, ".cache"))
    os.makedirs(output, exist_ok=True)
    os.makedirs(cache, exist_ok=True)
    languages = set(options.languages.split(",")) if options.languages else None

    sources, known = chosen_packages(languages)
    failed = downloading.download(
        [name for _, name in sources], known, os.path.join(cache, "packages")
    )
    for name in failed:
        print(f"skipped: {name} could not be downloaded", file=sys.stderr)
    sources = [(source, name) for source, name in sources if name not in failed]
    print(f"{elapsed(started)} reading {len(sources)} packages", file=sys.stderr)

    folders = extracted(sources, known, cache, options.workers)
    print(f"{elapsed(started)} writing", file=sys.stderr)
    files = written(sources, folders, output, languages, options.english_bytes, options.workers)

    if languages is None or len(languages) > 1:
        files["mixed.txt"] = assembling.mixture(output, mixture_parts(files), MIXTURE_SIZE)
    manifest = {
        "files": files,
        "packages": {
            name: {"version": known[name]["version"], "sha256": known[name]["sha256"]}
            for _, name in sources
        },
    }
    target = assembling.OutputFile(os.path.join(output, "MANIFEST.json"))
    target.write(json.dumps(manifest, indent=1, sort_keys=True).encode("utf-8") + b"\n")
    target.finish()
    report(files)
    print(f"{elapsed(started)} done", file=sys.stderr)


def parsed_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", required=True, help="folder for the corpora")
    parser.add_argument(
        "--cache",
        help="folder for the downloads and what was read in them (default: OUTPUT/.cache)",
    )
    parser.add_argument("--languages", help="codes with commas between them (default: all)")
    parser.add_argument(
        "--english-bytes",
        type=int,
        default=240_000_000,
        help="bytes of English, seven tenths prose and the rest code (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    return parser.parse_args()


def elapsed(started):
    return f"[{time.monotonic() - started:4.0f} s]"


def chosen_packages(languages):
    """The packages of the list that the release has, and the archive's record of each."""
    wanted = [
        source
        for source in packages.ALL
        if languages is None or not source.language or source.language in languages
    ]
    names = [name for source in wanted for name in source.names.split("|")]
    known = downloading.records(names)
    if len(known) < len(names) // 4:
        downloading.update_lists()
        known = downloading.records(names)
    if not known:
        sys.exit("error: apt knows none of the packages; run apt-get update as root first")
    sources = []
    lacking = []
    for source in wanted:
        name = next((name for name in source.names.split("|") if name in known), None)
        if name is None:
            if not source.optional:
                lacking.append(source.names.replace("|", " or "))
        elif name not in {taken for other, taken in sources if other.kind == source.kind}:
            sources.append((source, name))
    if lacking:
        print(f"skipped, the release lacks them: {', '.join(lacking)}", file=sys.stderr)
    return sources, known


def extraction_key(source, record, program):
    described = repr(source) + record["sha256"] + program
    return hashlib.sha256(described.encode("utf-8")).hexdigest()[:16]


def extract(job):
    """Reads one package into a folder; the folder appears when it is whole."""
    source, name, deb, sha256, folder = job
    if os.path.isdir(folder):
        return name, None
    digest = hashlib.sha256()
    with open(deb, "rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() != sha256:
        return name, f"{deb} is not what the archive describes; delete it and run again"
    partial = f"{folder}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    os.makedirs(partial)
    extractor = extraction.Extractor(source, name)
    extractor.read_package(deb)
    extractor.write(partial)
    os.replace(partial, folder)
    return name, None


def extracted(sources, known, cache, workers):
    """Reads all packages, the largest first, and returns their folders."""
    program = extraction.program_hash()
    folder = os.path.join(cache, "read")
    os.makedirs(folder, exist_ok=True)
    jobs = []
    folders = []
    for source, name in sources:
        deb = os.path.join(cache, "packages", downloading.file_name(name, known[name]))
        target = os.path.join(
            folder, f"{name}-{source.kind}-{extraction_key(source, known[name], program)}"
        )
        folders.append(target)
        jobs.append((source, name, deb, known[name]["sha256"], target))
    remove_outdated(folder, folders)
    jobs.sort(key=lambda job: (-known[job[1]]["size"], job[1]))
    with multiprocessing.Pool(workers) as pool:
        for _, problem in pool.imap_unordered(extract, jobs):
            if problem:
                sys.exit(f"error: {problem}")
    return folders


def remove_outdated(folder, current):
    """Removes what was read out of other versions of the same packages."""
    current = {os.path.basename(path) for path in current}
    prefixes = {name.rsplit("-", 1)[0] for name in current}
    for name in os.listdir(folder):
        if name not in current and name.rsplit("-", 1)[0] in prefixes:
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def write_one_language(job):
    language, groups, output = job
    files = groups[0][1]
    selection = assembling.Selection()
    entries = assembling.write_language(
        output,
        language,
        [(group, selection.take(files, group, limit)) for group, files, limit in groups],
    )
    entries.update(assembling.write_pairs(output, language, files))
    return language, entries


def written(sources, folders, output, languages, english_size, workers):
    """Writes the files of all languages and returns their entries of the manifest."""
    found = {}
    for (source, _), folder in zip(sources, folders):
        for file in sorted(os.listdir(folder)):
            language = file[: -len(".jsonl")]
            path = os.path.join(folder, file)
            limit = int(source.limit * 1e6) if language == "en" else 0
            found.setdefault(language, []).append((path, limit, os.path.getsize(path)))
    jobs = []
    for language, files in sorted(found.items()):
        if languages is not None and language not in languages:
            continue
        wanted = language in (languages or ALWAYS)
        size = sum(size for _, _, size in files)
        if size < LEAST_LANGUAGE_SIZE and not wanted:
            continue
        paths = [(path, limit) for path, limit, _ in files]
        if language == "en":
            prose = english_size * 7 // 10
            groups = [("prose", paths, prose), ("code", paths, english_size - prose)]
        else:
            groups = [("prose", paths, PROSE_LIMIT), ("messages", paths, MESSAGES_LIMIT)]
        jobs.append((size, (language, groups, output)))
    jobs.sort(key=lambda job: (-job[0], job[1][0]))
    entries = {}
    with multiprocessing.Pool(workers) as pool:
        for language, files in pool.imap_unordered(write_one_language, [job for _, job in jobs]):
            size = files[language + ".txt"]["bytes"]
            if size < LEAST_LANGUAGE_SIZE and language not in (languages or ALWAYS):
                remove(output, files)
                continue
            entries.update(files)
    remove_stale(output, entries)
    return entries


def remove_stale(output, entries):
    """Removes what an earlier run wrote and this one did not."""
    try:
        with open(os.path.join(output, "MANIFEST.json"), encoding="utf-8") as handle:
            earlier = json.load(handle)["files"]
    except (OSError, ValueError, KeyError):
        return
    remove(output, [name for name in earlier if name not in entries and name != "mixed.txt"])


def remove(output, names):
    """Removes files of a corpus, and the folders that are empty then."""
    for name in names:
        path = os.path.join(output, name)
        if os.path.exists(path):
            os.remove(path)
        folder = os.path.dirname(path)
        if folder != output and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)


def mixture_parts(files):
    """Two fifths English prose, a fifth code, the rest in equal parts of the other languages."""
    parts = []
    others = sorted(
        name for name in files if name.endswith(".jsonl") and not name.startswith("en/")
    )
    if "en/prose.jsonl" in files:
        parts.append(("en/prose.jsonl", MIXTURE_SIZE * 2 // 5))
    if "en/code.jsonl" in files:
        parts.append(("en/code.jsonl", MIXTURE_SIZE // 5))
    languages = {name.split("/")[0] for name in others}
    if others:
        share = MIXTURE_SIZE * 2 // 5
        # The largest share for each language with which all of them together give the wanted size.
        sizes = {
            language: sum(files[name]["bytes"] for name in others if name.split("/")[0] == language)
            for language in languages
        }
        level = 1
        while level < share and sum(min(size, level) for size in sizes.values()) < share:
            level += 100_000
        for name in others:
            language = name.split("/")[0]
            parts.append(
                (name, files[name]["bytes"] * min(level, sizes[language]) // sizes[language])
            )
    return parts


def report(files):
    for name in sorted(files):
        if name.endswith(".txt"):
            entry = files[name]
            print(f"{name[:-4]}\t{entry['bytes']}\t{entry['documents']}")


if __name__ == "__main__":
    main()
