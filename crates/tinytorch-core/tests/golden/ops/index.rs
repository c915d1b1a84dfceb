//! Indexing and sorting.

use tinytorch_core::{Result, Tensor};

use super::{Args, one, two};

pub(super) fn call(a: &Args<'_>) -> Option<Result<Vec<Tensor>>> {
    let padding = a.params["padding_idx"].as_u64().map(|p| p as usize);
    one(match a.op {
        "embedding" => a.input("weight").embedding(a.input("idx"), padding),
        "gather" => a.input("x").gather(a.int("dim"), a.input("idx")),
        "index_select" => a.input("x").index_select(a.int("dim"), a.input("idx")),
        "index_add" => a.input("x").index_add(a.int("dim"), a.input("idx"), a.input("src")),
        "scatter" => a.input("x").scatter(a.int("dim"), a.input("idx"), a.input("src")),
        "scatter_add" => a.input("x").scatter_add(a.int("dim"), a.input("idx"), a.input("src")),
        "one_hot" => a.input("idx").one_hot(a.size("num_classes")),
        "sort" => return two(a.input("x").sort(a.int("dim"), a.flag("descending"))),
        "topk" => return two(a.input("x").topk(a.size("k"), a.int("dim"), a.flag("largest"))),
        _ => return None,
    })
}
