"""Compares pre-tokens: tessera's scanners and compiled expressions against tokenizers.

    python compare-splitting.py [--count N] [--only NAME] BENCH TEXT_FILE...

BENCH is the program of Benchmarks/. Each named pattern, by its scanner and where it is one
expression also compiled, and a list of other expressions must cut every text file, whole, and N
random texts (100,000) as tokenizers does. Prints a line per comparison, then "N passed, N failed";
exits 1 if any failed.
"""
import os
import random
import subprocess
import tempfile

from tokenizers import Regex, pre_tokenizers

from comparison import Report, parser, read_text, write_lines

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
WHITE = r"\s*[\r\n]+|\s+(?!\S)|\s+"


def cased(letters, ending, number, tail):
    lead, upper, lower = (r"[^\r\n\p{L}\p{N}]?", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}" + letters + "]",
                          r"[\p{Ll}\p{Lm}\p{Lo}\p{M}" + letters + "]")
    return (f"{lead}{upper}*{lower}+{ending}|{lead}{upper}+{lower}*{ending}|{number}|"
            rf" ?[^\s\p{{L}}\p{{N}}]+{tail}|{WHITE}")


CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"


def split(*expressions):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(e), "isolated") for e in expressions])


class GPT2:
    """ByteLevel maps bytes to characters of its own; only where it cuts is wanted."""

    def __init__(self, *before):
        expression = (r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|"
                      r"\s+(?!\S)|\s+")
        self.steps = pre_tokenizers.Sequence(
            [*before, pre_tokenizers.Split(Regex(expression), "isolated")])

    def pre_tokenize_str(self, text):
        return self.steps.pre_tokenize_str(text)


