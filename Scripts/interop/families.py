"""Small models of every family whose embedding and head are known, made by transformers.

A model is described by the arguments of its configuration class. `build` makes one with random weights,
`train` teaches it a text for some seconds, so that its logits and biases are no noise, and `loss` is its
bits per byte on a text: of the next token, of masked ones, or of a target sequence, as the model has it.
"""
import math

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig

ROWS = 1_000
# What llama-like configurations have in common; each family adds to it.
PLAIN = dict(
    hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=2, head_dim=16, max_position_embeddings=128)
GPT2 = dict(n_embd=32, n_layer=1, n_head=2, n_positions=128, n_inner=64)
ENCODER = dict(
    hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
    max_position_embeddings=132)
SEQUENCES = dict(
    d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64,
    max_position_embeddings=128)
T5 = dict(
    d_model=32, d_kv=16, d_ff=64, num_layers=1, num_decoder_layers=1, num_heads=2)
VISION = dict(
    hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28,
    patch_size=14)
EXPERTS = dict(
    num_experts=2, num_local_experts=2, num_experts_per_tok=1, moe_intermediate_size=32,
    shared_expert_intermediate_size=32)
LINEAR = dict(
    layer_types=["full_attention"], linear_num_key_heads=2, linear_num_value_heads=2,
    linear_key_head_dim=8, linear_value_head_dim=8)

CAUSAL, MASKED, PAIRS, IMAGES = "causal", "masked", "pairs", "images"

