"""Makes the small copy of the reference vectors from a full folder: python3 select.py FULL_FOLDER data

Takes the listed operator cases, without the single-precision results, which are for information only.
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
WIDTH = {"F64": 8, "I64": 8, "F32": 4, "U8": 1, "BOOL": 1}


def read(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    return json.loads(raw[8 : 8 + n]), raw[8 + n :]


def keys(case):
    for part in case["inputs"] + case["outputs"] + case["grads"]:
        part.pop("f32", None)
        yield from (part[k] for k in ("key", "ct", "f64") if part.get(k))


source, target = sys.argv[1:]
index = json.load(open(os.path.join(source, "ops_index.json")))
chosen = [c for c in index["cases"] if c["id"] in CASES]
assert len(chosen) == len(CASES), set(CASES) - {c["id"] for c in chosen}
tensors = []
for case in chosen:
    header, data = read(os.path.join(source, case["file"]))
    for key in keys(case):
        entry = header[key]
        start, end = entry["data_offsets"]
        tensors.append((key, entry["dtype"], entry["shape"], data[start:end]))
    case["file"] = "ops.safetensors"
tensors.sort(key=lambda t: -WIDTH[t[1]])  # widest first, so that each is aligned
header, body = {}, b""
for key, dtype, shape, part in tensors:
    header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(part)]}
    body += part
head = json.dumps(header, separators=(",", ":")).encode()
head += b" " * (-len(head) % 8)
os.makedirs(target, exist_ok=True)
with open(os.path.join(target, "ops.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(head)) + head + body)
index["cases"] = chosen
index["ops"] = sorted({c["op"] for c in chosen})
index["set"] = "selection"
with open(os.path.join(target, "ops_index.json"), "w") as f:
    json.dump(index, f, separators=(",", ":"))
    f.write("\n")