class Falcon:
    """Cuts within characters, so sizes are those of the byte-level spelling."""

    def __init__(self):
        self.steps = pre_tokenizers.Sequence([
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")])

    def sizes(self, text):
        return [len(piece) for piece, _ in self.steps.pre_tokenize_str(text)]


NAMED = {
    "gpt2": GPT2(),
    "cl100k": split(LLAMA3.replace(r"|\s*[", r"|\s++\z|\s*[")),
    "llama3": split(LLAMA3),
    "nanochat": split(LLAMA3.replace("{1,3}", "{1,2}")),
    "qwen2": split(LLAMA3.replace("{1,3}", "")),
    "qwen3.5": split(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}|"
                     r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + WHITE),
    "o200k": split(cased("", CONTRACTION, r"\p{N}{1,3}", r"[\r\n/]*")),
    "tekken": split(cased("", "", r"\p{N}", r"[\r\n/]*")),
    "kimi": split(r"[\p{Han}]+|"
                  + cased(r"&&[^\p{Han}]", CONTRACTION, r"\p{N}{1,3}", r"[\r\n]*")),
    "deepseek": split(r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
                      r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"""
                      r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + WHITE),
    "starcoder": GPT2(pre_tokenizers.Digits(individual_digits=True)),
    "falcon": Falcon(),
}
SEVERAL_STEPS = {"deepseek", "starcoder", "falcon"}

OTHERS = [
    r"\w+|[^\w\s]+",
    r"\p{N}{1,3}",
    r"[0-9][0-9][0-9]",
    r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+",
    r"\d+|\D+",
    r"(?i:the|an?|[g-k]z)\b|\s+|\S+?",
    r"[\p{Han}\p{Hiragana}\p{Katakana}]+|\p{Latin}+|.",
    r"(?=[A-Z])",
    r"(?<=\p{L})\p{N}+|\p{L}+",
    r"\b",
    r"^[^\S\n]*\S|\S$",
    r"https?://\S+|\w+|\s+|.",
    r"""\"[^\"]*\"|[^\"\s]+|\s+|\" """.strip(),
    r"a{2,3}b?|b{,2}c|.",
    r"x*", r"|a", r"a|", r"(|a)*b|a+", r"(a|b*)*c?|.", r"(?:ab|a)(?:c|bcd)?",
    r"[a-c&&[^b]]+|[^a-c]++",
    r"(?i)[a-k]+|\S",
    r"\p{Lu}\p{Ll}+|\W+?(?=\w|\z)|\P{M}\p{M}*+",
    r".+?(?:\s|$)",
    r"\A.|.\z|(?m:.)(?=\s)",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
    r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    r"\p{Sc}?\p{Nd}+(?:[.,]\p{Nd}+)*%?|\p{Cyrillic}+|\p{Greek}+|[\p{Ps}\p{Pe}]|\p{Zs}+",
    r"(?:\p{Lu}(?!\p{Ll}))+|\p{Lu}?\p{Ll}+",
    r"[^\S\r\n]+|\R?".replace(r"|\R?", r"|\r?\n"),
    r"\B\S|[\w-]+|[\x20-\x2F]",
]

PIECES = [
    "a", "b", "c", "d", "g", "h", "k", "t", "x", "y", "z", "A", "B", "D", "L", "S", "T", "Z",
    "é", "e\u0301", "ß", "ſ", "K", "'", "'s", "'LL", "'Re", "'d", "'ſ", " ", "  ", "\n", "\r",
    "\r\n", "\t", "\u3000", "\xa0", "\x85", "0", "1", "2", "12", "٣", "½", "²", "Ⅷ", "〇", "漢",
    "字", "⺀", "々", "〻", "𖿰", "かな", "カ", "・", "ー", "ゝ", "\u3099", "゛", "\u3040", "한", "한",
    "\u0301", "\u0308", "\u200d", "\u200c", "😀", "नि", "कि", "ا", "ش", "ـ", "ๆ", "ข", "\u2028",
    "_", "/", "//", "...", "!?", "-", "\"", "%", "€", ",", ".", "(", "]", "ǅ", "ʰ", "ª", "\x00",
    "\x1f", "\ufeff", "\uffff", "İ", "𞤀", "𝔘", "\u0378", "\U00011de3", "\U00016ff5", "\xad",
    "\ue000", "hello", "World", "the", "THE", "an", "http://", "abcd", "и", "Ж", "α", "・", "龦",
    "ࠀ",
]

# What English and code are made of.
PLAIN = [
    "a", "to", "the", "Word", "HTTP", "iPhone", " ", " ", " ", "  ", "    ", "\n", "\n\n",
    "\n  ", "1", "12", "345", "6789", ".", ",", "(", "((", "-", "/", "'s", "'", "\t", "x_y",
    "!\n", "/\n/", " .",
]


def random_texts(count, seed):
    generator = random.Random(seed)
    limits = [0x80, 0x3100, 0x11000, 0x20000, 0x110000]
    texts = []
    while len(texts) < count:
        kind = generator.randrange(8)
        if kind < 6:
            text = "".join(generator.choices(PIECES, k=generator.randrange(1, 16)))
        elif kind == 6 and len(texts) % 2:
            # Long enough for what looks at many bytes at once; a few pieces that stop it.
            pieces = PLAIN + generator.choices(PIECES, k=generator.randrange(4))
            text = "".join(generator.choices(pieces, k=generator.randrange(40, 200)))
        elif kind == 6:
            codes = [generator.randrange(generator.choice(limits)) for _ in range(12)]
            text = "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)
        else:
            text = generator.choice(PIECES) * generator.randrange(1, 20)
        if text:
            texts.append(text)
    for start in range(0, 0x30000, 16):
        codes = range(start, start + 16)
        for between in ["", " ", "a"]:
            texts.append(between.join(chr(c) for c in codes if not 0xD800 <= c < 0xE000) + "x")
    return [text for text in texts if text]


def sizes(pre_tokenizer, text):
    if isinstance(pre_tokenizer, Falcon):
        return pre_tokenizer.sizes(text)
    return [len(text[a:b].encode()) for _, (a, b) in pre_tokenizer.pre_tokenize_str(text)]


def main():
    arguments = parser(__doc__, "bench")
    arguments.add_argument("--count", type=int, default=100_000)
    arguments.add_argument("--only")
    arguments.add_argument("files", nargs="*")
    arguments = arguments.parse_args()
    report = Report()
    texts = random_texts(arguments.count, seed=3)
    with tempfile.TemporaryDirectory() as folder:
        lines = os.path.join(folder, "random.jsonl")
        write_lines(lines, texts)
        cases = [(name, name, pre_tokenizer) for name, pre_tokenizer in NAMED.items()]
        cases += [(expression, expression, split(expression)) for expression in OTHERS]
        for name, pattern, pre_tokenizer in cases:
            if arguments.only and arguments.only != name:
                continue
            ways = [[]]
            if name in NAMED and name not in SEVERAL_STEPS:
                ways.append(["--compiled"])
            for file in [None, *arguments.files]:
                inputs = [read_text(file)] if file else texts
                theirs = [sizes(pre_tokenizer, text) for text in inputs]
                for way in ways:
                    result = subprocess.run(
                        [arguments.bench, "split", file or lines, "--sizes", f"--pattern={pattern}",
                         *way], capture_output=True, text=True)
                    if result.returncode:
                        print(result.stderr, flush=True)
                    ours = [list(map(int, line.split())) for line in result.stdout.splitlines()]
                    what = f"{name[:60]} {' '.join(way)}: {os.path.basename(file or 'random')}"
                    if ours == theirs:
                        report.check(True, f"{what}, {sum(map(len, theirs))} pre-tokens")
                        continue
                    differing = [i for i in range(len(theirs))
                                 if i >= len(ours) or ours[i] != theirs[i]]
                    report.check(False, what, f"{len(differing)} texts differ")
                    for i in differing[:3]:
                        if not file:
                            print("    ", ascii(inputs[i])[:150], ours[i:i + 1], theirs[i])
    report.finish()


if __name__ == "__main__":
    main()
