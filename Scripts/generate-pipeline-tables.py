#!/usr/bin/env python3
"""Writes the character tables of normalizers and pre-tokenizers.

    Scripts/generate-pipeline-tables.py

Each table is asked of tokenizers 0.23.3 itself, code point by code point: its parts go back to
several versions of Unicode, and what counts is what they do. Run it in an environment that has it
(Benchmarks/peers/requirements.txt).
"""
import pathlib
import string

import tokenizers
from tokenizers import normalizers, pre_tokenizers

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Sources/TesseraTokenizers"
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
FIRST = "// Made by Scripts/generate-pipeline-tables.py out of tokenizers 0.23.3.\n"


def boundaries(codes):
    """Where a set of code points begins and ends, in turns."""
    codes = set(codes)
    result = []
    inside = False
    for code in range(0x110001):
        if (code in codes) != inside:
            result.append(code)
            inside = not inside
    return result


def lines(numbers, indent="    "):
    text, line = "", indent
    for number in numbers:
        piece = f"0x{number:X}, "
        if len(line) + len(piece) > 99:
            text += line.rstrip() + "\n"
            line = indent
        line += piece
    return text + line.rstrip() + "\n"


def code_point_set(name, comment, codes):
    return (f"  /// {comment}\n  static let {name} = CodePointSet(boundaries: [\n"
            f"{lines(boundaries(codes))}  ])\n")


def lowercase():
    """Runs of code points whose lowercase is at the same distance: first, last, step, distance."""
    normalizer = normalizers.Lowercase()
    mapped, runs = {}, []
    for code in CODES:
        text = normalizer.normalize_str(chr(code))
        if text != chr(code):
            if len(text) == 1:
                mapped[code] = ord(text) - code
            else:
                assert (code, text) == (0x130, "i\u0307"), "one letter has a lowercase of two"
    for code, distance in sorted(mapped.items()):
        if runs:
            run = runs[-1]
            step = code - run[1]
            if run[3] == distance and step <= 2 and (run[2] == step or run[0] == run[1]):
                run[1], run[2] = code, step
                continue
        runs.append([code, code, 1, distance])
    text = "".join(
        f"    LowercaseRun(first: 0x{first:X}, last: 0x{last:X}, step: {step}, "
        f"distance: {distance}),\n" for first, last, step, distance in runs)
    return ("  /// Letters with another lowercase, in order; U+0130 aside, whose lowercase is two.\n"
            f"  static let lowercaseRuns = [\n{text}  ]\n")


def bert(**options):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    normalizer = normalizers.BertNormalizer(**{**off, **options})
    return {code: normalizer.normalize_str("a" + chr(code) + "b")[1:-1] for code in CODES}


def normalizer_tables():
    accents = normalizers.StripAccents()
    cleaned = bert(clean_text=True)
    spaced = bert(handle_chinese_chars=True)
    stripped = bert(strip_accents=True)
    nmt = {code: normalizers.Nmt().normalize_str(chr(code)) for code in CODES}
    strip = normalizers.Strip()
    for results in (cleaned, spaced, nmt):
        for code, text in results.items():
            assert text in (chr(code), "", " ", f" {chr(code)} "), hex(code)
    return [
        lowercase(),
        code_point_set("accents", "What `StripAccents` removes.",
                       [c for c in CODES if accents.normalize_str(chr(c)) == ""]),
        code_point_set("nonspacingMarks", "What `BertNormalizer` removes with `strip_accents`.",
                       [c for c, text in stripped.items() if text == ""]),
        code_point_set("bertControls", "What `BertNormalizer` removes with `clean_text`.",
                       [c for c, text in cleaned.items() if text == ""]),
        code_point_set("bertSpaces", "What `BertNormalizer` makes a space with `clean_text`.",
                       [c for c, text in cleaned.items() if text == " "]),
        code_point_set("ideographs", "What `BertNormalizer` puts spaces around.",
                       [c for c, text in spaced.items() if text == f" {chr(c)} "]),
        code_point_set("nmtControls", "What `Nmt` removes.",
                       [c for c, text in nmt.items() if text == ""]),
        code_point_set("nmtSpaces", "What `Nmt` makes a space.",
                       [c for c, text in nmt.items() if text == " "]),
        code_point_set("whitespace", "What `Strip` takes from the ends.",
                       [c for c in CODES if strip.normalize_str(chr(c)) == ""]),
    ]


def pre_tokenizer_tables():
    def separated(pre_tokenizer):
        return [c for c in CODES
                if len(pre_tokenizer.pre_tokenize_str("a" + chr(c) + "a")) == 3]
    punctuation = separated(pre_tokenizers.Punctuation())
    assert [c for c in separated(pre_tokenizers.BertPreTokenizer())] == punctuation
    digits = [c for c in CODES if len(
        pre_tokenizers.Digits().pre_tokenize_str("a" + chr(c) + "a")) == 3]
    return [
        code_point_set("punctuation", "What `Punctuation` and `BertPreTokenizer` split at.",
                       punctuation),
        code_point_set("numbers", "What `Digits` splits at.", digits),
        scripts(),
    ]


def scripts():
    """Classes of code points that `UnicodeScripts` does not separate."""
    splitter = pre_tokenizers.UnicodeScripts()

    def differ(a, b):
        return len(splitter.pre_tokenize_str(chr(a) + chr(b))) == 2
    # Class 0 goes with every script, so with both of these; the others are numbered as they come.
    latin, hebrew = ord("a"), 0x5D0
    representatives, runs = [], [(0, -1)]
    for code in CODES:
        if not differ(latin, code) and not differ(hebrew, code):
            number = 0
        elif runs[-1][1] > 0 and not differ(representatives[runs[-1][1] - 1], code):
            number = runs[-1][1]
        else:
            number = next((i for i, other in enumerate(representatives, 1)
                           if not differ(other, code)), 0)
            if number == 0:
                representatives.append(code)
                number = len(representatives)
        if runs[-1][1] != number:
            runs.append((code, number))
    assert len(representatives) < 256
    return ("  /// For each run of code points of one script its first one, shifted left by eight, "
            "and a\n  /// number for the script; 0 goes with every script.\n"
            "  static let scriptRuns: [UInt32] = [\n"
            + lines([code << 8 | number for code, number in runs[1:]]) + "  ]\n")


def write(path, name, comment, tables):
    text = f"{FIRST}\n/// {comment}\nenum {name} {{\n" + "\n".join(tables) + "}\n"
    (FOLDER / path).write_text(text, encoding="utf-8")
    print(path, len(text))


def main():
    assert tokenizers.__version__ == "0.23.3", "another version may know another Unicode"
    write("Normalizers/NormalizerTables.swift", "NormalizerTables",
          "What the normalizers do to single code points.", normalizer_tables())
    write("PreTokenizers/PreTokenizerTables.swift", "PreTokenizerTables",
          "What the pre-tokenizers split at.", pre_tokenizer_tables())


if __name__ == "__main__":
    main()
