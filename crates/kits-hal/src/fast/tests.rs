//! Every form of every fast kernel against the plain kernels, on random layers: all remainders of channels, small images,
//! strides, dilations, groups, clamps and shifts.

#![expect(clippy::arithmetic_side_effects, reason = "sizes of a test")]

use super::{
    form::{Across, Form, Lanes, Pairs, Single},
    run_as,
};
use crate::{
    model::{
        Model, OpCode,
        record::{NONE, OP_UNIFORM, OpRecord, TensorRecord},
    },
    ops::{self, Mem, Task},
};

/// Layers of each kind for each form.
const LAYERS: u64 = if cfg!(miri) { 4 } else { 1500 };

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u16) -> u16 {
        u16::try_from(self.word() % u64::from(n)).expect("below a u16")
    }

    fn byte(&mut self) -> i8 {
        self.word().to_le_bytes()[0].cast_signed()
    }

    /// From 1 up: around the small blocks, sometimes around the large ones.
    fn channels(&mut self) -> u16 {
        if self.below(4) == 0 { 10 + self.below(60) } else { 1 + self.below(18) }
    }
}

/// One layer: a container that holds only its constants, the records, and the memory before it runs.
struct Layer {
    kit: Vec<u8>,
    op: OpRecord,
    x: TensorRecord,
    y: TensorRecord,
    mem: Vec<i8>,
    scratch: usize,
}

impl Layer {
    fn run(&self, kernel: impl Fn(&mut Task<'_, '_>) -> Option<()>) -> Vec<i8> {
        let model = Model::parse_const(&self.kit).expect("a container without operators");
        let (mut mem, mut scratch) = (self.mem.clone(), vec![0x55; self.scratch]);
        let mut all = Mem::new(&mut mem, &mut []);
        let mut task = Task {
            model,
            op: self.op,
            x: self.x,
            y: self.y,
            mem: &mut all,
            scratch: &mut scratch,
        };
        kernel(&mut task).expect("records that fit the memory");
        mem
    }

    fn check<F: Form>(&self) {
        let none = |_: &mut Task<'_, '_>, _| None;
        let found = self.run(|task| run_as::<F>(task, none));
        let expected = self.run(ops::run_plain);
        assert!(found == expected, "{:?}\n{:?}\n{:?}", self.op, self.x.dims, self.y.dims);
    }
}

fn tensor(at: usize, dims: [u16; 4]) -> TensorRecord {
    let len = dims.iter().map(|&d| u32::from(d)).product();
    let at = u32::try_from(at).expect("small");
    TensorRecord { at, len, dims, scale: 1.0, zero: 0, ty: 1, flags: 0 }
}

/// Builds a layer with random constants; `weights` is how many bytes the kernel reads.
fn layer(rng: &mut Rng, code: OpCode, mut op: OpRecord, dims: [[u16; 4]; 2], weights: usize) -> Layer {
    let c_out = usize::from(dims[1][3]);
    let pairs = if op.flags & OP_UNIFORM == 0 { c_out } else { 1 };
    let mut params = Vec::new();
    for _ in 0..c_out {
        params.extend_from_slice(&(i32::from(rng.below(40_000)) - 20_000).to_le_bytes());
    }
    for _ in 0..pairs {
        let m = (1 << 30) | i32::try_from(rng.word() >> 34).expect("30 bits");
        params.extend_from_slice(&m.to_le_bytes());
    }
    // Mostly right shifts, as in real layers; sometimes one that is not.
    let most = if rng.below(4) == 0 { 14 } else { 11 };
    for _ in 0..pairs {
        let s = i8::try_from(rng.below(most)).expect("small") - 12;
        params.push(s.cast_unsigned());
    }
    params.resize(params.len().next_multiple_of(16), 0);
    let mut kit = vec![0; 64];
    let params_at = kit.len();
    kit.extend_from_slice(&params);
    let weights_at = kit.len();
    kit.extend((0..weights).map(|_| rng.byte().cast_unsigned()));
    // Sometimes the file ends with the weights, sometimes there is more.
    let more = usize::from(rng.below(2)) * 16;
    kit.resize(kit.len() + more, 0x77);
    let arena = u32::from(rng.below(2)) * 100_000;
    let small = |n: usize| u32::try_from(n).expect("small");
    let mut put = |at: usize, bytes: &[u8]| kit[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"KITM");
    put(4, &1_u16.to_le_bytes());
    put(20, &arena.to_le_bytes());
    for (i, at) in [64, 64, params_at, weights_at, 0].into_iter().enumerate() {
        put(36 + 4 * i, &small(at).to_le_bytes());
    }
    let total = small(kit.len());
    kit[8..12].copy_from_slice(&total.to_le_bytes());

    op.code = code.code();
    op.inputs = [0, NONE, NONE];
    op.output = 1;
    op.weights = small(weights_at);
    op.params = small(params_at);
    op.n_params = dims[1][3];
    op.in_zero = rng.byte().into();
    op.out_zero = rng.byte().into();
    op.clamp = if rng.below(2) == 0 { [-128, 127] } else { [-100, 90] };
    // Input and output anywhere, with other bytes around them.
    let before = usize::from(rng.below(5));
    let x = tensor(before, dims[0]);
    let y = tensor(before + x.len as usize + 3, dims[1]);
    let mem = (0..(y.at + y.len + 5)).map(|_| rng.byte()).collect();
    let scratch = c_out + (weights / c_out).next_multiple_of(8);
    Layer { kit, op, x, y, mem, scratch }
}

