"""Benchmark texts out of the folder that `make corpora` makes."""
import json
import os

# The name in the tables, and where the text is: plain text, or JSON lines with the field "text".
TEXTS = {
    "english": "en.txt",
    "japanese": "ja.txt",
    "hindi": "hi.txt",
    "mixed": "mixed.txt",
    "code": os.path.join("en", "code.jsonl"),
}


def cut(corpora, text, size, folder):
    """The path of a file in `folder` with the first `size` bytes of a text, less the last line."""
    source = os.path.join(corpora, TEXTS[text])
    path = os.path.join(folder, f"{text}-{size}.txt")
    if not os.path.exists(path):
        data = first_bytes(source, size)
        if len(data) >= size:
            data = data[:data.rfind(b"\n", 0, size) + 1]
        data.decode("utf-8")  # raises where a cut or a corpus is not UTF-8
        with open(path, "wb") as file:
            file.write(data)
    return path


def first_bytes(source, size):
    if not source.endswith(".jsonl"):
        with open(source, "rb") as file:
            return file.read(size)
    parts, total = [], 0
    with open(source, encoding="utf-8") as file:
        for line in file:
            parts.append(json.loads(line)["text"].encode("utf-8") + b"\n")
            total += len(parts[-1])
            if total >= size:
                break
    return b"".join(parts)


def megabytes(path):
    """The size of a file for a name, in millions of bytes."""
    size = os.path.getsize(path) / 1e6
    return f"{size:.0f}MB" if size >= 10 else f"{size:.1f}MB"
