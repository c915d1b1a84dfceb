"""PyTorch's side of the peer comparison: times one round of a case on request.

Reads one JSON object per line from standard input and writes one per line to standard output:

    {"do": "hello"}                                  -> {"torch": "2.x", "threads": 2}
    {"do": "prepare", "case": "gemm", "sizes": [64]} -> {"answer": [...]}
    {"do": "reset"}                                  -> {}
    {"do": "time", "n": 100}                         -> {"seconds": 0.1}
    {"do": "peak", "case": "gpt", "sizes": [16], "n": 4} -> {"bytes": 1000000}
    {"do": "end"}                                    -> {} and the program ends

Every failure is answered with {"error": "..."}.
Inputs and initial weights come from the same formula as on the Rust side (`values.rs`).
Each operation is written as a PyTorch user would write it, with the fused forms where PyTorch has them.
"""

import json
import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

COMPARED_STEPS = 4


def mixed(stream, n):
    """24 mixed bits per position: SplitMix64 of stream * 2^32 + i."""
    with np.errstate(over="ignore"):
        z = (np.uint64(stream << 32) + np.arange(n, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return (z ^ (z >> np.uint64(31))) >> np.uint64(40)


def uniform(stream, shape, scale=1.0):
    unit = mixed(stream, math.prod(shape)).astype(np.float64) / 2**23 - 1.0
    return torch.from_numpy((unit * float(np.float32(scale))).astype(np.float32).reshape(shape))


def whole(stream, shape, below):
    ids = (mixed(stream, math.prod(shape)) * np.uint64(below)) >> np.uint64(24)
    return torch.from_numpy(ids.astype(np.int64).reshape(shape))


def sample(tensor):
    flat = tensor.detach().reshape(-1)
    return flat[:: (flat.numel() // 4096) | 1].tolist()


class Repeated:
    """A computation without state."""

    def __init__(self, run, read=sample, grad=False):
        self.run, self.read, self.grad = run, read, grad

    def answer(self):
        with torch.set_grad_enabled(self.grad):
            return self.read(self.run())

    def reset(self):
        pass

    def time(self, n):
        run = self.run
        with torch.set_grad_enabled(self.grad):
            start = time.perf_counter()
            for _ in range(n):
                run()
            return time.perf_counter() - start


class Trained:
    """A training step; every round starts from a fresh model."""

    def __init__(self, build):
        self.build, self.step = build, None

    def answer(self):
        step = self.build()
        return [step() for _ in range(COMPARED_STEPS)]

    def reset(self):
        self.step = self.build()

    def time(self, n):
        step = self.step
        start = time.perf_counter()
        for _ in range(n):
            step()
        return time.perf_counter() - start


def gemm(n):
    a, b = uniform(1, (n, n)), uniform(2, (n, n))
    return Repeated(lambda: a @ b)


def add(n):
    a, b = uniform(1, (n,)), uniform(2, (n,))
    return Repeated(lambda: a + b)


def gelu(n):
    x = uniform(1, (n,), 4.0)
    return Repeated(lambda: F.gelu(x))


def softmax(rows, cols):
    x = uniform(1, (rows, cols), 4.0)
    return Repeated(lambda: torch.softmax(x, -1))


def layer_norm(rows, cols):
    x = uniform(1, (rows, cols)).requires_grad_()
    weight = uniform(2, (cols,)).requires_grad_()
    bias = uniform(3, (cols,)).requires_grad_()
    g = uniform(4, (rows, cols))

    def run():
        loss = (F.layer_norm(x, (cols,), weight, bias) * g).sum()
        return torch.autograd.grad(loss, (x, weight, bias))

    return Repeated(run, lambda grads: [v for grad in grads for v in sample(grad)], grad=True)


def conv(batch, n_in, n_out, side, kernel, groups, gradients):
    x = uniform(1, (batch, n_in, side, side))
    weight, bias = uniform(2, (n_out, n_in // groups, kernel, kernel)), uniform(3, (n_out,))
    if not gradients:
        return Repeated(lambda: F.conv2d(x, weight, bias, padding=kernel // 2, groups=groups))
    g = uniform(4, (batch, n_out, side, side))
    inputs = [t.requires_grad_() for t in (x, weight, bias)]

    def run():
        loss = (F.conv2d(*inputs, padding=kernel // 2, groups=groups) * g).sum()
        return torch.autograd.grad(loss, inputs)

    return Repeated(run, lambda grads: [v for grad in grads for v in sample(grad)], grad=True)


def pool(batch, channels, side, mean):
    x = uniform(1, (batch, channels, side, side)).requires_grad_()
    g = uniform(2, (batch, channels, side // 2, side // 2))
    pooled = F.avg_pool2d if mean else F.max_pool2d
    return Repeated(
        lambda: torch.autograd.grad((pooled(x, 2) * g).sum(), (x,)), lambda grads: sample(grads[0]), grad=True
    )


def fill(module, stream=100):
    """Gives parameter k of the module, in order, the values of stream 100 + k, scaled by its fan-in."""
    with torch.no_grad():
        for k, (name, p) in enumerate(module.named_parameters()):
            if ".norm" in name or name.startswith("norm"):
                p.fill_(1.0 if name.endswith("weight") else 0.0)
                continue
            fan_in = math.prod(p.shape[1:]) if p.dim() > 1 else p.shape[0]
            p.copy_(uniform(stream + k, tuple(p.shape), 1.0 / np.sqrt(np.float32(fan_in))))
    return module


def training(make, x, y):
    """Returns a builder of training steps with the fused Adam."""

    def build():
        model = fill(make())
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

        def step():
            optimizer.zero_grad()
            logits = model(x)
            loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    return Trained(build)


def mlp(batch):
    def make():
        return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))

    return training(make, uniform(1, (batch, 784)), whole(2, (batch,), 10))


def lenet(batch):
    def make():
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )

    return training(make, uniform(1, (batch, 1, 28, 28)), whole(2, (batch,), 10))


def cnn(batch):
    def make():
        return nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10),
        )

    return training(make, uniform(1, (batch, 3, 32, 32)), whole(2, (batch,), 10))


def tiny_forward():
    model = fill(nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 4)))
    x = uniform(1, (1, 6))
    return Repeated(lambda: model(x))


def tiny_step(batch):
    def make():
        return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    return training(make, uniform(1, (batch, 64)), whole(2, (batch,), 10))


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)
        self.norm2 = nn.LayerNorm(d)
        self.up = nn.Linear(d, 4 * d)
        self.down = nn.Linear(4 * d, d)

    def forward(self, x, kept=None, start=0):
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        if kept is not None:
            kept[0, :, :, start : start + t], kept[1, :, :, start : start + t] = k, v
            k, v = kept[0, :, :, : start + t], kept[1, :, :, : start + t]
        mixed_values = F.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
        x = x + self.out(mixed_values.transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """Pre-norm GPT with learned positions; the output layer is tied to the token embedding."""

    def __init__(self, vocab, context, d, heads, layers):
        super().__init__()
        self.tokens = nn.Embedding(vocab, d)
        self.positions = nn.Embedding(context, d)
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(d)

    def hidden(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, ids):
        return self.hidden(ids) @ self.tokens.weight.T


def gpt(batch, vocab, context, d, heads, layers):
    x = whole(1, (batch, context), vocab)
    y = whole(2, (batch, context), vocab)
    return training(lambda: Gpt(vocab, context, d, heads, layers), x, y)


def decode(vocab, context, d, heads, layers, length):
    model = fill(Gpt(vocab, context, d, heads, layers))
    ids = whole(1, (1, length), vocab)
    return Repeated(lambda: model.hidden(ids)[:, -1] @ model.tokens.weight.T)


def decode_cached(vocab, context, d, heads, layers, length):
    model = fill(Gpt(vocab, context, d, heads, layers))
    ids = whole(1, (1, length + 1), vocab)
    kept = [torch.zeros(2, 1, heads, context, d // heads) for _ in range(layers)]

    def scores(ids, start):
        x = model.tokens(ids) + model.positions.weight[start : start + ids.shape[1]]
        for block, rows in zip(model.blocks, kept):
            x = block(x, rows, start)
        return model.norm(x)[:, -1] @ model.tokens.weight.T

    with torch.no_grad():
        scores(ids[:, :length], 0)
    return Repeated(lambda: scores(ids[:, length:], length))


CASES = {
    f.__name__: f
    for f in (
        gemm, add, gelu, softmax, layer_norm, conv, pool, tiny_forward, tiny_step, mlp, lenet, cnn, gpt, decode,
        decode_cached,
    )
}


def held():
    """The most bytes that this process has held since the mark was last cleared."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def peak(case, sizes, n):
    """By how many bytes the process grows while it builds the case and repeats it.

    The same case at an eighth of every size goes ahead: code that is loaded at first use is no memory of the step.
    """
    small = CASES[case](*(max(size // 8, 1) for size in sizes))
    small.reset()
    small.time(1)
    with open("/proc/self/clear_refs", "w") as mark:
        mark.write("5")
    before = held()
    current = CASES[case](*sizes)
    current.reset()
    current.time(n)
    return held() - before


def main():
    torch.set_num_threads(int(sys.argv[1]))
    current = None
    for line in sys.stdin:
        request = json.loads(line)
        reply = {}
        try:
            match request["do"]:
                case "hello":
                    reply = {"torch": torch.__version__, "threads": torch.get_num_threads()}
                case "prepare":
                    current = None
                    current = CASES[request["case"]](*request["sizes"])
                    reply = {"answer": current.answer()}
                case "reset":
                    current.reset()
                case "time":
                    reply = {"seconds": current.time(request["n"])}
                case "peak":
                    reply = {"bytes": peak(request["case"], request["sizes"], request["n"])}
                case "end":
                    print("{}", flush=True)
                    return
                case other:
                    reply = {"error": f"unknown request {other}"}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
