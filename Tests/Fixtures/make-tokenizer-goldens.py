#!/usr/bin/env python3
"""Makes Tests/Fixtures/tokenizers/: small tokenizers, and what the reference gives for texts.

    python Tests/Fixtures/make-tokenizer-goldens.py

Needs tokenizers 0.23.3 and tiktoken 0.14.0. Everything is made here from a fixed seed: no file is
read, so the result is the same on every machine.
"""
import base64
import json
import pathlib
import random
import unicodedata

import tiktoken
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

TARGET = pathlib.Path(__file__).resolve().parent / "tokenizers"

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
          r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")

SENTENCES = """
The river runs past the old mill, and the mill hasn't turned since 1998.
She'd said they'll come at 10:45; we've waited, I'm cold, and it's raining!
def encode(text, special=None):\n    return [ids[t] for t in split(text)]  # 12345
HTTPServer fooBar FOOBar iPhone McDonald's CAN'T don'T
नदी पुरानी चक्की के पास से बहती है, और किताबें मेज़ पर रखी हैं।
강물이 오래된 물레방아 옆으로 흐르고 아이들은 노래를 부른다.
川は古い水車のそばを流れ、子供たちは歌を歌っている。カタカナとひらがな。
النهر يجري بجانب الطاحونة القديمة والأطفال يغنون، ٣ كتب.
Der Fluß fließt an der alten Mühle vorbei; ÄÖÜ äöü, 3½ m².
Η παλιά μύλος. Река течёт мимо старой мельницы. Čeština, Tiếng Việt, Türkçe ığdır İstanbul.
""".strip().split("\n")

PIECES = [
    "a", "b", "Z", "é", "e\u0301", "ß", "\u017f", "'", "'s", "'LL", "'Re", "'\u017f", " ", "  ",
    "\n", "\r\n", "\t", "\u3000", "\u00a0", "\u0085", "0", "12", "٣", "½", "²", "漢", "字", "かな",
    "カ", "한", "\u1112\u1161\u11ab", "\u0301", "\u0308", "\u200d", "\u200c", "😀", "नि", "कि",
    "ا", "ش", "ـ", "ๆ", "ข", "\u2028", "_", "/", "//", "...", "!?", "<|end|>", "<|e", "ǅ", "ʰ",
    "ª", "Ⅷ", "\x00", "\x1f", "\ufeff", "\uffff", "İ", "\U0001e900", "𝔘", "\u0378", "A", "B",
    "hello", "World", "def", "  return", "ﬁ", "㎏", "\u0958", "\u212b",
]


def texts(count, seed):
    generator = random.Random(seed)
    result = ["", " ", "\n", "a  \n  ", "a  \n  b", "'\u017fx", "<|end|> <|end|>x", "hello<|end|>"]
    result += SENTENCES
    for _ in range(count):
        kind = generator.randrange(3)
        if kind < 2:
            size = generator.randrange(1, 16)
            result.append("".join(generator.choice(PIECES) for _ in range(size)))
        else:
            result.append(generator.choice(PIECES) * generator.randrange(2, 60))
    return result