# Model type: what the model learns, and its configuration.
TYPES = {
    **{name: (CAUSAL, PLAIN) for name in (
        "llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi", "phi3",
        "olmo", "olmo2", "olmo3", "smollm3", "starcoder2", "cohere", "cohere2", "stablelm", "granite",
        "glm", "glm4", "nemotron", "persimmon", "seed_oss", "apertus", "arcee", "helium", "exaone4",
        "hunyuan_v1_dense", "ernie4_5", "lfm2")},
    **{name: (CAUSAL, PLAIN | EXPERTS) for name in (
        "mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "gpt_oss")},
    **{name: (CAUSAL, PLAIN | EXPERTS | LINEAR) for name in ("qwen3_next", "qwen3_5_text")},
    "falcon_h1": (CAUSAL, PLAIN | dict(
        mamba_d_ssm=32, mamba_n_heads=2, mamba_d_head=16, mamba_d_state=8, mamba_n_groups=1,
        mamba_chunk_size=32)),
    "xglm": (CAUSAL, dict(
        d_model=32, num_layers=1, attention_heads=2, ffn_dim=64, max_position_embeddings=128)),
    "gpt2": (CAUSAL, GPT2),
    "gpt_bigcode": (CAUSAL, GPT2),
    "gptj": (CAUSAL, GPT2 | dict(rotary_dim=8)),
    "codegen": (CAUSAL, GPT2 | dict(n_head=4, rotary_dim=8)),
    "gpt_neo": (CAUSAL, dict(
        hidden_size=32, num_layers=1, num_heads=2, intermediate_size=64,
        attention_types=[[["global"], 1]], max_position_embeddings=128)),
    "mpt": (CAUSAL, dict(d_model=32, n_heads=2, n_layers=1, expansion_ratio=2, max_seq_len=128)),
    "gpt_neox": (CAUSAL, PLAIN),
    "bloom": (CAUSAL, dict(hidden_size=32, n_layer=1, n_head=2)),
    "falcon": (CAUSAL, dict(hidden_size=32, num_hidden_layers=1, num_attention_heads=2)),
    # The rows are shorter than the hidden states.
    "opt": (CAUSAL, dict(
        hidden_size=32, word_embed_proj_dim=24, num_hidden_layers=1, num_attention_heads=2, ffn_dim=64,
        max_position_embeddings=128)),
    "mamba": (CAUSAL, dict(hidden_size=32, num_hidden_layers=1, state_size=8)),
    "mamba2": (CAUSAL, dict(
        hidden_size=32, num_hidden_layers=1, state_size=8, num_heads=4, head_dim=16, n_groups=1,
        chunk_size=32)),
    "modernbert-decoder": (CAUSAL, ENCODER | dict(local_attention=64)),
    **{name: (MASKED, ENCODER) for name in (
        "bert", "roberta", "camembert", "xlm-roberta", "xlm-roberta-xl")},
    "distilbert": (MASKED, dict(
        dim=32, n_layers=1, n_heads=2, hidden_dim=64, max_position_embeddings=132)),
    "modernbert": (MASKED, ENCODER | dict(local_attention=64)),
    "longformer": (MASKED, ENCODER | dict(attention_window=16)),
    **{name: (PAIRS, T5) for name in ("t5", "mt5", "umt5")},
    **{name: (PAIRS, SEQUENCES) for name in ("bart", "mbart", "m2m_100", "blenderbot")},
    "led": (PAIRS, SEQUENCES | dict(
        attention_window=16, max_encoder_position_embeddings=128,
        max_decoder_position_embeddings=128)),
    "gemma3": (IMAGES, dict(
        text_config=PLAIN, vision_config=VISION, mm_tokens_per_image=4)),
    "mistral3": (IMAGES, dict(
        text_config=PLAIN | dict(model_type="mistral"), vision_config=VISION | dict(
            model_type="pixtral", head_dim=8))),
    "llava": (IMAGES, dict(
        text_config=PLAIN | dict(model_type="llama"), vision_config=VISION | dict(
            model_type="clip_vision_model", projection_dim=16))),
    "qwen2_vl": (IMAGES, dict(
        text_config=PLAIN | dict(rope_parameters=dict(
            rope_type="default", rope_theta=1e4, mrope_section=[2, 3, 3])),
        vision_config=dict(depth=1, embed_dim=16, hidden_size=32, num_heads=2))),
    "qwen2_5_vl": (IMAGES, dict(
        text_config=PLAIN | dict(rope_parameters=dict(
            rope_type="default", rope_theta=1e4, mrope_section=[2, 3, 3])),
        vision_config=dict(
            depth=1, hidden_size=16, intermediate_size=32, num_heads=2, out_hidden_size=32,
            fullatt_block_indexes=[0]))),
    "qwen3_vl": (IMAGES, dict(
        text_config=PLAIN | dict(rope_parameters=dict(
            rope_type="default", rope_theta=1e4, mrope_section=[2, 3, 3])),
        vision_config=dict(
            depth=1, hidden_size=16, intermediate_size=32, num_heads=2, out_hidden_size=32,
            deepstack_visual_indexes=[0]))),
    "qwen3_5": (IMAGES, dict(
        text_config=PLAIN | LINEAR, vision_config=dict(
            depth=1, hidden_size=16, intermediate_size=32, num_heads=2, out_hidden_size=32))),
}

# Those that tessera computes, with what makes the parts of a family matter in a small model.
LAYERS = dict(num_hidden_layers=4)
WINDOW = dict(sliding_window=16)
COMPUTED = {
    "llama": LAYERS | dict(attention_bias=True, mlp_bias=True, rope_parameters=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64, rope_theta=500.0)),
    "mistral": LAYERS | WINDOW,
    "qwen2": LAYERS | WINDOW | dict(
        use_sliding_window=True, max_window_layers=2, rope_parameters=dict(
            rope_type="yarn", factor=4.0, original_max_position_embeddings=64, rope_theta=500.0)),
    "qwen3": LAYERS | dict(head_dim=24),
    "smollm3": LAYERS,
    "gpt2": dict(n_layer=3),
    "gpt_neox": dict(num_hidden_layers=3),
    "olmo2": LAYERS,
    "gemma": LAYERS | dict(head_dim=24),
    "gemma2": LAYERS | WINDOW | dict(
        attn_logit_softcapping=2.0, final_logit_softcapping=3.0, query_pre_attn_scalar=24),
    "gemma3_text": LAYERS | WINDOW | dict(sliding_window_pattern=2, query_pre_attn_scalar=24),
    "bert": dict(num_hidden_layers=3),
    "roberta": dict(num_hidden_layers=3, type_vocab_size=1),
    "xlm-roberta": dict(num_hidden_layers=3, type_vocab_size=1),
}

# The tokens that the configurations name: the first ones of `tokenizer`.
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
IDS = dict(
    bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2,
    cls_token_id=0, sep_token_id=2)
IMAGE_IDS = dict(
    image_token_id=3, image_token_index=3, video_token_id=3, vision_start_token_id=3,
    vision_end_token_id=3, boi_token_index=3, eoi_token_index=3)


def default_tying(model_type):
    """What the configuration class says where a file says nothing."""
    return bool(AutoConfig.for_model(model_type).tie_word_embeddings)


def make_tokenizer(text, path, rows=ROWS):
    """A tokenizer with as many tokens as models have rows."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([text], trainers.BpeTrainer(
        vocab_size=rows, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    assert tokenizer.get_vocab_size() == rows, "the text is too short"
    tokenizer.save(path)
    return tokenizer


def configuration(model_type, tied=None, rows=ROWS, more=None):
    kind, options = TYPES[model_type]
    options = dict(options) | (more or {})
    if kind == IMAGES:
        options["text_config"] = options["text_config"] | dict(vocab_size=rows) | IDS
        options |= IMAGE_IDS
    else:
        options["vocab_size"] = rows
    if tied is not None:
        options["tie_word_embeddings"] = tied
        if kind == IMAGES:
            options["text_config"]["tie_word_embeddings"] = tied
    return AutoConfig.for_model(model_type, **options, **IDS)


def build(model_type, tied=None, rows=ROWS, seed=1, more=None):
    """A model with random weights and biases, and with `more` in its configuration."""
    kind = TYPES[model_type][0]
    torch.manual_seed(seed)
    config = configuration(model_type, tied, rows, more)
    auto = {
        CAUSAL: transformers.AutoModelForCausalLM, MASKED: transformers.AutoModelForMaskedLM,
        PAIRS: transformers.AutoModelForSeq2SeqLM, IMAGES: transformers.AutoModelForImageTextToText,
    }[kind]
    model = auto.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, tensor in (*model.named_parameters(), *model.named_buffers()):
            # Zeros would hide a bias that was forgotten.
            if rows in tensor.shape and (tensor.ndim == 1 or tensor.shape[0] == 1):
                tensor.normal_(std=0.5)
    return model.eval()


def forward(model, kind, ids):
    """Logits, the tokens that they are for, and where they count, for sequences of one length."""
    mask_id = SPECIAL.index("<mask>")
    if kind == MASKED:
        masked = ids.clone()
        masked[:, 2::5] = mask_id
        return model(input_ids=masked).logits, ids, masked == mask_id
    if kind == PAIRS:
        start = torch.full_like(ids[:, :1], IDS["decoder_start_token_id"])
        inputs = torch.cat([start, ids[:, :-1]], dim=1)
        logits = model(input_ids=ids, decoder_input_ids=inputs).logits
        return logits, ids, torch.ones_like(ids, dtype=torch.bool)
    logits = model(input_ids=ids).logits[:, :-1]
    return logits, ids[:, 1:], torch.ones_like(ids[:, 1:], dtype=torch.bool)


def train(model, model_type, ids, steps=40):
    """Some steps of AdamW on sequences [count, length]."""
    kind = TYPES[model_type][0]
    generator = torch.Generator().manual_seed(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        batch = ids[torch.randint(0, len(ids), (8,), generator=generator)]
        logits, targets, counts = forward(model, kind, batch)
        loss = torch.nn.functional.cross_entropy(logits[counts], targets[counts])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def bits_per_byte(model, model_type, ids, sizes):
    """Summed loss over the bytes of the tokens that it is of; `sizes` are those of all tokens."""
    with torch.no_grad():
        logits, targets, counts = forward(model, TYPES[model_type][0], ids)
        loss = torch.nn.functional.cross_entropy(
            logits[counts].double(), targets[counts], reduction="sum")
    return float(loss) / math.log(2) / int(sizes[targets[counts]].sum())
