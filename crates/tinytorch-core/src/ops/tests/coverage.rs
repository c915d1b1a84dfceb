//! Nothing is left out: the tables of the registry against the text of the sources and the list of reference vectors.

use std::{collections::BTreeSet, fs, path::Path};

use super::{cases, registry};
use crate::{
    DType, Tensor,
    autograd::{GradOpts, GraphView, grad},
};

/// The text of every file of the operations, without tests.
fn sources() -> Vec<String> {
    fn walk(dir: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() && name != "tests" {
                walk(&path, out);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                out.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut out = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops"), &mut out);
    out
}

/// The word after `before` up to the next character that belongs to no name.
fn word_after<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(before)?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// Public functions and methods of tensors, also those that the macros of this folder declare.
fn public_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in sources() {
        let mut block = "";
        for line in text.lines() {
            match line {
                "impl Tensor {" | "functions! {" | "steps! {" | "comparisons! {" => block = line,
                "}" => block = "",
                _ => {}
            }
            let words = || line.split_whitespace().filter(|_| !line.contains("///"));
            let name = match block {
                "impl Tensor {" => word_after(line, "    pub fn "),
                "functions! {" | "steps! {" => words().nth(1).filter(|w| *w != "{"),
                "comparisons! {" => words().next().filter(|w| !w.ends_with('!')),
                _ => word_after(line, "pub fn "),
            };
            names.extend(name.map(str::to_owned));
        }
    }
    names
}

fn registered() -> BTreeSet<String> {
    let tables =
        [registry::ON_MATRICES, registry::ON_IMAGES, registry::STEPS, registry::WITHOUT_SLOPE];
    let names = tables.into_iter().flatten().map(|(name, _)| *name);
    names
        .chain(registry::NOT_OPERATIONS.iter().copied())
        .filter_map(|n| n.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_public_operation_is_registered() {
    let (public, registered) = (public_names(), registered());
    assert!(public.len() > 110, "the search found only {public:?}");
    let missing: Vec<_> = public.difference(&registered).collect();
    assert!(missing.is_empty(), "add these to src/ops/tests/registry.rs: {missing:?}");
    let stale: Vec<_> = registered.difference(&public).collect();
    assert!(stale.is_empty(), "no public operation has these names: {stale:?}");
}

/// The names that `impl Op` blocks and pointwise functions give themselves.
fn names_of_rules() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in sources() {
        let text = text.split("#[cfg(test)]").next().unwrap();
        let mut inside = false;
        for line in text.lines().map(str::trim) {
            inside |= line.starts_with("fn name(&self)");
            if inside || line.starts_with("const NAME: &'static str = \"") {
                names.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
            }
            inside &= line != "}";
        }
        let mut block = "";
        for line in text.lines() {
            match line {
                "functions! {" | "steps! {" => block = line,
                "}" => block = "",
                _ if !block.is_empty() && !line.contains("///") => {
                    names.extend(line.split_whitespace().nth(1).map(str::to_owned));
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn every_rule_is_met() {
    let mut met = BTreeSet::new();
    let mut look = |t: &Tensor| {
        met.extend(GraphView::of(t).nodes().iter().map(|n| n.op.to_owned()));
    };
    let both = [DType::F64, DType::F32].into_iter().flat_map(|d| cases().map(move |c| (d, c)));
    for (dtype, (name, f, inputs)) in both {
        let leaves =
            inputs.each_ref().map(|x| x.to_dtype(dtype).unwrap().requiring_grad().unwrap());
        let y = f(&leaves).unwrap();
        look(&y);
        // Some rules serve only as gradients of others.
        let loss = y.square().unwrap().sum(.., false).unwrap();
        let opts = GradOpts { create_graph: true, allow_unused: true, ..GradOpts::default() };
        let slopes = grad(&[&loss], &[&leaves[0], &leaves[1]], opts)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        slopes.iter().flatten().for_each(&mut look);
    }
    for (_, f) in registry::STEPS {
        look(&f(&[Tensor::from([0.5f64]).requiring_grad().unwrap()]).unwrap());
    }
    let known = names_of_rules();
    assert!(known.len() > 60, "the search found only {known:?}");
    let unmet: Vec<_> = known.difference(&met).collect();
    assert!(unmet.is_empty(), "no entry of the registry uses these: {unmet:?}");
}

/// Operators of the reference vectors, in the spelling of their index.
const REFERENCE: &str = "
    mha rope sdpa sinusoidal graph hvp adaptive_avg_pool2d avg_pool2d conv1d conv2d conv_transpose2d
    max_pool2d pad_constant unfold add add_scalar div div_scalar maximum minimum mul mul_scalar pow
    pow_scalar rdiv_scalar rsub_scalar sub sub_scalar embedding gather index_add index_select
    one_hot scatter scatter_add sort topk einsum linear matmul bce_loss bce_with_logits
    cross_entropy cross_entropy_soft distillation_loss huber_loss kl_div l1_loss mse_loss nll_loss
    batch_norm1d batch_norm2d group_norm layer_norm rms_norm quantize_affine quantize_symmetric amax
    amin argmax argmin cumsum logsumexp max_dim mean norm prod std sum var dropout_eval
    dropout_masked masked_fill tril triu where cat chunk expand flatten flip permute repeat
    repeat_interleave reshape roll slice split squeeze stack transpose unsqueeze log_softmax softmax
    abs clamp cos elu erf exp expm1 gelu leaky_relu log log1p neg reciprocal relu rsqrt sigmoid sign
    silu sin softplus sqrt square tanh
";

/// What an operator of the reference vectors is here, where the name differs or it is composed.
const SPELLINGS: &[(&str, &str)] = &[
    ("mha", "linear sdpa"),
    ("sinusoidal", "sinusoidal_table"),
    ("graph", "add mul exp tanh matmul relu slice transpose sum mean var sqrt"),
    ("hvp", "tanh logsumexp matmul exp sin pow_scalar softmax layer_norm"),
    ("pad_constant", "pad"),
    ("bce_with_logits", "bce_with_logits_loss"),
    ("distillation_loss", "log_softmax kl_div_loss cross_entropy"),
    ("kl_div", "kl_div_loss"),
    ("batch_norm1d", "batch_norm"),
    ("batch_norm2d", "batch_norm"),
    ("quantize_affine", ""), // numbers to codes, in the module of quantization
    ("quantize_symmetric", ""),
    ("dropout_eval", ""), // the identity
    ("dropout_masked", "mul div_scalar"),
    ("where", "select_where"),
];

#[test]
fn every_reference_operator_is_registered() {
    let registered = registered();
    for name in REFERENCE.split_whitespace() {
        let spelled = SPELLINGS.iter().find(|(theirs, _)| *theirs == name).map_or(name, |s| s.1);
        for ours in spelled.split_whitespace() {
            assert!(registered.contains(ours), "{name}: nothing is called {ours}");
        }
    }
}
