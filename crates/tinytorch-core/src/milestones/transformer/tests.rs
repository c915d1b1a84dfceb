//! What the network can know about order, and how answers are counted.

use super::*;

fn network(positions: bool, mixing: Mixing) -> Translator {
    let config = Config { positions, mixing, ..Size::new(true).config };
    Translator::new(config, &mut Rng::seed(1)).unwrap()
}

/// The logits of each position for one sequence of four ids.
fn logits(model: &Translator, ids: [i64; 4]) -> Vec<Vec<f32>> {
    let x = Tensor::from_vec(ids.to_vec(), [1, 4]).unwrap();
    let y = model.forward(&x).unwrap().to_vec::<f32>().unwrap();
    y.chunks(VOCAB_SIZE).map(<[f32]>::to_vec).collect()
}

fn largest_difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    a.concat().iter().zip(b.concat()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

/// Without positions a permutation of the input permutes the output, whatever the weights: order cannot be seen.
#[test]
fn without_positions_a_permuted_input_gives_the_permuted_output() {
    for mixing in [Mixing::Attention, Mixing::Average] {
        let [plain, turned] = [[3, 1, 4, 15], [15, 4, 1, 3]];
        let model = network(false, mixing);
        let mut expected = logits(&model, plain);
        expected.reverse();
        // Sums over positions run in another order: a few roundings of numbers of size 1.
        assert!(largest_difference(&logits(&model, turned), &expected) < 1e-5, "{mixing:?}");
        let model = network(true, mixing);
        let mut expected = logits(&model, plain);
        expected.reverse();
        assert!(largest_difference(&logits(&model, turned), &expected) > 0.1, "{mixing:?}");
    }
}

/// Averages tell every position the same: two positions differ only by their own id and place. With attention the change
/// of one letter reaches the others differently.
#[test]
fn averages_tell_everybody_the_same() {
    let mix = |mixing| {
        let config = Config { mixing, n_heads: 2, ..Size::new(true).config };
        Translator::new(config, &mut Rng::seed(2)).unwrap().mixed(&[[3, 1, 4, 15]])
    };
    let [average, attention] = [mix(Mixing::Average), mix(Mixing::Attention)];
    assert!(average.windows(2).all(|rows| rows[0] == rows[1]));
    assert!(attention.windows(2).all(|rows| rows[0] != rows[1]));
}

#[test]
fn parameters_are_those_of_the_layers() {
    let model = Translator::new(Size::new(false).config, &mut Rng::seed(0)).unwrap();
    let attention = 64 * 192 + 192 + 64 * 64 + 64;
    let feed_forward = 64 * 256 + 256 + 256 * 64 + 64;
    let block = attention + feed_forward + 2 * (64 + 64);
    assert_eq!(29 * 64 + 6 * 64 + 2 * block + 64 * 29 + 29, 104_093);
    assert_eq!(model.num_parameters(), 104_093);
}

#[test]
fn a_sequence_counts_only_as_a_whole() {
    let set = sequences::generate(Task::Copy, 4, 3, &mut Rng::seed(1)).unwrap();
    let mut answers: Vec<u8> = (0..4).flat_map(|i| set.pair(i).unwrap().1.to_vec()).collect();
    assert_eq!(whole(&answers, &set), 1.0);
    answers[5] ^= 1; // the last letter of the second word
    assert_eq!(whole(&answers, &set), 0.75);
}

#[test]
fn ids_of_another_rank_are_refused() {
    let ids = Tensor::from_vec(vec![1_i64, 2], [2]).unwrap();
    assert!(network(false, Mixing::Attention).forward(&ids).is_err());
}
