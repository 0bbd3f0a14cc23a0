"""Describes small models of every family: what their files hold, and which tensors are which.

    python Tests/Fixtures/make-family-goldens.py Tests/Fixtures/families/families.jsonl

A line for each model: its type and variant, what the configuration class of the type says about tying
(`tied_by_default`), config.json, the shapes of all tensors in the file, and which of them hold the
embedding, the head and the head's bias, and whether embedding and head are one. What a tensor is, is not
taken from its name: it is the embedding if it has the bits of what `get_input_embeddings` gives, the head
if it has those of `get_output_embeddings`, and else a bias if it has an element for each token.

Variants: `default`; `changed`, with `tie_word_embeddings` turned round; `bare`, as a model without a head
is saved; `renamed`, with the names that other versions of transformers gave the tensors, since version 5
writes those of the oldest files; `copies`, with what older files hold several times; and `own-head`, a T5 of
version 1.1, whose head is its own although its class ties it.
"""

import json
import pathlib
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Scripts" / "interop"))
import families  # noqa: E402

ROWS = 300
BARE = ["bert", "bloom", "falcon", "gpt2", "llama", "modernbert", "opt", "roberta", "t5", "bart"]
IMAGES = [("language_model.model.", "model.language_model."),
          ("language_model.lm_head.", "lm_head.")]
RENAMED = {
    "gemma3": IMAGES, "llava": IMAGES, "mistral3": IMAGES,
    "qwen2_vl": [("model.", "model.language_model.")],
    "gpt_neox": [("embed_out.", "lm_head.")],
}
# Tensors that hold what another one holds.
COPIES = {
    "t5": ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"],
    "bart": ["model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight",
             "lm_head.weight"],
    "bert": ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"],
    "roberta": ["lm_head.decoder.weight", "lm_head.decoder.bias"],
    "gpt2": ["lm_head.weight"],
}
OWN_HEAD = ["t5", "mt5"]

def saved(model):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        config = json.loads((pathlib.Path(folder) / "config.json").read_text())
        return config, load_file(pathlib.Path(folder) / "model.safetensors")


def describe(model_type, variant, model, bare=None):
    """The description of a model; `bare` is the part of it that is saved."""
    config, tensors = saved(bare if bare is not None else model)
    embedding = model.get_input_embeddings().weight
    # Falcon's and others' heads are the embedding itself where they are tied.
    output = model.get_output_embeddings() if bare is None else None
    head = output.weight if output is not None else None
    tied = head is None or head.data_ptr() == embedding.data_ptr()

    def same(tensor, other):
        return other is not None and tensor.shape == other.shape and torch.equal(tensor, other)

    found = {
        "embeddings": [name for name, tensor in tensors.items() if same(tensor, embedding)],
        "heads": [name for name, tensor in tensors.items() if not tied and same(tensor, head)],
        "biases": [
            name for name, tensor in tensors.items()
            if list(tensor.shape) in ([ROWS], [1, ROWS])],
    }
    config.pop("transformers_version", None)
    return {
        "type": model_type, "variant": variant,
        "tied_by_default": families.default_tying(model_type), "tied": tied, **found,
        "config": config,
        "tensors": {name: list(tensors[name].shape) for name in sorted(tensors)},
    }


def rename(description, pairs):
    def renamed(name):
        for old, new in pairs:
            if name.startswith(old):
                return new + name[len(old):]
        return name

    result = description | {"variant": "renamed"}
    for key in ("embeddings", "heads", "biases"):
        result[key] = [renamed(name) for name in description[key]]
    result["tensors"] = {
        renamed(name): shape for name, shape in sorted(description["tensors"].items())}
    return result


def with_tensors(description, variant, names, role):
    """The description with more tensors, weights in a role and biases."""
    tensors = dict(description["tensors"])
    result = description | {"variant": variant}
    for name in names:
        key = "biases" if name.endswith(".bias") else role
        like = description["biases" if key == "biases" else "embeddings"][0]
        tensors[name] = description["tensors"][like]
        result[key] = [*result[key], name]
    return result | {"tensors": dict(sorted(tensors.items()))}


def descriptions():
    for model_type in families.TYPES:
        model = families.build(model_type, rows=ROWS)
        default = describe(model_type, "default", model)
        yield default
        other = families.build(model_type, tied=not default["tied_by_default"], rows=ROWS)
        yield describe(model_type, "changed", other)
        if model_type in BARE:
            yield describe(model_type, "bare", model, bare=model.base_model)
        if model_type in RENAMED:
            yield rename(default, RENAMED[model_type])
        if model_type in COPIES:
            yield with_tensors(default, "copies", COPIES[model_type], "embeddings")
        if model_type in OWN_HEAD:
            yield with_tensors(default, "own-head", ["lm_head.weight"], "heads") | {"tied": False}


def main():
    path = pathlib.Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with open(path, "w", encoding="utf-8") as file:
        for description in descriptions():
            file.write(json.dumps(description, separators=(",", ":"), sort_keys=True) + "\n")
    print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__}))


if __name__ == "__main__":
    main()