fn blank(rng: &mut Rng) -> OpRecord {
    let mut op = OpRecord::decode(&[0; 48]);
    op.flags = if rng.below(3) == 0 { OP_UNIFORM } else { 0 };
    op
}

/// Chooses kernel, stride, dilation and padding, and returns the shapes of input and output.
fn window(rng: &mut Rng, op: &mut OpRecord, c_in: u16, c_out: u16) -> [[u16; 4]; 2] {
    let n = 1 + rng.below(9) / 8;
    let (mut x, mut y) = ([n, 0, 0, c_in], [n, 0, 0, c_out]);
    for i in 0..2 {
        let byte = |n: u16| u8::try_from(n).expect("small");
        let (taps, stride, dilation) = (1 + rng.below(5), 1 + rng.below(3), 1 + rng.below(2));
        let eff = (taps - 1) * dilation + 1;
        let (before, after) = (rng.below(eff), rng.below(eff));
        let least = eff.saturating_sub(before + after).max(1);
        let input = least + rng.below(9);
        x[i + 1] = input;
        y[i + 1] = (input + before + after - eff) / stride + 1;
        (op.kernel[i], op.stride[i]) = (byte(taps), byte(stride));
        (op.dilation[i], op.pad[i]) = (byte(dilation), byte(before));
    }
    [x, y]
}

fn convolutions<F: Form>() {
    for seed in 0..LAYERS {
        let mut rng = Rng(seed);
        let mut op = blank(&mut rng);
        let c_filter = rng.channels();
        let groups = if rng.below(5) == 0 { 1 + rng.below(3) } else { 1 };
        let per_group = rng.channels();
        let dims = window(&mut rng, &mut op, c_filter * groups, per_group * groups);
        if rng.below(2) == 0 {
            // A pointwise one, on the same image.
            op.kernel = [1, 1];
            op.pad = [0, 0];
            op.stride = [1, 1];
        }
        let pointwise = [dims[0], [dims[0][0], dims[0][1], dims[0][2], dims[1][3]]];
        let dims = if op.kernel == [1, 1] && op.pad == [0, 0] && op.stride == [1, 1] { pointwise } else { dims };
        op.aux = [c_filter.into(), 0];
        let taps = usize::from(op.kernel[0]) * usize::from(op.kernel[1]);
        let weights = taps * usize::from(c_filter) * usize::from(dims[1][3]);
        layer(&mut rng, OpCode::Conv2d, op, dims, weights).check::<F>();
    }
}

fn depthwise<F: Form>() {
    for seed in 0..LAYERS {
        let mut rng = Rng(seed ^ 0xd0);
        let mut op = blank(&mut rng);
        let c_in = rng.channels();
        let multiplier = if rng.below(4) == 0 { 1 + rng.below(4) } else { 1 };
        let dims = window(&mut rng, &mut op, c_in, c_in * multiplier);
        op.multiplier = u8::try_from(multiplier).expect("small");
        let taps = usize::from(op.kernel[0]) * usize::from(op.kernel[1]);
        let weights = taps * usize::from(dims[1][3]);
        layer(&mut rng, OpCode::DepthwiseConv2d, op, dims, weights).check::<F>();
    }
}

fn dense<F: Form>() {
    for seed in 0..LAYERS {
        let mut rng = Rng(seed ^ 0xde);
        let mut op = blank(&mut rng);
        let (c_in, c_out, rows) = (rng.channels() * 3 - 2, rng.channels(), 1 + rng.below(3));
        op.aux = [if rng.below(3) == 0 { rng.byte().into() } else { 0 }, 0];
        let weights = usize::from(c_in) * usize::from(c_out);
        let dims = [[1, 1, rows, c_in], [1, 1, rows, c_out]];
        layer(&mut rng, OpCode::FullyConnected, op, dims, weights).check::<F>();
    }
}

#[test]
fn pairs_of_half_words_agree_with_the_plain_kernels() {
    convolutions::<Pairs>();
    depthwise::<Pairs>();
    dense::<Pairs>();
}

#[test]
fn single_elements_agree_with_the_plain_kernels() {
    convolutions::<Single>();
    depthwise::<Single>();
    dense::<Single>();
}

#[test]
fn sums_across_lanes_agree_with_the_plain_kernels() {
    convolutions::<Across>();
    depthwise::<Across>();
    dense::<Across>();
}

#[test]
fn sums_per_lane_agree_with_the_plain_kernels() {
    convolutions::<Lanes>();
    depthwise::<Lanes>();
    dense::<Lanes>();
}
