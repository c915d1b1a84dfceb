//! Random networks: chains of layers with residual connections, in all shapes.

use super::{
    Rng,
    flat::Value,
    tflite::{
        ADD, AVERAGE_POOL_2D, CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, I8, I32, MAX_POOL_2D,
        Network, PAD, RELU6, RESHAPE, SOFTMAX, Tensor,
    },
};

/// A network under construction: the tensor at its end.
struct Builder<'r> {
    rng: &'r mut Rng,
    net: Network,
    x: i32,
}

/// Returns a random network of one input and one output.
pub(crate) fn network(seed: u64) -> Network {
    let mut rng = Rng(seed);
    let channels = few_or_many(&mut rng);
    let shape = [1 + rng.int(0, 9) / 9, rng.int(1, 9), rng.int(1, 9), channels];
    let mut net = Network::default();
    let (scale, zero) = quantization(&mut rng);
    let x = net.activation(&shape, scale, zero);
    net.inputs = vec![x];
    let layers = rng.int(1, 6);
    let mut b = Builder { rng: &mut rng, net, x };
    for _ in 0..layers {
        match b.rng.int(0, 7) {
            0 | 1 => b.conv(),
            2 | 3 => b.depthwise(),
            4 => b.pool(),
            5 => b.residual(),
            6 => b.pad(),
            _ => b.relu6(),
        }
    }
    if b.rng.int(0, 2) > 0 {
        b.dense();
    }
    b.net.outputs = vec![b.x];
    b.net
}

/// A small image classifier with random weights: convolution, pool, dense, softmax.
pub(crate) fn small_classifier() -> Network {
    let mut rng = Rng(0x736d_616c);
    let mut net = Network::default();
    let x = net.activation(&[1, 8, 8, 1], 1.0 / 16.0, -128);
    net.tensors[0].name = "image".to_owned();
    net.inputs = vec![x];
    let mut b = Builder { rng: &mut rng, net, x };
    b.convolution(8, [3, 3], [1, 1], [1, 1], true, 1, 1);
    b.pooling(MAX_POOL_2D, [2, 2], [2, 2], false, 0);
    b.convolution(12, [3, 3], [1, 1], [1, 1], true, 1, 1);
    b.pooling(MAX_POOL_2D, [2, 2], [2, 2], false, 0);
    b.fully_connected(10, 0);
    let last = b.x;
    let y = b.net.activation(&[1, 10], 1.0 / 256.0, -128);
    b.net.op(SOFTMAX, &[last], y, 9, vec![(0, Value::F32(1.0))]);
    b.net.tensors.last_mut().expect("the output").name = "scores".to_owned();
    b.net.outputs = vec![y];
    b.net
}

/// A number of channels: around the small blocks, sometimes around the large ones.
fn few_or_many(rng: &mut Rng) -> i32 {
    if rng.int(0, 3) == 0 { rng.int(10, 37) } else { rng.int(1, 9) }
}

fn quantization(rng: &mut Rng) -> (f32, i64) {
    (rng.real(0.004, 0.2), rng.int(-128, 127).into())
}

