"""Makes the small copy of the reference vectors from a full folder: python3 select.py FULL_FOLDER data

Takes the listed operator cases, the optimizer traces, two networks and a training run, without the single-precision
results, which are for information only.
"""
import json
import os
import struct
import sys

CASES = """
add.row sub.both maximum.tie pow.tensor gelu.none_vec clamp.both softplus.extreme where.same masked_fill.neg_inf
sum.d02_keep var.biased logsumexp.large norm.zero prod.last max_dim.tie softmax.dead_row log_softmax.mid matmul.batch_matvec
matmul.transposed_views linear.1d einsum.trace layer_norm.noaffine batch_norm1d.2d_train conv2d.asym max_pool2d.tie
scatter_add.d1 sort.stable_ties cat.d0 slice.step2 cross_entropy.weight cross_entropy.ignore_pad0 sdpa.causal_h1 rope.half_offset
graph.slice_sum hvp.lse quantize_affine.neg
""".split()
WIDTH = {"F64": 8, "I64": 8, "F32": 4, "U16": 2, "U8": 1, "BOOL": 1}


def read(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8 : 8 + n]), raw[8 + n :]


def keys(case):
    for part in case["inputs"] + case["outputs"] + case["grads"]:
        part.pop("f32", None)
        yield from (part[k] for k in ("key", "ct", "f64") if part.get(k))


def write_tensors(path, tensors):
    """Writes (name, type, shape, bytes) widest type first, so that each is aligned."""
    header, body = {}, b""
    for key, dtype, shape, part in sorted(tensors, key=lambda t: -WIDTH[t[1]]):
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(part)]}
        body += part
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + body)


def write_index(path, index):
    with open(path, "w") as f:
        json.dump(index, f, separators=(",", ":"))
        f.write("\n")


def copy(name, wanted=lambda key: "f32/" not in key):
    """Copies the tensors of a file whose names are wanted."""
    header, data = read(os.path.join(source, name))
    header.pop("__metadata__", None)
    chosen = [(k, e["dtype"], e["shape"], data[slice(*e["data_offsets"])]) for k, e in header.items() if wanted(k)]
    write_tensors(os.path.join(target, name), chosen)


source, target = sys.argv[1:]
os.makedirs(target, exist_ok=True)
index = json.load(open(os.path.join(source, "ops_index.json")))
chosen = [c for c in index["cases"] if c["id"] in CASES]
assert len(chosen) == len(CASES), set(CASES) - {c["id"] for c in chosen}
tensors = []
for case in chosen:
    header, data = read(os.path.join(source, case["file"]))
    for key in keys(case):
        entry = header[key]
        tensors.append((key, entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])]))
    case["file"] = "ops.safetensors"
write_tensors(os.path.join(target, "ops.safetensors"), tensors)
index["cases"] = chosen
index["ops"] = sorted({c["op"] for c in chosen})
index["set"] = "selection"
write_index(os.path.join(target, "ops_index.json"), index)

# Optimizers: the traces of the rules that the crate has.
index = json.load(open(os.path.join(source, "optim_index.json")))
rules = ("sgd", "adam", "adamw")
index = {
    "format": index["format"],
    "torch": index["torch"],
    "traces": [t for t in index["traces"] if t["optimizer"] in rules],
    "rosenbrock": [t for t in index["rosenbrock"] if t["optimizer"] in rules],
}
traces = {t["id"] for t in index["traces"]}
copy("optim.safetensors", lambda key: key.split("/")[0] in traces and "/f32/" not in key)
write_index(os.path.join(target, "optim_index.json"), index)

# Networks: the two that read digits, and one training run.
index = json.load(open(os.path.join(source, "models_index.json")))
index["models"] = [m for m in index["models"] if m["id"] in ("mlp_a", "cnn_a")]
for model in index["models"]:
    copy(model["file"])
write_index(os.path.join(target, "models_index.json"), index)
index = json.load(open(os.path.join(source, "curves_index.json")))
index = {
    "format": index["format"],
    "torch": index["torch"],
    "digits": [c for c in index["digits"] if c["id"] == "mlp_momentum"],
}
copy(index["digits"][0]["file"])
write_index(os.path.join(target, "curves_index.json"), index)
