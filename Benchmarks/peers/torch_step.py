"""Times training steps of a Llama or GPT-2 in plain PyTorch on the CPU: forward, backward, clipping, AdamW.

    python torch_step.py --width 256 --layers 6 --heads 4 --feed-forward 704 \
        --vocabulary 8192 --batch 16 --length 256 --threads 2

Prints one JSON object. The model is written for speed, the way a PyTorch user would: fused
projections, scaled_dot_product_attention, cross_entropy over the logits, the fused AdamW.

Parameters and tokens come from a generator that Tessera's bench has too, in the same order, so the
losses of all steps can be compared.
"""
import argparse
import json
import statistics

import numpy
import torch
from torch import nn
from torch.nn import functional as F

from measuring import Stopwatch, peak_bytes


class Attention(nn.Module):
    def __init__(self, width, heads, groups, head_width):
        super().__init__()
        self.heads, self.groups, self.head_width = heads, groups, head_width
        self.project = nn.Linear(width, (heads + 2 * groups) * head_width, bias=False)
        self.output = nn.Linear(heads * head_width, width, bias=False)

    def forward(self, x, cosine, sine):
        batch, length, _ = x.shape
        sizes = [self.heads * self.head_width] + 2 * [self.groups * self.head_width]
        q, k, v = self.project(x).split(sizes, dim=-1)
        q = q.view(batch, length, self.heads, self.head_width).transpose(1, 2)
        k = k.view(batch, length, self.groups, self.head_width).transpose(1, 2)
        v = v.view(batch, length, self.groups, self.head_width).transpose(1, 2)
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        if self.groups != self.heads:
            k = k.repeat_interleave(self.heads // self.groups, dim=1)
            v = v.repeat_interleave(self.heads // self.groups, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(y.transpose(1, 2).reshape(batch, length, -1))


def rotate(x, cosine, sine):
    low, high = x.chunk(2, dim=-1)
    return torch.cat([low * cosine - high * sine, high * cosine + low * sine], dim=-1)


class Layer(nn.Module):
    """Members in the order of the tensors in a checkpoint, which is that of the generator."""

    def __init__(self, width, heads, groups, head_width, feed_forward):
        super().__init__()
        self.attention_norm = nn.RMSNorm(width, eps=1e-5)
        self.attention = Attention(width, heads, groups, head_width)
        self.feed_forward_norm = nn.RMSNorm(width, eps=1e-5)
        self.gate_up = nn.Linear(width, 2 * feed_forward, bias=False)
        self.down = nn.Linear(feed_forward, width, bias=False)

    def forward(self, x, cosine, sine):
        x = x + self.attention(self.attention_norm(x), cosine, sine)
        gate, up = self.gate_up(self.feed_forward_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Llama(nn.Module):
    def __init__(self, options):
        super().__init__()
        width, head_width = options.width, options.width // options.heads
        self.embedding = nn.Embedding(options.vocabulary, width)
        self.layers = nn.ModuleList(
            Layer(width, options.heads, options.groups or options.heads, head_width,
                  options.feed_forward)
            for _ in range(options.layers))
        self.norm = nn.RMSNorm(width, eps=1e-5)
        frequencies = 10_000.0 ** (-torch.arange(0, head_width, 2) / head_width)
        angles = torch.outer(torch.arange(options.length), frequencies)
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())

    def forward(self, tokens, targets):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, self.cosine, self.sine)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


class GPT2Layer(nn.Module):
    def __init__(self, width, heads, feed_forward):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, feed_forward)
        self.down = nn.Linear(feed_forward, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in self.project(self.attention_norm(x)).split(width, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.feed_forward_norm(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.embedding = nn.Embedding(options.vocabulary, options.width)
        self.positions = nn.Embedding(options.length, options.width)
        self.layers = nn.ModuleList(
            GPT2Layer(options.width, options.heads, options.feed_forward)
            for _ in range(options.layers))
        self.norm = nn.LayerNorm(options.width)

    def forward(self, tokens, targets):
        x = self.embedding(tokens) + self.positions.weight
        for layer in self.layers:
            x = layer(x)
        logits = F.linear(self.norm(x), self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def split_mix(seed, count, start=0):
    """`count` numbers of SplitMix64 from number `start` on."""
    numbers = numpy.arange(start + 1, start + count + 1, dtype=numpy.uint64)
    z = numpy.uint64(seed) + numbers * numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def chains(step, options):
    """Sequences in which every token decides all but two bits of the next one."""
    count = options.batch * (options.length + 1)
    numbers = split_mix(3, count, step * count).reshape(options.batch, -1)
    tokens = numpy.empty_like(numbers)
    tokens[:, 0] = numbers[:, 0] % numpy.uint64(options.vocabulary)
    for i in range(1, options.length + 1):
        tokens[:, i] = (numpy.uint64(5) * tokens[:, i - 1] + numpy.uint64(1)
                        + numbers[:, i] % numpy.uint64(4)) % numpy.uint64(options.vocabulary)
    return torch.from_numpy(tokens.astype(numpy.int64))


def fill(model):
    """Norms are 1 and biases 0; all else is uniform with deviation 0.02, one number for each parameter."""
    start = 0
    for name, parameter in model.named_parameters():
        count = parameter.numel()
        if parameter.dim() == 1:
            nn.init.constant_(parameter, 0 if name.endswith("bias") else 1)
        else:
            uniform = (split_mix(1, count, start) >> numpy.uint64(40)).astype(numpy.float32)
            values = (uniform * numpy.float32(2**-24) - numpy.float32(0.5)) * numpy.float32(
                0.02 * 12**0.5)
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(values).view_as(parameter))
        start += count


def main():
    parser = argparse.ArgumentParser()
    for name, default in [("width", 256), ("layers", 6), ("heads", 4), ("groups", 0),
                          ("feed-forward", 704), ("vocabulary", 8192), ("batch", 16),
                          ("length", 256), ("threads", 2), ("steps", 5), ("warmup", 2)]:
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--family", choices=["llama", "gpt2"], default="llama")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    model = (Llama if options.family == "llama" else GPT2)(options)
    fill(model)
    step_function = torch.compile(model) if options.compile else model
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    count = options.batch * options.length
    tokens = split_mix(2, options.batch * (options.length + 1)) % numpy.uint64(options.vocabulary)
    tokens = torch.from_numpy(tokens.astype(numpy.int64)).view(options.batch, -1)
    inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()

    times, losses = [], []
    for step in range(options.warmup + options.steps):
        if options.fresh:
            tokens = chains(step, options)
            inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
        stopwatch = Stopwatch()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            loss = step_function(inputs, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        times.append(stopwatch.read())
        losses.append(loss.item())
    timed = times[options.warmup:]
    print(json.dumps({
        "tokens": count,
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": statistics.median(t["seconds"] for t in timed),
        "cpu_seconds": statistics.median(t["cpu_seconds"] for t in timed),
        "step_seconds": [t["seconds"] for t in timed],
        "losses": losses,
        "peak_bytes": peak_bytes(),
    }))


if __name__ == "__main__":
    main()
