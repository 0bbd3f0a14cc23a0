#!/usr/bin/env python3
"""Makes Tests/Fixtures/splitting/: how tokenizers splits texts, by named patterns and others.

    python Tests/Fixtures/make-splitting-goldens.py

Needs tokenizers 0.23.3. The patterns are those of Scripts/interop/compare-splitting.py. Everything is
made from a fixed seed: no file is read, so the result is the same on every machine.
"""
import importlib.util
import json
import pathlib
import sys

import tokenizers

ROOT = pathlib.Path(__file__).resolve().parent
SCRIPT = ROOT.parent.parent / "Scripts/interop/compare-splitting.py"
TEXT_COUNT = 120
# The script takes a module from beside itself.
sys.path.insert(0, str(SCRIPT.parent))


def main():
    assert tokenizers.__version__ == "0.23.3"
    specification = importlib.util.spec_from_file_location("splitting", SCRIPT)
    splitting = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(splitting)
    texts = splitting.random_texts(TEXT_COUNT, seed=9)[:TEXT_COUNT]
    cases = list(splitting.NAMED.items())
    cases += [(expression, splitting.split(expression)) for expression in splitting.OTHERS]
    lines = [json.dumps(texts, ensure_ascii=True)]
    for pattern, pre_tokenizer in cases:
        sizes = [splitting.sizes(pre_tokenizer, text) for text in texts]
        lines.append(json.dumps([pattern, sizes], ensure_ascii=True, separators=(",", ":")))
    path = ROOT / "splitting/pre-tokens.json"
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
