"""Makes the golden models: tiny random Llamas, and what transformers computes with them.

    python Tests/Fixtures/make-model-goldens.py Tests/Fixtures/models

Each folder holds a checkpoint (config.json, model.safetensors) and golden.safetensors: the tensors
`inputs` and `targets` [sequences, length] (as floats; target -1 means none), `logits` [sequences,
length, vocabulary], `losses` [sequences, length] in nats, `gradient.NAME` for every parameter, the
gradient of the summed loss, and `trace`, the mean losses of 20 steps of clipped AdamW on the one
batch. Computed in double precision and stored in single.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from torch.nn import functional as F

MODELS = {
    "tied": dict(
        vocab_size=61, hidden_size=24, intermediate_size=37, num_hidden_layers=2,
        num_attention_heads=3, num_key_value_heads=3, head_dim=8, max_position_embeddings=32,
        rms_norm_eps=1e-5, tie_word_embeddings=True, rope=10_000.0),
    "untied-grouped": dict(
        vocab_size=53, hidden_size=30, intermediate_size=29, num_hidden_layers=3,
        num_attention_heads=6, num_key_value_heads=2, head_dim=6, max_position_embeddings=64,
        rms_norm_eps=1e-6, tie_word_embeddings=False, rope=500_000.0),
    "one-key-head": dict(
        vocab_size=67, hidden_size=20, intermediate_size=11, num_hidden_layers=1,
        num_attention_heads=4, num_key_value_heads=1, head_dim=4, max_position_embeddings=128,
        rms_norm_eps=1e-5, tie_word_embeddings=True, rope=100.0),
}
SHAPES = {"tied": (2, 17), "untied-grouped": (3, 9), "one-key-head": (1, 70)}


def make(name, folder):
    options = dict(MODELS[name])
    theta = options.pop("rope")
    torch.manual_seed(len(name))
    config = transformers.LlamaConfig(
        **options, rope_parameters={"rope_type": "default", "rope_theta": theta},
        attention_bias=False, mlp_bias=False, bos_token_id=None, eos_token_id=0)
    config._attn_implementation = "eager"
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "norm" in key:
                parameter.copy_(0.5 + torch.rand_like(parameter))
            else:
                parameter.normal_(std=0.25)
    model.save_pretrained(folder)
    if name == "untied-grouped":
        write_older_dialect(folder / "config.json", theta)
    (folder / "generation_config.json").unlink(missing_ok=True)

    model = model.double()
    sequences, length = SHAPES[name]
    inputs = torch.randint(0, config.vocab_size, (sequences, length))
    targets = torch.randint(0, config.vocab_size, (sequences, length))
    targets[:, 3::5] = -1
    logits = model(input_ids=inputs).logits
    losses = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none")
    losses.sum().backward()
    golden = {
        "inputs": inputs.float(),
        "targets": targets.float(),
        "logits": logits.detach().float(),
        "losses": losses.detach().float().view(sequences, length),
    }
    for key, parameter in model.named_parameters():
        golden["gradient." + key] = parameter.grad.float()
    golden["trace"] = trace(model, inputs, targets)
    save_file(golden, folder / "golden.safetensors")


def trace(model, inputs, targets):
    """Losses before each of 20 steps; norms are not decayed.

    Epsilon is well above the rounding noise of single precision, so that a gradient that is nothing
    but noise moves its parameter by noise and not by the whole rate.
    """
    norms = [p for key, p in model.named_parameters() if "norm" in key]
    others = [p for key, p in model.named_parameters() if "norm" not in key]
    optimizer = torch.optim.AdamW(
        [{"params": others, "weight_decay": 0.1}, {"params": norms, "weight_decay": 0.0}],
        lr=0.01, betas=(0.9, 0.95), eps=1e-4)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        logits = model(input_ids=inputs).logits
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return torch.tensor(losses)


def write_older_dialect(path, theta):
    """The keys that transformers wrote before version 5."""
    config = json.loads(path.read_text())
    config.pop("rope_parameters", None)
    config["rope_theta"] = theta
    config["torch_dtype"] = config.pop("dtype", "float32")
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def main():
    target = pathlib.Path(sys.argv[1])
    for name in MODELS:
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        make(name, folder)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    print(json.dumps(versions))


if __name__ == "__main__":
    main()