impl Builder<'_> {
    fn shape(&self) -> [i32; 4] {
        let shape = &self.net.tensor(self.x).shape;
        shape.as_slice().try_into().expect("four dimensions")
    }

    fn weights(&mut self, shape: &[i32], axis: usize, channels: i32) -> i32 {
        let n: i32 = shape.iter().product();
        let per_channel = self.rng.int(0, 1) == 1;
        let scales = if per_channel { channels } else { 1 };
        let data = self.rng.bytes(usize::try_from(n).expect("a size"));
        let tensor = Tensor {
            name: format!("w{}", self.net.tensors.len()),
            shape: shape.to_vec(),
            ty: I8,
            data: Some(data.into_iter().map(i8::cast_unsigned).collect()),
            scale: (0..scales).map(|_| self.rng.real(0.001, 0.02)).collect(),
            zero: (0..scales).map(|_| 0).collect(),
            axis: i32::try_from(axis).expect("an axis"),
            variable: false,
        };
        self.net.add(tensor)
    }

    fn bias(&mut self, channels: i32) -> i32 {
        let data: Vec<u8> =
            (0..channels).flat_map(|_| self.rng.int(-20_000, 20_000).to_le_bytes()).collect();
        self.net.add(Tensor {
            shape: vec![channels],
            ty: I32,
            data: Some(data),
            scale: vec![1.0],
            zero: vec![0],
            ..Tensor::default()
        })
    }

    fn conv(&mut self) {
        let c_in = self.shape()[3];
        let groups = (1..=c_in).filter(|g| c_in % g == 0 && self.rng.int(0, 3) == 0).last();
        let groups = groups.unwrap_or(1);
        let c_out = if groups == 1 { few_or_many(self.rng) } else { groups * self.rng.int(1, 9) };
        let kernel = [self.rng.int(1, 4), self.rng.int(1, 4)];
        let stride = [self.rng.int(1, 3), self.rng.int(1, 3)];
        let dilation = [self.rng.int(1, 2), self.rng.int(1, 2)];
        let activation = [0, 1, 3][usize::try_from(self.rng.int(0, 2)).expect("an index")];
        let same = self.rng.int(0, 2) > 0;
        self.convolution(c_out, kernel, stride, dilation, same, activation, groups);
    }

    /// Adds a convolution if its output is not empty.
    #[expect(clippy::too_many_arguments, reason = "all options of the operator")]
    fn convolution(
        &mut self,
        c_out: i32,
        kernel: [i32; 2],
        stride: [i32; 2],
        dilation: [i32; 2],
        same: bool,
        activation: u8,
        groups: i32,
    ) {
        let [n, h, w, c] = self.shape();
        let (Some(oh), Some(ow)) = (
            output(h, kernel[0], stride[0], dilation[0], same),
            output(w, kernel[1], stride[1], dilation[1], same),
        ) else {
            return;
        };
        let shape = [c_out, kernel[0], kernel[1], c / groups];
        let inputs = [self.x, self.weights(&shape, 0, c_out), self.bias(c_out)];
        let (scale, zero) = quantization(self.rng);
        let y = self.net.activation(&[n, oh, ow, c_out], scale, zero);
        self.net.op(
            CONV_2D,
            &inputs,
            y,
            1,
            vec![
                (0, Value::U8(u8::from(!same))),
                (1, Value::I32(stride[1])),
                (2, Value::I32(stride[0])),
                (3, Value::U8(activation)),
                (4, Value::I32(dilation[1])),
                (5, Value::I32(dilation[0])),
            ],
        );
        self.x = y;
    }

    fn depthwise(&mut self) {
        let [n, h, w, c] = self.shape();
        let multiplier = self.rng.int(1, 6) / 5 + 1;
        let kernel = [self.rng.int(1, 4), self.rng.int(1, 4)];
        let stride = [self.rng.int(1, 2), self.rng.int(1, 2)];
        let dilation = [self.rng.int(1, 2), self.rng.int(1, 2)];
        let same = self.rng.int(0, 2) > 0;
        let (Some(oh), Some(ow)) = (
            output(h, kernel[0], stride[0], dilation[0], same),
            output(w, kernel[1], stride[1], dilation[1], same),
        ) else {
            return;
        };
        let c_out = c * multiplier;
        let shape = [1, kernel[0], kernel[1], c_out];
        let inputs = [self.x, self.weights(&shape, 3, c_out), self.bias(c_out)];
        let (scale, zero) = quantization(self.rng);
        let y = self.net.activation(&[n, oh, ow, c_out], scale, zero);
        self.net.op(
            DEPTHWISE_CONV_2D,
            &inputs,
            y,
            2,
            vec![
                (0, Value::U8(u8::from(!same))),
                (1, Value::I32(stride[1])),
                (2, Value::I32(stride[0])),
                (3, Value::I32(multiplier)),
                (4, Value::U8(self.rng.int(0, 1) as u8)),
                (5, Value::I32(dilation[1])),
                (6, Value::I32(dilation[0])),
            ],
        );
        self.x = y;
    }

    fn pool(&mut self) {
        let code = if self.rng.int(0, 1) == 0 { MAX_POOL_2D } else { AVERAGE_POOL_2D };
        let kernel = [self.rng.int(1, 4), self.rng.int(1, 4)];
        let stride = [self.rng.int(1, 3), self.rng.int(1, 3)];
        let same = self.rng.int(0, 2) > 0;
        let activation = if self.rng.int(0, 2) == 0 { 1 } else { 0 };
        self.pooling(code, kernel, stride, same, activation);
    }

    fn pooling(&mut self, code: i32, kernel: [i32; 2], stride: [i32; 2], same: bool, fused: u8) {
        let [n, h, w, c] = self.shape();
        let (Some(oh), Some(ow)) =
            (output(h, kernel[0], stride[0], 1, same), output(w, kernel[1], stride[1], 1, same))
        else {
            return;
        };
        let (scale, zero) = self.same_quantization();
        let y = self.net.activation(&[n, oh, ow, c], scale, zero);
        self.net.op(
            code,
            &[self.x],
            y,
            5,
            vec![
                (0, Value::U8(u8::from(!same))),
                (1, Value::I32(stride[1])),
                (2, Value::I32(stride[0])),
                (3, Value::I32(kernel[1])),
                (4, Value::I32(kernel[0])),
                (5, Value::U8(fused)),
            ],
        );
        self.x = y;
    }

    fn same_quantization(&self) -> (f32, i64) {
        let t = self.net.tensor(self.x);
        (t.scale[0], t.zero[0])
    }

    /// A convolution that keeps the shape, and the sum with what went in.
    fn residual(&mut self) {
        let before = self.x;
        let c = self.shape()[3];
        self.convolution(c, [3, 3], [1, 1], [1, 1], true, 0, 1);
        let (scale, zero) = quantization(self.rng);
        let y = self.net.activation(&self.shape(), scale, zero);
        let inputs = if self.rng.int(0, 1) == 0 { [before, self.x] } else { [self.x, before] };
        self.net.op(ADD, &inputs, y, 11, vec![(0, Value::U8(self.rng.int(0, 1) as u8))]);
        self.x = y;
    }

    fn pad(&mut self) {
        let [n, h, w, c] = self.shape();
        let [t, b, l, r] = [0; 4].map(|_: i32| self.rng.int(0, 2));
        let amounts = self.net.integers(&[4, 2], &[0, 0, t, b, l, r, 0, 0]);
        let (scale, zero) = self.same_quantization();
        let y = self.net.activation(&[n, h + t + b, w + l + r, c], scale, zero);
        self.net.op(PAD, &[self.x, amounts], y, 22, Vec::new());
        self.x = y;
        // Half of the time a convolution that can take the pad over.
        if self.rng.int(0, 1) == 0 {
            let c_out = self.rng.int(1, 6);
            let stride = [self.rng.int(1, 2), 1];
            self.convolution(c_out, [3, 3], stride, [1, 1], false, 1, 1);
        }
    }

    fn relu6(&mut self) {
        let (scale, zero) = self.same_quantization();
        let y = self.net.activation(&self.shape(), scale, zero);
        self.net.op(RELU6, &[self.x], y, 0, Vec::new());
        self.x = y;
    }

    fn dense(&mut self) {
        let n = self.rng.int(1, 40);
        let activation = self.rng.int(0, 1) as u8;
        self.fully_connected(n, activation);
    }

    fn fully_connected(&mut self, n: i32, activation: u8) {
        let [batch, h, w, c] = self.shape();
        let (scale, zero) = self.same_quantization();
        let target = self.net.integers(&[2], &[batch, h * w * c]);
        let flat = self.net.activation(&[batch, h * w * c], scale, zero);
        self.net.op(RESHAPE, &[self.x, target], flat, 17, Vec::new());
        let inputs = [flat, self.weights(&[n, h * w * c], 0, n), self.bias(n)];
        let (scale, zero) = quantization(self.rng);
        let y = self.net.activation(&[batch, n], scale, zero);
        self.net.op(FULLY_CONNECTED, &inputs, y, 8, vec![(0, Value::U8(activation))]);
        self.x = y;
    }
}

/// The length of an output axis, if there is at least one step.
fn output(input: i32, k: i32, stride: i32, dilation: i32, same: bool) -> Option<i32> {
    let window = (k - 1) * dilation + 1;
    let steps =
        if same { (input + stride - 1) / stride } else { (input + stride - window) / stride };
    let enough = same || input >= window;
    (enough && steps > 0).then_some(steps)
}
