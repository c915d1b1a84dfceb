//! Random LSTM layers, as files and as real numbers.

use super::{
    Rng,
    flat::Value,
    tflite::{I8, I16, I32, Network, Tensor},
};

const LSTM: i32 = 44;

/// A layer as real numbers; gates in the order of the file: input, forget, candidate, output.
pub(crate) struct Layer {
    pub(crate) batch: usize,
    pub(crate) steps: usize,
    pub(crate) inputs: usize,
    pub(crate) units: usize,
    pub(crate) time_major: bool,
    pub(crate) x: (f32, i32),
    pub(crate) h: (f32, i32),
    pub(crate) w: [Vec<f32>; 4],
    pub(crate) r: [Vec<f32>; 4],
    pub(crate) b: [Vec<f32>; 4],
}

/// Returns a random layer as a file and as real numbers.
pub(crate) fn layer(seed: u64) -> (Network, Layer) {
    let mut rng = Rng(seed);
    let [batch, steps, inputs, units] = [(1, 3), (1, 9), (1, 7), (1, 12)]
        .map(|(low, high)| usize::try_from(rng.int(low, high)).expect("positive"));
    let time_major = rng.int(0, 1) == 1;
    let x = (rng.real(0.005, 0.02), rng.int(-40, 40));
    let h = (1.0 / 128.0, rng.int(-4, 4));
    let mut net = Network::default();
    let signed = |n: usize| i32::try_from(n).expect("small");
    let (i, u) = (signed(inputs), signed(units));
    let [first, second] = if time_major { [steps, batch] } else { [batch, steps] }.map(signed);
    let input = net.activation(&[first, second, i], x.0, x.1.into());
    net.inputs = vec![input];
    let mut list = vec![-1; 24];
    list[0] = input;
    let mut matrix = |net: &mut Network, rng: &mut Rng, slot: usize, width: usize, scale: f32| {
        let data = rng.bytes(units * width);
        list[slot] = net.add(Tensor {
            shape: vec![u, signed(width)],
            ty: I8,
            data: Some(data.iter().map(|v| v.cast_unsigned()).collect()),
            scale: vec![scale],
            zero: vec![0],
            ..Tensor::default()
        });
        data.iter().map(|&v| f32::from(v) * scale).collect::<Vec<f32>>()
    };
    let w = core::array::from_fn(|g| matrix(&mut net, &mut rng, 1 + g, inputs, 0.012));
    // Rows of small sums: the state's rounding must not grow from step to step.
    let scale = 0.012 / (units as f32).sqrt();
    let r = core::array::from_fn(|g| matrix(&mut net, &mut rng, 5 + g, units, scale));
    let b = core::array::from_fn(|g| {
        let scale = x.0 * 0.012;
        let data: Vec<i32> = (0..units).map(|_| rng.int(-3000, 3000)).collect();
        list[12 + g] = net.add(Tensor {
            shape: vec![u],
            ty: I32,
            data: Some(data.iter().flat_map(|v| v.to_le_bytes()).collect()),
            scale: vec![scale],
            zero: vec![0],
            ..Tensor::default()
        });
        data.iter().map(|&v| v as f32 * scale).collect()
    });
    let state = |ty: u8, (scale, zero): (f32, i32)| Tensor {
        shape: vec![signed(batch), u],
        ty,
        scale: vec![scale],
        zero: vec![zero.into()],
        variable: true,
        ..Tensor::default()
    };
    list[18] = net.add(state(I8, h));
    list[19] = net.add(state(I16, (1.0 / 4096.0, 0)));
    let y = net.activation(&[first, second, u], h.0, h.1.into());
    let options =
        vec![(0, Value::U8(4)), (1, Value::F32(6.0)), (3, Value::U8(u8::from(time_major)))];
    net.op(LSTM, &list, y, 71, options);
    net.outputs = vec![y];
    (net, Layer { batch, steps, inputs, units, time_major, x, h, w, r, b })
}
