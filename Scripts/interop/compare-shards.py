"""Reads shards that tessera wrote, by the definitions of their formats and by their programs' readers.

    python compare-shards.py TESSERA --tokenizer TOKENIZER CORPUS...

TESSERA is the executable; TOKENIZER is a folder with tokenizer.json; each corpus is a text file, one
document a line. Every token of every document is compared with what tokenizers gives. The formats are read
with numpy by their definitions; where megatron-core and datatrove can be imported, their readers read the
same files (they are not among the peers: pip install megatron-core datatrove).
"""
import importlib
import json
import os
import pathlib
import tempfile

import numpy as np
from tokenizers import Tokenizer

from comparison import Report, parser, run

FORMATS = ["tessera", "megatron", "llmc", "nanotron", "raw"]
SHARD_TOKENS = 50_000


def expected_documents(tokenizer, paths):
    """The tokens of each line that is not empty, in order."""
    lines = []
    for path in paths:
        data = pathlib.Path(path).read_bytes().decode("utf-8")
        lines += [line.removesuffix("\r") for line in data.split("\n")]
    lines = [line for line in lines if line]
    return [e.ids for e in tokenizer.encode_batch(lines, add_special_tokens=False)]


def cut(tokens, ends):
    """A list of tokens cut at the ends of documents."""
    starts = np.concatenate(([0], ends[:-1])).astype(np.int64)
    return [tokens[a:b].tolist() for a, b in zip(starts, ends)]


def read_tessera(shard, folder):
    """A shard of our own, by the table of Docs/Formats.md."""
    data = (folder / shard["name"]).read_bytes()
    assert data[:8] == b"TESSERAS"
    version, width = np.frombuffer(data, "<u4", 2, 8)
    tokens, documents, vocabulary = np.frombuffer(data, "<u8", 3, 16)
    assert version == 1 and bytes(data[104:120]) == bytes(16)
    place = 128 + int(tokens) * int(width)
    place += -place % 64
    assert len(data) == place + 16 * int(documents)
    ids = np.frombuffer(data, f"<u{width}", int(tokens), 128)
    assert ids.max() < vocabulary
    table = np.frombuffer(data, "<u8", 2 * int(documents), place).reshape(-1, 2)
    assert int(table[:, 1].sum()) == np.frombuffer(data, "<u8", 1, 48)[0] == shard["bytes"]
    return cut(ids, table[:, 0])


def read_megatron(shard, folder):
    """A pair of files, as megatron/core/datasets/indexed_dataset.py defines them."""
    index = (folder / (shard["name"] + ".idx")).read_bytes()
    assert index[:9] == b"MMIDIDX\0\0" and np.frombuffer(index, "<u8", 1, 9)[0] == 1
    kind = {8: "<u2", 4: "<i4"}[index[17]]
    sequences, boundaries = map(int, np.frombuffer(index, "<u8", 2, 18))
    lengths = np.frombuffer(index, "<i4", sequences, 34)
    pointers = np.frombuffer(index, "<i8", sequences, 34 + 4 * sequences)
    documents = np.frombuffer(index, "<i8", boundaries, 34 + 12 * sequences)
    assert documents.tolist() == list(range(sequences + 1))
    assert len(index) == 34 + 12 * sequences + 8 * boundaries
    tokens = np.fromfile(folder / (shard["name"] + ".bin"), kind)
    assert (pointers == (np.cumsum(lengths) - lengths) * tokens.itemsize).all()
    return cut(tokens, np.cumsum(lengths))


def read_nanotron(shard, folder):
    """Three files, as datatrove's TokenizedFile writes them."""
    name, count, people = (folder / (shard["name"] + ".metadata")).read_text().split("\n")
    tokens = np.fromfile(folder / shard["name"], f"<u{name.split('|')[1]}")
    assert len(tokens) == int(count) and people.endswith("T")
    return cut(tokens, np.fromfile(folder / (shard["name"] + ".index"), "<u8"))


def read_raw(shard, folder):
    """Two files, as torchtitan's example of a source of tokens reads them."""
    tokens = np.memmap(folder / shard["name"], dtype=np.uint32, mode="r")
    offsets = np.load((folder / shard["name"]).with_name("document_offsets.npy"))
    assert offsets[0] == 0 and offsets[-1] == len(tokens)
    return cut(tokens, offsets[1:])


