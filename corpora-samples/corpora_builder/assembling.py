"""Documents of all packages to the files of one language: limits, duplicates, order, hashes."""

import hashlib
import json
import os
import re

from . import cleaning

LONG_LINE = 80  # characters; longer lines are kept once in a language


def document_key(text):
    return hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest()


class OutputFile:
    """A file that appears under its name only when it is whole."""

    def __init__(self, path):
        self.path = path
        self.partial = path + ".partial"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.handle = open(self.partial, "wb")
        self.digest = hashlib.sha256()
        self.size = 0
        self.documents = 0

    def write(self, data):
        self.handle.write(data)
        self.digest.update(data)
        self.size += len(data)

    def finish(self):
        self.handle.flush()
        os.fsync(self.handle.fileno())
        self.handle.close()
        os.replace(self.partial, self.path)
        return {"bytes": self.size, "documents": self.documents, "sha256": self.digest.hexdigest()}


class Selection:
    """The documents of one language that stay, in order, without duplicates."""

    def __init__(self):
        self.known_documents = set()
        self.known_lines = set()

    def without_known_lines(self, text, every):
        """The text without lines that were there before, the share left out, and its new lines.

        Long lines are kept once in a language; of messages, every line is.
        """
        lines = []
        added = set()
        dropped = 0
        for line in text.split("\n"):
            if line and (every or len(line) > LONG_LINE):
                key = document_key(line)
                if key in self.known_lines or key in added:
                    dropped += len(line)
                    continue
                added.add(key)
            lines.append(line)
        if dropped:
            text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
        return text, dropped / max(1, dropped + len(text)), added

    def take(self, files, kind, total_limit):
        """Yields (text, source) out of [(file, limit in bytes)], at most `total_limit` bytes."""
        total = 0
        for path, limit in files:
            documents = list(self.fresh_documents(path, kind))
            kept = sample(documents, limit) if limit else None
            for key, text, source in documents:
                if kept is not None and key not in kept:
                    continue
                size = len(text.encode("utf-8"))
                if total + size > total_limit:
                    return
                total += size
                yield text, source

    def fresh_documents(self, path, kind):
        with open(path, encoding="utf-8") as handle:
            for line in handle:
                document = json.loads(line)
                if document["kind"] != kind:
                    continue
                text = document["text"]
                key = document_key(text)
                if key in self.known_documents:
                    continue
                if kind != "code":
                    text, dropped, added = self.without_known_lines(text, kind == "messages")
                    # A page that lost half of itself is a copy; messages stay useful.
                    if kind == "prose" and dropped > 0.5:
                        continue
                    if len(text.encode("utf-8")) < cleaning.LEAST_DOCUMENT_SIZE:
                        continue
                    self.known_lines |= added
                self.known_documents.add(key)
                yield key, text, document["source"]


def sample(documents, limit):
    """The keys of documents of about `limit` bytes: those with the smallest hashes."""
    kept = set()
    size = 0
    for key, text, _ in sorted(documents):
        size += len(text.encode("utf-8"))
        if size > limit:
            break
        kept.add(key)
    return kept


def write_language(output, language, groups):
    """Writes `LANGUAGE/GROUP.jsonl` and `LANGUAGE.txt`; returns their entries of the manifest.

    `groups` is a list of (group, iterator of (text, source)).
    """
    entries = {}
    whole = OutputFile(os.path.join(output, language + ".txt"))
    for group, documents in groups:
        name = f"{language}/{group}.jsonl"
        lines = OutputFile(os.path.join(output, name))
        for text, source in documents:
            record = json.dumps(
                {"source": source, "text": text}, ensure_ascii=False, sort_keys=True
            )
            lines.write(record.encode("utf-8") + b"\n")
            lines.documents += 1
            whole.write((b"\n" if whole.size else b"") + text.encode("utf-8") + b"\n")
            whole.documents += 1
        entry = lines.finish()
        if entry["documents"]:
            entries[name] = entry
        else:
            os.remove(lines.path)
    entry = whole.finish()
    entries[language + ".txt"] = entry
    return entries


def write_pairs(output, language, files):
    """Writes `LANGUAGE/parallel.tsv`, each pair once; returns its entry of the manifest."""
    name = f"{language}/parallel.tsv"
    target = OutputFile(os.path.join(output, name))
    known = set()
    for path, _ in files:
        with open(path, encoding="utf-8") as handle:
            for line in handle:
                document = json.loads(line)
                if document["kind"] != "pairs":
                    continue
                for pair in document["text"].split("\n"):
                    key = document_key(pair)
                    if key not in known:
                        known.add(key)
                        target.write(pair.encode("utf-8") + b"\n")
                        target.documents += 1
    entry = target.finish()
    if entry["documents"]:
        return {name: entry}
    os.remove(target.path)
    return {}


def mixture(output, parts, limit):
    """Writes `mixed.txt`: documents of all parts in an order that a hash gives.

    `parts` is a list of (JSON lines file, bytes of it that are taken).
    """
    chosen = []
    for name, share in parts:
        documents = []
        offset = 0
        with open(os.path.join(output, name), "rb") as handle:
            for line in handle:
                digest = hashlib.blake2b(name.encode() + b"\0" + line, digest_size=8).digest()
                documents.append((digest, name, offset, len(line)))
                offset += len(line)
        size = 0
        for document in sorted(documents):
            size += document[3]
            if size > share:
                break
            chosen.append(document)
    chosen.sort()
    handles = {}
    target = OutputFile(os.path.join(output, "mixed.txt"))
    for _, name, offset, length in chosen:
        if name not in handles:
            handles[name] = open(os.path.join(output, name), "rb")
        handles[name].seek(offset)
        text = json.loads(handles[name].read(length).decode("utf-8"))["text"].encode("utf-8")
        if target.size + len(text) + 2 > limit:
            break
        target.write((b"\n" if target.size else b"") + text + b"\n")
        target.documents += 1
    for handle in handles.values():
        handle.close()
    return target.finish()
