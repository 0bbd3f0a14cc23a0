"""Makes the golden models: tiny random decoders and encoders, and what transformers computes with them.

    python Tests/Fixtures/make-model-goldens.py Tests/Fixtures/models [NAME ...]

Without names all are made. Each folder holds a checkpoint (config.json, model.safetensors) and golden.safetensors: the tensors
`inputs` and `targets` [sequences, length] (as floats; target -1 means none), `logits` [sequences,
length, vocabulary], `losses` [sequences, length] in nats, `gradient.NAME` for every parameter, the
gradient of the summed loss, and for the Llamas of MODELS `trace`, the mean losses of 20 steps of
clipped AdamW on the one batch. Encoders have `lengths` [sequences], the tokens of each sequence that are
no padding, and `positions` and `segments` [sequences, length] as well; what their files hold beside the
tensors that predict masked tokens has no gradient. Computed in double precision, except for what the models themselves
compute in single, and stored in single.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file
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

# What llama-like configurations have in common; each family adds to it.
SMALL = dict(
    vocab_size=37, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=4, max_position_embeddings=160)
GPT2 = dict(vocab_size=37, n_embd=16, n_layer=2, n_head=4, n_positions=160)
NEOX = dict(
    vocab_size=37, hidden_size=32, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=160)
# Name: model type, shape of the batch, whether keys are as before version 5, and the configuration.
FAMILIES = {
    "llama-linear": ("llama", (2, 17), True, SMALL | dict(
        attention_bias=True, mlp_bias=True,
        rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=1_000.0))),
    "llama3": ("llama", (2, 33), False, SMALL | dict(
        head_dim=8, rope_parameters=dict(
            rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=20, rope_theta=100.0))),
    "llama-yarn": ("llama", (2, 33), False, SMALL | dict(
        head_dim=8, rope_parameters=dict(
            rope_type="yarn", factor=4.0, original_max_position_embeddings=40, beta_fast=4.0,
            rope_theta=100.0))),
    # Long enough that whole tiles of queries see nothing of the first keys.
    "mistral": ("mistral", (1, 140), False, SMALL | dict(sliding_window=9)),
    "qwen2": ("qwen2", (2, 17), False, SMALL | dict(tie_word_embeddings=True)),
    "qwen2-window": ("qwen2", (2, 17), True, SMALL | dict(
        use_sliding_window=True, sliding_window=5, max_window_layers=1)),
    "qwen3": ("qwen3", (2, 17), False, SMALL | dict(head_dim=6)),
    "smollm3": ("smollm3", (2, 17), False, SMALL | dict(num_hidden_layers=4)),
    "gpt2": ("gpt2", (2, 17), False, GPT2 | dict(n_inner=20)),
    "gpt2-bare": ("gpt2", (3, 9), False, GPT2 | dict(n_embd=12)),
    "gpt-neox": ("gpt_neox", (2, 17), False, NEOX | dict(
        rope_parameters=dict(
            rope_type="default", rope_theta=10_000.0, partial_rotary_factor=0.25))),
    "gpt-neox-sequential": ("gpt_neox", (2, 17), True, NEOX | dict(
        use_parallel_residual=False, tie_word_embeddings=True, hidden_act="gelu_fast",
        rope_parameters=dict(rope_type="default", rope_theta=500.0, partial_rotary_factor=0.5))),
    "olmo2": ("olmo2", (2, 17), False, SMALL),
    "gemma": ("gemma", (2, 17), False, SMALL | dict(head_dim=6)),
    # Caps that scores and logits reach.
    "gemma2": ("gemma2", (2, 17), False, SMALL | dict(
        sliding_window=5, attn_logit_softcapping=1.5, final_logit_softcapping=2.0,
        query_pre_attn_scalar=3, num_hidden_layers=3)),
    "gemma3": ("gemma3_text", (2, 17), False, SMALL | dict(
        sliding_window=5, query_pre_attn_scalar=8, num_hidden_layers=4, sliding_window_pattern=3)),
    "gemma3-older": ("gemma3_text", (2, 17), True, SMALL | dict(
        sliding_window=5, sliding_window_pattern=2, rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1_000.0),
            sliding_attention=dict(rope_type="default", rope_theta=100.0)))),
}

ENCODER = dict(
    vocab_size=37, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=160)
# Name: class, lengths of the sequences, and the configuration.
ENCODERS = {
    # With pooler and the head for the next sentence.
    "bert": ("BertForPreTraining", (17, 11), ENCODER | dict(pad_token_id=0)),
    # As the first files were: without a prefix, with other names of norms, buffers and copies.
    "bert-older": ("BertForMaskedLM", (9, 9), ENCODER | dict(
        pad_token_id=0, hidden_act="gelu_new", layer_norm_eps=1e-5)),
    "bert-untied": ("BertForMaskedLM", (9, 4), ENCODER | dict(
        pad_token_id=0, tie_word_embeddings=False)),
    # Longer than a tile of queries, with padding that begins in either of its tiles.
    "roberta": ("RobertaForMaskedLM", (70, 66, 31), ENCODER | dict(
        pad_token_id=1, type_vocab_size=1, hidden_act="gelu_new")),
    # Pairs of sentences: the second one's positions start anew.
    "xlm-roberta": ("XLMRobertaForMaskedLM", (17, 12), ENCODER | dict(
        pad_token_id=1, type_vocab_size=1)),
}


def build(name):
    model_type, _, _, options = FAMILIES[name]
    ids = dict(bos_token_id=None, eos_token_id=0, pad_token_id=None)
    config = transformers.AutoConfig.for_model(model_type, **options, **ids)
    config._attn_implementation = "eager"
    torch.manual_seed(sum(name.encode()))
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if is_norm(key) and key.endswith("weight"):
                center = 0.0 if model_type.startswith("gemma") else 1.0
                parameter.copy_(center - 0.5 + torch.rand_like(parameter))
            else:
                parameter.normal_(std=0.25)
    return config, model


def is_norm(key):
    return "norm" in key.lower() or ".ln_" in key


def make_encoder(name, folder):
    class_name, lengths, options = ENCODERS[name]
    model_class = getattr(transformers, class_name)
    config = model_class.config_class(**options, bos_token_id=None, eos_token_id=None)
    config._attn_implementation = "eager"
    torch.manual_seed(sum(name.encode()))
    model = model_class(config).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if is_norm(key) and key.endswith("weight"):
                parameter.copy_(0.5 + torch.rand_like(parameter))
            else:
                parameter.normal_(std=0.25)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    rename = change_files(name, folder)
    golden = evaluate_encoder(name, config, model.double(), lengths)
    save_file({rename(key): value for key, value in golden.items()}, folder / "golden.safetensors")


def change_files(name, folder):
    """Gives files what others of the family have, and returns how the names of tensors changed."""
    path = folder / "model.safetensors"
    tensors = load_file(path)

    def older(key):
        if "LayerNorm" in key:
            key = key.replace(".weight", ".gamma").replace(".bias", ".beta")
        return key.replace("bert.", "")

    if name == "bert-older":
        tensors = {older(key): value for key, value in tensors.items()}
        tensors["embeddings.position_ids"] = torch.arange(160).expand(1, -1).contiguous()
        tensors["cls.predictions.decoder.weight"] = tensors[
            "embeddings.word_embeddings.weight"].clone()
        tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].clone()
    if name == "roberta":
        tensors["roberta.pooler.dense.weight"] = torch.randn(16, 16)
        tensors["roberta.pooler.dense.bias"] = torch.randn(16).half()
    save_file(tensors, path, metadata={"format": "pt"})
    return older if name == "bert-older" else lambda key: key


def evaluate_encoder(name, config, model, lengths):
    shape = (len(lengths), max(lengths))
    # No padding among the tokens, from which RoBERTa would not count on.
    inputs = torch.randint(2, config.vocab_size, shape)
    targets = torch.randint(0, config.vocab_size, shape)
    targets[:, 3::5] = -1
    positions = torch.arange(shape[1]).repeat(shape[0], 1)
    segments = torch.zeros(shape, dtype=torch.long)
    mask = torch.ones(shape, dtype=torch.long)
    more = {}
    for row, length in enumerate(lengths):
        inputs[row, length:] = config.pad_token_id
        targets[row, length:] = -1
        mask[row, length:] = 0
        if name == "bert":
            segments[row, length // 2:] = 1
            more["token_type_ids"] = segments
        if name == "xlm-roberta":
            positions[row, length // 2:] -= length // 2
            more["position_ids"] = positions + config.pad_token_id + 1
    output = model(input_ids=inputs, attention_mask=mask, **more)
    logits = output.prediction_logits if name == "bert" else output.logits
    losses = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none")
    losses.sum().backward()
    golden = {
        "inputs": inputs.float(), "targets": targets.float(),
        "lengths": torch.tensor(lengths).float(), "positions": positions.float(),
        "segments": segments.float(), "logits": logits.detach().float(),
        "losses": losses.detach().float().view(shape),
    }
    # With the other names of what is tied: the classes differ in which they have first.
    for key, parameter in model.named_parameters(remove_duplicate=False):
        if parameter.grad is not None:
            golden["gradient." + key] = parameter.grad.float()
    if config.tie_word_embeddings:
        golden = {key: value for key, value in golden.items() if ".decoder." not in key}
    return golden


def make_family(name, folder):
    _, shape, is_older, _ = FAMILIES[name]
    config, model = build(name)
    (model.transformer if name == "gpt2-bare" else model).save_pretrained(folder)
    if is_older:
        write_older_dialect(folder / "config.json")
    (folder / "generation_config.json").unlink(missing_ok=True)
    model = model.double()
    golden, _, _ = evaluate(config, model, shape)
    # Files of these have other names than the classes.
    if name == "gpt2-bare":
        golden = {key.replace(".transformer.", "."): value for key, value in golden.items()}
    if "embed_out.weight" in safe_open(folder / "model.safetensors", "pt").keys():
        golden["gradient.embed_out.weight"] = golden.pop("gradient.lm_head.weight")
    save_file(golden, folder / "golden.safetensors")


def evaluate(config, model, shape):
    inputs = torch.randint(0, config.vocab_size, shape)
    targets = torch.randint(0, config.vocab_size, shape)
    targets[:, 3::5] = -1
    logits = model(input_ids=inputs).logits
    losses = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none")
    losses.sum().backward()
    golden = {
        "inputs": inputs.float(),
        "targets": targets.float(),
        "logits": logits.detach().float(),
        "losses": losses.detach().float().view(shape),
    }
    for key, parameter in model.named_parameters():
        golden["gradient." + key] = parameter.grad.float()
    return golden, inputs, targets


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
        write_older_dialect(folder / "config.json")
    (folder / "generation_config.json").unlink(missing_ok=True)

    model = model.double()
    golden, inputs, targets = evaluate(config, model, SHAPES[name])
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


def write_older_dialect(path):
    """The keys that transformers wrote before version 5."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters", None) or {}
    if "full_attention" in rope:
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        rope = rope["full_attention"]
    config["rope_theta"] = rope.pop("rope_theta", 10_000.0)
    if config["model_type"] == "gpt_neox":
        config["rotary_emb_base"] = config.pop("rope_theta")
        config["rotary_pct"] = rope.pop("partial_rotary_factor")
    if rope.get("rope_type", "default") != "default":
        config["rope_scaling"] = rope
    config.pop("layer_types", None)
    config["torch_dtype"] = config.pop("dtype", "float32")
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def main():
    target = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or [*MODELS, *FAMILIES, *ENCODERS]:
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        if name in MODELS:
            make(name, folder)
        elif name in ENCODERS:
            make_encoder(name, folder)
        else:
            make_family(name, folder)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    print(json.dumps(versions))


if __name__ == "__main__":
    main()