def read_llmc(shards, folder, end_of_text):
    """All shards of a part, as llmc/dataloader.h reads each; documents begin at end-of-text tokens."""
    parts = []
    for shard in shards:
        path = folder / shard["name"]
        header = np.fromfile(path, "<i4", 256)
        assert tuple(header[:2]) in {(20240520, 1), (20240801, 7)} and not header[3:].any()
        kind = "<u2" if header[1] == 1 else "<u4"
        parts.append(np.fromfile(path, kind, offset=1024))
        assert len(parts[-1]) == header[2]
        assert os.path.getsize(path) == 1024 + header[2] * parts[-1].itemsize
    tokens = np.concatenate(parts)
    starts = np.flatnonzero(tokens == end_of_text)
    assert starts[0] == 0
    return [d[1:] + d[:1] for d in cut(tokens, np.append(starts[1:], len(tokens)))]


def read_part(shards, folder, layout, end_of_text):
    """The documents of a part, without their end-of-text tokens."""
    if layout == "llmc":
        documents = read_llmc(shards, folder, end_of_text)
    else:
        reader = globals()["read_" + layout]
        documents = [d for shard in shards for d in reader(shard, folder)]
    assert all(d[-1] == end_of_text for d in documents)
    return [d[:-1] for d in documents]


def optional(name):
    """A module, or nothing where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print(f"skipped {name}: {error}")
        return None


def compare_megatron(report, folder, record):
    """Megatron's own reader on the files that have been read by definition."""
    module = optional("megatron.core.datasets.indexed_dataset")
    if not module:
        return
    version = optional("megatron.core").__version__
    for shard in record["train"]["shards"]:
        dataset = module.IndexedDataset(str(folder / shard["name"]))
        found = [dataset[i].tolist() for i in range(len(dataset))]
        equal = found == read_megatron(shard, folder)
        starts = dataset.document_indices.tolist() == list(range(len(found) + 1))
        report.check(equal and starts, f"megatron-core {version}, IndexedDataset",
                     f"{len(found)} documents")


def compare_datatrove(report, folder, record):
    """datatrove's dataset, which is nanotron's, on the files that have been read by definition."""
    module = optional("datatrove.utils.dataset")
    if not module:
        return
    from importlib.metadata import version
    length = 127
    first = record["train"]["shards"][0]
    width = record["bytes_per_token"]
    dataset = module.DatatroveFolderDataset(
        str(folder / "train"), length, filename_pattern="*.ds",
        recursive=False, token_size=width, return_positions=True)
    windows = [w for shard in record["train"]["shards"] for w in np.fromfile(
        folder / shard["name"], f"<u{width}")[:shard["tokens"] // (length + 1) * (length + 1)
                                              ].reshape(-1, length + 1)]
    found = [dataset[i]["input_ids"].numpy() for i in range(len(dataset))]
    equal = len(found) == len(windows) and all((a == b).all() for a, b in zip(found, windows))
    ends = np.fromfile(folder / (first["name"] + ".index"), "<u8")
    positions = dataset[0]["positions"].tolist()
    expected, start = [], 0
    for place in range(length + 1):
        if place in ends:
            start = place
        expected.append(place - start)
    report.check(equal and positions == expected,
                 f"datatrove {version('datatrove')}, DatatroveFolderDataset",
                 f"{len(found)} windows, positions of the first")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--tokenizer", required=True)
    arguments.add_argument("corpora", nargs="+")
    arguments = arguments.parse_args()
    report = Report()
    tokenizer = Tokenizer.from_file(os.path.join(arguments.tokenizer, "tokenizer.json"))
    expected = sorted(expected_documents(tokenizer, arguments.corpora))
    for layout in FORMATS + ["llmc, four bytes", "nanotron, four bytes"]:
        name, _, wide = layout.partition(", ")
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work) / "shards"
            options = ["--token-bytes", 4] if wide else []
            if name != "raw":
                options += ["--shard-tokens", SHARD_TOKENS]
            run(arguments.tessera, "shard", "--quiet", "--tokenizer", arguments.tokenizer,
                *arguments.corpora, "--lines", "--format", name, "--held-out", 0.05,
                "--output", folder, *options)
            record = json.loads((folder / "shards.json").read_text())
            parts = {part: read_part(record[part]["shards"], folder, name, record["end_of_text"])
                     for part in ["train", "validation"]}
            counts = all(len(parts[p]) == record[p]["documents"] for p in parts)
            found = sorted(parts["train"] + parts["validation"])
            shards = sum(len(record[part]["shards"]) for part in parts)
            report.check(counts and found == expected, f"{layout}, numpy {np.__version__}",
                         f"{len(found)} documents, {sum(map(len, found))} tokens, {shards} shards")
            if name == "megatron":
                compare_megatron(report, folder, record)
            if name == "nanotron":
                compare_datatrove(report, folder, record)
    report.finish()


if __name__ == "__main__":
    main()
