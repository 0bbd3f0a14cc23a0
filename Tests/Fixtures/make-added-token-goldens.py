"""Makes added-tokens/folders.json: folders with vocab.json and merges.txt, and the added tokens that
transformers finds in them.

    python make-added-token-goldens.py tokenizers/gpt2.json added-tokens

Vocabulary and merges are those of the tokenizer.json; a folder is given by its other files.
"""
import json
import os
import sys
import tempfile

import transformers

GPT2 = {"tokenizer_class": "GPT2Tokenizer"}

FOLDERS = [
    # Roles in special_tokens_map.json: names and objects, one of them an entry of the vocabulary.
    {
        "tokenizer_config.json": GPT2,
        "special_tokens_map.json": {
            "unk_token": "<unk>", "eos_token": {"content": "</s>", "normalized": True},
            "bos_token": "<s>", "mask_token": {"content": "<mask>", "lstrip": True},
            "pad_token": "!", "additional_special_tokens": ["<x>", "<y>"]},
    },
    # One token in several roles, a role of this model alone, and IDs in added_tokens.json.
    {
        "tokenizer_config.json": GPT2,
        "special_tokens_map.json": {
            "eos_token": "</s>", "unk_token": "</s>", "image_token": "<img>", "bos_token": "</s>",
            "extra_special_tokens": ["<x>", {"content": "<y>", "lstrip": True}]},
        "added_tokens.json": {"<x>": 601, "<add>": 600},
    },
    # With added_tokens_decoder, special_tokens_map.json is not read.
    {
        "tokenizer_config.json": {
            **GPT2, "unk_token": "<unk>", "eos_token": "</s>", "bos_token": "<s>",
            "add_bos_token": True, "pad_token": None,
            "added_tokens_decoder": {
                "601": {"content": "</s>", "special": False, "normalized": True},
                "600": {"content": "<add>", "special": False}}},
        "special_tokens_map.json": {"eos_token": "<other>", "pad_token": "<pad>"},
    },
    # The roles for which the classes have tokens of their own, taken back.
    {
        "tokenizer_config.json": {
            **GPT2, "bos_token": None, "eos_token": None, "unk_token": None, "pad_token": None},
    },
    {
        "tokenizer_config.json": {
            "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "</s>",
            "unk_token": None, "pad_token": None},
    },
]


def added_tokens(vocabulary, merges, files):
    """The tokens by their IDs, as tokenizer.json lists them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {"vocab.json": vocabulary, **files}.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                json.dump(content, file)
        with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as file:
            file.write("#version: 0.2\n" + "".join(f"{merge}\n" for merge in merges))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return json.loads(tokenizer.backend_tokenizer.to_str())["added_tokens"]


def main():
    source, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with open(source, encoding="utf-8") as file:
        model = json.load(file)["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    golden = [{"files": files, "added_tokens": added_tokens(model["vocab"], merges, files)}
              for files in FOLDERS]
    with open(os.path.join(folder, "folders.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in golden) + "\n]\n")


main()