def trained(pre_tokenizer, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    generator = random.Random(1)
    corpus = SENTENCES * 3 + [
        " ".join(generator.choice(line.split(" ")) for line in SENTENCES) for _ in range(300)]
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def split(expression):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(name, text):
    (TARGET / name).write_text(text + "\n", encoding="utf-8")
    print(name, len(text))


def cases(tokenizer, seed):
    result = []
    for text in texts(150, seed):
        case = {"text": text}
        for policy in ("none", "all"):
            tokenizer.encode_special_tokens = policy == "none"
            case[policy] = tokenizer.encode(text, add_special_tokens=False).ids
        if case["all"] == case["none"]:
            del case["all"]
        result.append(case)
    return "[\n" + ",\n".join(compact(case) for case in result) + "\n]"


def save(name, tokenizer, seed, change=lambda document: None):
    document = json.loads(tokenizer.to_str())
    change(document)
    text = compact(document)
    write(name + ".json", text)
    write(name + ".expected.json", cases(Tokenizer.from_str(text), seed))


def main():
    TARGET.mkdir(exist_ok=True)
    special = [AddedToken("<|end|>", special=True, normalized=False)]

    # GPT-2 in the form of its first files: merges as strings, no type.
    gpt2 = trained(pre_tokenizers.ByteLevel(add_prefix_space=False))
    gpt2.add_special_tokens(special)

    def old_form(document):
        del document["model"]["type"]
        document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    save("gpt2", gpt2, 1, old_form)

    # Llama 3: ignore_merges, a template, and a token that no merge makes.
    llama3 = trained(split(LLAMA3), ignore_merges=True)
    llama3.add_special_tokens(special)
    llama3.post_processor = processors.TemplateProcessing(
        single="<|end|> $A", special_tokens=[("<|end|>", llama3.token_to_id("<|end|>"))])

    def orphan(document):
        document["model"]["vocab"]["Ġhello"] = len(document["model"]["vocab"])
        document["added_tokens"][0]["id"] += 1
        document["post_processor"]["special_tokens"]["<|end|>"]["ids"][0] += 1
    save("llama3", llama3, 2, orphan)

    # Qwen: NFC, and added tokens with every flag.
    qwen2 = trained(split(QWEN2), normalizers.NFC())
    qwen2.add_special_tokens(special + [AddedToken("<|e", special=True, lstrip=True)])
    qwen2.add_tokens([
        AddedToken("World", rstrip=True, normalized=True), AddedToken("ab", single_word=True),
        AddedToken("é", normalized=True), AddedToken("カ", single_word=True, normalized=True)])
    save("qwen2", qwen2, 3)

    o200k = trained(split(O200K))
    o200k.add_special_tokens(special)
    save("o200k", o200k, 4)

    # add_prefix_space, NFKC.
    prefix = trained(pre_tokenizers.ByteLevel(add_prefix_space=True), normalizers.NFKC())
    prefix.add_special_tokens(special)
    save("prefix-space", prefix, 5)

    # A rank file, with an orphan, a hole, and tokens that have more than one split.
    vocabulary = o200k.get_vocab(with_added_tokens=False)
    spelled = {bytes_to_char: byte for byte, bytes_to_char in byte_alphabet().items()}
    ranks = {}
    for token, rank in sorted(vocabulary.items(), key=lambda item: item[1]):
        ranks[bytes(spelled[character] for character in token)] = rank
    ranks[b" hello"] = len(ranks) + 3
    encoding = tiktoken.Encoding(
        "small", pat_str=CL100K, mergeable_ranks=ranks,
        special_tokens={"<|end|>": max(ranks.values()) + 2})
    write("cl100k.tiktoken", "\n".join(
        f"{base64.b64encode(token).decode()} {rank}" for token, rank in ranks.items()))
    result = [{"text": text, "none": encoding.encode_ordinary(text)} for text in texts(150, 6)]
    write("cl100k.expected.json", "[\n" + ",\n".join(map(compact, result)) + "\n]")

    normalization()


def byte_alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(0x100 + len(table) - len(printable))
    return table


def normalization():
    """Texts in the four forms, with characters that only newer versions of Unicode know."""
    generator = random.Random(7)
    interesting = [chr(code) for code in range(0xA0, 0x2FA20)
                   if unicodedata.decomposition(chr(code)) or unicodedata.combining(chr(code))]
    newer = [chr(code) for code in
             (0x11938, 0x11935, 0x11930, 0x32FF, 0xA7F2, 0xAB69, 0x10781, 0x08D3, 0x1ABF, 0x1E4EC,
              0x1ACE, 0x0C3C, 0x1E030)]
    forms = {"nfc": normalizers.NFC(), "nfd": normalizers.NFD(), "nfkc": normalizers.NFKC(),
             "nfkd": normalizers.NFKD()}
    lines = []
    for _ in range(200):
        text = "".join(
            generator.choice(generator.choice([interesting, interesting, PIECES, newer]))
            for _ in range(generator.randrange(1, 10)))
        case = {"text": text}
        case.update({name: form.normalize_str(text) for name, form in forms.items()})
        lines.append(json.dumps(case, separators=(",", ":")))
    write("normalization.json", "[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main()
