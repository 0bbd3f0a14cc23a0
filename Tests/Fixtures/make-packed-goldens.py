"""Makes what transformers computes with packed documents, for golden models that are there already.

    python Tests/Fixtures/make-packed-goldens.py Tests/Fixtures/models [NAME ...]

Each folder gets packed.safetensors: `starts`, the positions of the batch of golden.safetensors where
documents begin, sequences included; `losses` [sequences, length] in nats; and `gradient.NAME` for every
parameter, the gradient of the summed loss. Documents are told apart by `position_ids` that begin anew with
each, as DataCollatorWithFlattening gives them. Computed in double precision, except for what the models
themselves compute in single, and stored in single.
"""

import pathlib
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

# The models, and where the documents of each sequence begin.
STARTS = {
    "tied": [[0, 1, 9], [0, 12]],
    "one-key-head": [[0, 5, 69]],
    # A window of nine, shorter and longer than documents.
    "mistral": [[0, 4, 70, 136]],
    "gpt2": [[0, 7], [0, 1, 2, 16]],
    "gemma2": [[0, 8, 10], [0]],
}


def make(folder, starts):
    golden = load_file(folder / "golden.safetensors")
    inputs, targets = golden["inputs"].long(), golden["targets"].long()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float64).eval()
    length = inputs.shape[1]
    positions = torch.stack([
        torch.cat([torch.arange(end - start) for start, end in zip(row, row[1:] + [length])])
        for row in starts])
    logits = model(inputs, position_ids=positions, use_cache=False).logits
    losses = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none")
    losses.sum().backward()
    # That they are told apart: each one alone gives the same.
    with torch.no_grad():
        for row, begins in enumerate(starts):
            for start, end in zip(begins, begins[1:] + [length]):
                alone = model(inputs[row : row + 1, start:end], use_cache=False).logits[0]
                assert (alone - logits[row, start:end]).abs().max() < 1e-4, (folder, row, start)
    tensors = {
        "starts": torch.tensor([r * length + s for r, row in enumerate(starts) for s in row]),
        "losses": losses.detach().view(targets.shape),
    } | {
        f"gradient.{name}": parameter.grad
        for name, parameter in model.named_parameters() if parameter.grad is not None}
    save_file(
        {name: tensor.float().contiguous() for name, tensor in tensors.items()},
        folder / "packed.safetensors")


root = pathlib.Path(sys.argv[1])
for name in sys.argv[2:] or STARTS:
    make(root / name, STARTS[name])
