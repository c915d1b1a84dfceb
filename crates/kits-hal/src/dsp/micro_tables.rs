//! Tables of the integer audio front end.
//!
//! Window and logarithm follow from formulas (the tests below hold them against those); filter weights and gains are
//! facts of the front end of TensorFlow Lite Micro (Apache-2.0), whose features they reproduce to the last bit.

/// The first bin that belongs to a channel: 125 Hz and above.
pub(super) const FIRST_BIN: usize = 5;

/// The bin after the last one of each of the 41 channels; the last one ends below 7500 Hz.
#[rustfmt::skip]
pub(super) static CHANNEL_ENDS: [u8; 41] = [
    6, 8, 9, 11, 13, 15, 17, 19, 22, 24, 27, 30, 33, 36, 39, 43,
    47, 50, 55, 59, 64, 69, 74, 79, 85, 91, 98, 105, 112, 120, 128, 137,
    146, 155, 166, 176, 188, 200, 213, 226, 241,
];

/// Of each bin from [`FIRST_BIN`], the share in Q12 that counts for its channel; 4095 minus it counts for the next one.
#[rustfmt::skip]
pub(super) static WEIGHTS: [u16; 236] = [
    1377, 2851, 321, 1971, 3700, 1408, 3281, 1123, 3124, 1087, 3201, 1271, 3487, 1655, 3963, 2217,
    513, 2943, 1314, 3817, 2257, 731, 3331, 1866, 429, 3116, 1734, 377, 3141, 1833, 547, 3380,
    2139, 918, 3813, 2632, 1469, 325, 3294, 2184, 1091, 14, 3049, 2003, 971, 4050, 3047, 2057,
    1081, 118, 3263, 2324, 1397, 482, 3674, 2781, 1899, 1027, 166, 3411, 2569, 1737, 915, 101,
    3393, 2597, 1810, 1031, 261, 3594, 2839, 2092, 1353, 621, 3992, 3275, 2564, 1860, 1163, 472,
    3884, 3207, 2535, 1870, 1210, 557, 4005, 3363, 2727, 2096, 1470, 850, 235, 3721, 3116, 2516,
    1921, 1331, 745, 165, 3684, 3113, 2545, 1982, 1424, 869, 319, 3869, 3327, 2789, 2255, 1724,
    1198, 675, 156, 3737, 3225, 2717, 2212, 1711, 1213, 719, 228, 3836, 3351, 2870, 2391, 1916,
    1444, 975, 509, 46, 3682, 3224, 2770, 2318, 1869, 1423, 980, 539, 101, 3761, 3328, 2898,
    2470, 2045, 1622, 1201, 783, 367, 4050, 3639, 3230, 2824, 2419, 2017, 1618, 1220, 824, 431,
    40, 3747, 3359, 2974, 2591, 2210, 1831, 1454, 1079, 706, 334, 4061, 3693, 3327, 2963, 2601,
    2241, 1882, 1525, 1170, 816, 465, 115, 3862, 3516, 3170, 2827, 2485, 2145, 1806, 1469, 1133,
    799, 467, 136, 3902, 3574, 3247, 2922, 2599, 2276, 1955, 1636, 1318, 1001, 686, 372, 59,
    3844, 3534, 3225, 2918, 2612, 2307, 2003, 1701, 1400, 1100, 802, 504, 208, 4009, 3715, 3423,
    3131, 2841, 2552, 2264, 1977, 1691, 1406, 1123, 840, 559, 279, 0,
];

/// The gain for the logarithm of a noise estimate: value, slope and curvature of each interval.
#[rustfmt::skip]
pub(super) static GAIN: [i16; 125] = [
    32636, 32633, 32630, -6, 0, 0, 32624, -12, 0, 0, 32612, -23, -2, 0, 32587, -48,
    0, 0, 32539, -96, 0, 0, 32443, -190, 0, 0, 32253, -378, 4, 0, 31879, -739,
    18, 0, 31158, -1409, 62, 0, 29811, -2567, 202, 0, 27446, -4301, 562, 0, 23707, -6265,
    1230, 0, 18672, -7458, 1952, 0, 13166, -7030, 2212, 0, 8348, -5342, 1868, 0, 4874, -3459,
    1282, 0, 2697, -2025, 774, 0, 1446, -1120, 436, 0, 762, -596, 232, 0, 398, -313,
    122, 0, 207, -164, 64, 0, 107, -85, 34, 0, 56, -45, 18, 0, 29, -22,
    8, 0, 15, -13, 6, 0, 8, -8, 4, 0, 4, -2, 0, 0, 2, -3,
    2, 0, 1, 0, 0, 0, 1, -3, 2, 0, 0, 0, 0,
];

/// How far `log2(1 + i/128)` lies above `i/128`, in 16 fractional bits.
#[rustfmt::skip]
pub(super) static LOG: [u16; 130] = [
    0, 224, 442, 654, 861, 1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797,
    2944, 3087, 3224, 3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633,
    4714, 4791, 4864, 4934, 5001, 5063, 5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507,
    5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640, 5641, 5638, 5633, 5626, 5615, 5602, 5586,
    5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203, 5156, 5106, 5054, 5000,
    4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935, 3848,
    3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207,
    2090, 1971, 1851, 1729, 1605, 1480, 1353, 1224, 1094, 963, 830, 695, 559, 421, 282, 142,
    0, 0,
];

#[cfg(test)]
mod tests {
    use super::{CHANNEL_ENDS, LOG, WEIGHTS};

    /// Mel of the middle of bin `b`, in channels of which 0 begins at 125 Hz and 41 ends at 7500 Hz.
    fn channel(bin: usize) -> f64 {
        let mel = |f: f64| 1127.0 * libm::log1p(f / 700.0);
        let bin = f64::from(u32::try_from(bin).unwrap());
        (mel(bin * 31.25) - mel(125.0)) / (mel(7500.0) - mel(125.0)) * 41.0
    }

    #[test]
    fn logarithms_follow_the_formula() {
        for (i, &entry) in (0_u32..129).zip(&LOG) {
            let x = f64::from(i) / 128.0;
            assert!((65536.0 * (libm::log2(1.0 + x) - x) - f64::from(entry)).abs() <= 0.5, "{i}");
        }
    }

    #[test]
    fn weights_follow_the_mel_scale() {
        let mut start = super::FIRST_BIN;
        for (c, &end) in (0_u32..).zip(&CHANNEL_ENDS) {
            for bin in start..usize::from(end) {
                // A bin of channel c lies at c + t of the scale and counts with 1 − t.
                let share = f64::from(c + 1) - channel(bin);
                let entry = f64::from(WEIGHTS[bin - super::FIRST_BIN]) / 4096.0;
                // One step of Q12, and the original's single precision: 41 channels of 24 bits.
                assert!((share - entry).abs() < 4e-4, "bin {bin}: {entry} is not {share}");
            }
            start = usize::from(end);
        }
        assert_eq!(start - super::FIRST_BIN, WEIGHTS.len());
    }
}
