"""Makes sentencepiece/: small models of sentencepiece, and what it encodes texts as.

    python make-sentencepiece-goldens.py ../../corpora-samples sentencepiece
"""
import glob
import json
import os
import sys
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2

RULES = {"ﬁ": "fi", "e\u0301": "é", "\t": " ", "\n": " ", "\u00ad": "", "Ａ": "A", "\u2003": "  ",
         "½": "1/2", "가": "나"}

MODELS = {
    # As Llama 2 has it.
    "llama": dict(byte_fallback=True, normalization_rule_name="identity", split_digits=True,
                  remove_extra_whitespaces=False, allow_whitespace_only_pieces=True),
    "rules": dict(normalization_rule_tsv=True, user_defined_symbols=["<mask>", "▁of", "[X]", "[XY]",
                                                                     "ﬁ", "  "]),
    "symbols": dict(byte_fallback=True, normalization_rule_name="identity",
                    user_defined_symbols=["<mask>", "the", "[X]", "[XY]"], control_symbols=["<ctl>"],
                    self_test_sample_size=5),
    "suffix": dict(treat_whitespace_as_suffix=True, normalization_rule_name="identity"),
}

TEXTS = [
    "", " ", "  ", "\n", "▁", " ▁ ", "One fine day in the middle of the night", "  two   spaces ",
    "tabs\tand\nlines\r\n", "ﬁne ﬁsh, cafe\u0301 and café", "a\u00adb", "ＡB\u2003C", "½ of it", "가나",
    "<mask> the [X] [XY] [X [XYZ]", "<mask>the", "the", "the<0x41>the", "<0x41>", "<s></s><unk><ctl>",
    "😀 🏳️‍🌈", "漢字とかな", "नि कि", "\x00\x01\x7f", "\ufffd", "123 4567", "aaaaaaaaaaaaaaaaaaaaaaa",
    "x  of  y", "  of", "▁of▁", "end ", "end▁", "\u3000wide\u3000", "İſ", "tttttt", "tutorial",
]


def change(folder, name, source, edit):
    model = model_pb2.ModelProto()
    with open(os.path.join(folder, source + ".model"), "rb") as file:
        model.ParseFromString(file.read())
    edit(model)
    with open(os.path.join(folder, name + ".model"), "wb") as file:
        file.write(model.SerializeToString())


def equal_scores(model):
    for index, piece in enumerate(model.pieces):
        if piece.type == 1 and index % 3 == 0:
            piece.score = 0


def unused(model):
    for index, piece in enumerate(model.pieces):
        if piece.type == 1 and index % 5 == 0:
            piece.type = 5


def main():
    samples, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        rules = os.path.join(work, "rules.tsv")
        with open(rules, "w", encoding="utf-8") as file:
            for source, target in RULES.items():
                file.write("\t".join(" ".join(f"{ord(c):X}" for c in side) for side in (source, target))
                           + "\n")
        corpus = os.path.join(work, "corpus.txt")
        with open(corpus, "w", encoding="utf-8") as file:
            for path in sorted(glob.glob(os.path.join(samples, "[ehs][niw]", "*.txt"))):
                with open(path, encoding="utf-8") as source:
                    file.write(source.read())
        for name, options in MODELS.items():
            if options.get("normalization_rule_tsv"):
                options["normalization_rule_tsv"] = rules
            prefix = os.path.join(work, name)
            sentencepiece.SentencePieceTrainer.train(
                input=os.path.relpath(corpus), model_prefix=prefix, model_type="bpe",
                vocab_size=700 if options.get("byte_fallback") else 450, num_threads=1,
                minloglevel=2, **options)
            model = model_pb2.ModelProto()
            with open(prefix + ".model", "rb") as file:
                model.ParseFromString(file.read())
            # Where it was made is nobody's business.
            del model.trainer_spec.input[:]
            model.trainer_spec.ClearField("model_prefix")
            model.normalizer_spec.ClearField("normalization_rule_tsv")
            with open(os.path.join(folder, name + ".model"), "wb") as file:
                file.write(model.SerializeToString())
    change(folder, "equal-scores", "llama", equal_scores)
    change(folder, "unused", "llama", unused)
    texts = list(TEXTS)
    for path in sorted(glob.glob(os.path.join(samples, "*", "*.txt")))[::3]:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read(150))
    golden = {"texts": texts, "models": {}}
    for name in list(MODELS) + ["equal-scores", "unused"]:
        processor = sentencepiece.SentencePieceProcessor(
            model_file=os.path.join(folder, name + ".model"))
        ids = [processor.encode(text) for text in texts]
        golden["models"][name] = {"ids": ids, "decoded": [processor.decode(i) for i in ids]}
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


main()
