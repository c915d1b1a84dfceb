//! Convolution with step 1 by sliding the image itself.
//!
//! In an image with its padding written out, the element that tap `(c, u, v)` of a kernel meets lies a fixed distance behind
//! the output position. A run of positions therefore multiplies one weight with one run of the image: no unfolded columns
//! exist, not even in blocks. Positions are counted through the padded rows; the few that fall between two rows are computed
//! and left out. A tile of [`LANES`] positions and several maps stays in registers over all taps.
//!
//! Each output adds its taps in the order of the plain loops; where the machine can, multiplication and addition are one
//! rounding, as in every matrix product.

use super::{
    conv::Geometry,
    depthwise, par,
    recycle::{buffer, filled, keep},
    simd::{self, Fused, MulAdd},
    skinny::joined,
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Positions of one tile.
const LANES: usize = 32;

/// Images that a thread takes at once.
const IMAGES: usize = 4;

/// Multiply-adds from which images are shared between threads.
const PARALLEL: usize = 1 << 18;

/// True if this kernel can serve the convolution.
pub(crate) fn fits(g: &Geometry) -> bool {
    g.stride == [1, 1] && g.depth() > 0 && g.out[0] * g.out[1] > 0 && g.room().is_some()
}

/// The convolution whose result is the gradient of the input, if it is one of this kind.
fn turned(g: &Geometry) -> Option<Geometry> {
    let mut padding = [0; 2];
    for (a, p) in padding.iter_mut().enumerate() {
        *p = (g.dilation[a] * (g.kernel[a] - 1)).checked_sub(g.padding[a])?;
    }
    Some(Geometry { channels: g.maps, size: g.out, maps: g.channels, out: g.size, padding, ..*g })
}

impl Geometry {
    /// Distance between rows of the padded image.
    pub(super) fn pitch(&self) -> usize {
        self.size[1] + 2 * self.padding[1]
    }

    /// Elements of one padded channel.
    pub(super) fn plane(&self) -> usize {
        (self.size[0] + 2 * self.padding[0]) * self.pitch()
    }

    /// Positions from the first output to the last, through the padded rows.
    pub(super) fn run(&self) -> usize {
        (self.out[0] - 1) * self.pitch() + self.out[1]
    }

    /// Elements of a padded image with room for the last tile, if it is small enough to be copied.
    fn room(&self) -> Option<usize> {
        let height = self.padding[0].checked_mul(2)?.checked_add(self.size[0])?;
        let pitch = self.padding[1].checked_mul(2)?.checked_add(self.size[1])?;
        // Far more padding than image: the unfolding kernel skips what is zero.
        let all = height.checked_mul(pitch)?.checked_mul(self.channels)?;
        (all <= 16 * self.channels * self.size[0] * self.size[1] + 1024).then_some(all + LANES)
    }

    /// Writes channels with their padding into zeros.
    pub(super) fn pad<T: Real>(&self, image: &[T], to: &mut [T]) {
        let ([h, w], pitch) = (self.size, self.pitch());
        for (channel, to) in image.chunks(h * w).zip(to.chunks_mut(self.plane())) {
            let rows = to[self.padding[0] * pitch..].chunks_mut(pitch);
            for (row, to) in channel.chunks(w).zip(rows) {
                to[self.padding[1]..][..w].copy_from_slice(row);
            }
        }
    }

    /// How far behind an output position the elements lie that the taps of a group meet.
    pub(super) fn taps(&self) -> Vec<usize> {
        let [kh, kw] = self.kernel;
        let channels = self.channels / self.groups;
        let mut taps = Vec::with_capacity(self.depth());
        for c in 0..channels {
            for u in 0..kh {
                for v in 0..kw {
                    let row = c * self.plane() + u * self.dilation[0] * self.pitch();
                    taps.push(row + v * self.dilation[1]);
                }
            }
        }
        taps
    }

    fn image_sizes(&self) -> (usize, usize) {
        (self.channels * self.size[0] * self.size[1], self.maps * self.out[0] * self.out[1])
    }

    pub(super) fn is_parallel(&self) -> bool {
        self.batch * self.maps * self.out[0] * self.out[1] * self.depth() >= PARALLEL
    }
}

/// Returns the convolution of `x` with `w`, plus `bias`.
pub(crate) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T> {
    if depthwise::fits(g) {
        return depthwise::forward(g, x, w, bias);
    }
    // The width of tiles that wastes the fewest maps, the widest of equal ones.
    let maps = g.maps / g.groups;
    let waste = |width: usize| maps.next_multiple_of(width) - maps;
    match [8, 6, 4].into_iter().min_by_key(|&width| waste(width)) {
        Some(8) => tiled::<T, 8>(g, x, w, bias),
        Some(6) => tiled::<T, 6>(g, x, w, bias),
        _ => tiled::<T, 4>(g, x, w, bias),
    }
}

fn tiled<T: Real, const O: usize>(g: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T>
where
    Maps<O>: Tiled<O>,
{
    let (in_len, out_len) = g.image_sizes();
    let (maps, depth) = (g.maps / g.groups, g.depth());
    // Weights of the maps of one tile side by side, tap by tap.
    let mut tiles = Vec::new();
    for group in 0..g.groups {
        for first in (0..maps).step_by(O) {
            let map = group * maps + first;
            let count = O.min(maps - first);
            let mut packed = vec![[T::ZERO; O]; depth];
            for (o, weights) in w[map * depth..].chunks(depth).take(count).enumerate() {
                packed.iter_mut().zip(weights).for_each(|(to, &w)| to[o] = w);
            }
            let mut start = [T::ZERO; O];
            if let Some(bias) = bias {
                start[..count].copy_from_slice(&bias[map..map + count]);
            }
            tiles.push(Tile { group, map, count, packed, start });
        }
    }
    let taps = g.taps();
    let room = g.room().unwrap_or(0);
    let mut out = buffer(g.batch * out_len);
    par::blocks(&mut out, IMAGES * out_len, g.is_parallel(), |at, out| {
        let mut padded = filled(room, T::ZERO);
        for (i, out) in out.chunks_mut(out_len).enumerate() {
            let n = at / out_len + i;
            g.pad(&x[n * in_len..(n + 1) * in_len], &mut padded);
            for tile in &tiles {
                simd::run_fused(Forward { g, padded: &padded, taps: &taps, tile, out });
            }
        }
        keep(padded);
    });
    out
}

/// The weights of up to `O` maps.
struct Tile<T, const O: usize> {
    group: usize,
    map: usize,
    count: usize,
    packed: Vec<[T; O]>,
    start: [T; O],
}

/// The maps of one tile over one image.
struct Forward<'a, T, const O: usize> {
    g: &'a Geometry,
    padded: &'a [T],
    taps: &'a [usize],
    tile: &'a Tile<T, O>,
    out: &'a mut [T],
}

impl<T: Real, const O: usize> Fused for Forward<'_, T, O>
where
    Maps<O>: Tiled<O>,
{
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { g, padded, taps, tile, out } = self;
        let (pitch, [oh, ow]) = (g.pitch(), g.out);
        let image = &padded[tile.group * (g.channels / g.groups) * g.plane()..];
        let maps = &mut out[tile.map * oh * ow..(tile.map + tile.count) * oh * ow];
        for first in (0..g.run()).step_by(LANES) {
            let sums = Maps::<O>::sums::<M, T>(&image[first..], taps, &tile.packed, &tile.start);
            // Back from padded rows to rows, piece by piece.
            let end = (first + LANES).min(g.run());
            let mut at = first;
            while at < end {
                let (i, j) = (at / pitch, at % pitch);
                let next = (at - j + pitch).min(end);
                if j < ow {
                    let count = (ow - j).min(next - at);
                    for (map, sums) in maps.chunks_mut(oh * ow).zip(&sums) {
                        let sums = sums.as_flattened();
                        map[i * ow + j..][..count].copy_from_slice(&sums[at - first..][..count]);
                    }
                }
                at = next;
            }
        }
    }
}

/// Half a tile of one map: one vector of the widest kind.
type Half<T> = [T; LANES / 2];

/// How many maps a tile has.
struct Maps<const O: usize>;

/// The sums over all taps for one tile.
trait Tiled<const O: usize> {
    /// `[start + Σ w·x]` of each position of each map.
    fn sums<M: MulAdd, T: Real>(
        image: &[T],
        taps: &[usize],
        weights: &[[T; O]],
        start: &[T; O],
    ) -> [[Half<T>; 2]; O];
}

/// Each map has two named variables: of an array of them the compiler would make memory, not registers.
macro_rules! tiled {
    ($O:literal: $($o:literal $left:ident $right:ident),*) => {
        impl Tiled<$O> for Maps<$O> {
            #[inline(always)]
            fn sums<M: MulAdd, T: Real>(
                image: &[T],
                taps: &[usize],
                weights: &[[T; $O]],
                start: &[T; $O],
            ) -> [[Half<T>; 2]; $O] {
                $(let (mut $left, mut $right) = ([start[$o]; LANES / 2], [start[$o]; LANES / 2]);)*
                for (&tap, w) in taps.iter().zip(weights) {
                    let x = image.get(tap..).and_then(|x| x.first_chunk::<LANES>());
                    let Some((Some(x), Some(y))) =
                        x.map(|x| (x.first_chunk(), x.last_chunk()))
                    else {
                        break;
                    };
                    $(
                        $left = joined::<M, T, { LANES / 2 }>($left, w[$o], x);
                        $right = joined::<M, T, { LANES / 2 }>($right, w[$o], y);
                    )*
                }
                [$([$left, $right]),*]
            }
        }
    };
}

tiled!(4: 0 a b, 1 c d, 2 e f, 3 g h);
tiled!(6: 0 a b, 1 c d, 2 e f, 3 g h, 4 i j, 5 k l);
tiled!(8: 0 a b, 1 c d, 2 e f, 3 g h, 4 i j, 5 k l, 6 m n, 7 o p);

/// Returns the gradient of the input, given the gradient of the output; `None` if it is not a convolution with step 1.
pub(crate) fn input_grad<T: Real>(g: &Geometry, grad: &[T], w: &[T]) -> Option<Vec<T>> {
    let back = turned(g).filter(fits)?;
    let (channels, maps) = (g.channels / g.groups, g.maps / g.groups);
    let size = g.kernel[0] * g.kernel[1];
    // Kernels turned by half a circle, maps and channels exchanged.
    let mut kernels = vec![T::ZERO; w.len()];
    for (at, kernel) in w.chunks(size).enumerate() {
        let (group, o, c) = (at / (maps * channels), at / channels % maps, at % channels);
        let to = &mut kernels[((group * channels + c) * maps + o) * size..][..size];
        to.iter_mut().zip(kernel.iter().rev()).for_each(|(to, &w)| *to = w);
    }
    Some(forward(&back, grad, &kernels, None))
}

/// Adds the gradient of the kernels over some images to `sum`.
pub(crate) fn add_weight_grad<T: Real>(g: &Geometry, x: &[T], grad: &[T], sum: &mut [T]) {
    // A vector holds one position of several maps; a narrow one where a wide one would be half empty.
    if (g.maps / g.groups - 1) % 16 < 8 {
        weight_grad::<T, 8>(g, x, grad, sum);
    } else {
        weight_grad::<T, 16>(g, x, grad, sum);
    }
}

fn weight_grad<T: Real, const L: usize>(g: &Geometry, x: &[T], grad: &[T], sum: &mut [T]) {
    let (in_len, out_len) = g.image_sizes();
    let (taps, maps, positions) = (g.taps(), g.maps / g.groups, g.out[0] * g.out[1]);
    let room = g.room().unwrap_or(0);
    // Several images at once: what a tile has summed is added to the gradient once for all of them.
    let images = IMAGES.min(x.len() / in_len);
    let mut padded = filled(images * room, T::ZERO);
    let mut turned = vec![[T::ZERO; L]; images * positions];
    for (x, grad) in x.chunks(images * in_len).zip(grad.chunks(images * out_len)) {
        for (x, padded) in x.chunks(in_len).zip(padded.chunks_mut(room)) {
            g.pad(x, padded);
        }
        for first in (0..g.maps).filter(|map| map % maps % L == 0) {
            let count = L.min(maps - first % maps);
            for (grad, turned) in grad.chunks(out_len).zip(turned.chunks_mut(positions)) {
                for (lane, map) in
                    grad[first * positions..].chunks(positions).take(count).enumerate()
                {
                    turned.iter_mut().zip(map).for_each(|(to, &v)| to[lane] = v);
                }
            }
            let channels = first / maps * (g.channels / g.groups) * g.plane();
            let padded: [&[T]; IMAGES] =
                core::array::from_fn(|n| padded.get(n * room + channels..).unwrap_or(&[]));
            let turned = &turned[..x.len() / in_len * positions];
            let sum = &mut sum[first * taps.len()..(first + count) * taps.len()];
            simd::run_fused(WeightGrad { g, padded, turned, taps: &taps, sum });
        }
    }
    keep(padded);
}

/// The gradient of the kernels of up to `L` maps from a few images.
struct WeightGrad<'a, T, const L: usize> {
    g: &'a Geometry,
    /// Each image from the channels of the group on.
    padded: [&'a [T]; IMAGES],
    /// The gradient of the maps, position by position, image by image.
    turned: &'a [[T; L]],
    taps: &'a [usize],
    sum: &'a mut [T],
}

/// Taps of one tile of a weight gradient.
const TAPS: usize = 8;

impl<T: Real, const L: usize> Fused for WeightGrad<'_, T, L> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { g, padded, turned, taps, sum } = self;
        for first in (0..taps.len()).step_by(TAPS) {
            // Beyond the last tap it stands in for the missing ones, whose sums are left out.
            let tile = core::array::from_fn(|t| taps[(first + t).min(taps.len() - 1)]);
            let sums = correlation::<M, T, L>(g, &padded, turned, tile);
            for (lane, sum) in sum.chunks_mut(taps.len()).enumerate() {
                for (to, sums) in sum[first..].iter_mut().zip(&sums) {
                    *to += sums[lane];
                }
            }
        }
    }
}

/// The sums of products of the gradient with the image, each tap away.
#[inline(always)]
fn correlation<M: MulAdd, T: Real, const L: usize>(
    g: &Geometry,
    padded: &[&[T]; IMAGES],
    turned: &[[T; L]],
    taps: [usize; TAPS],
) -> [[T; L]; TAPS] {
    let zero = [T::ZERO; L];
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut h, mut i] = [zero; TAPS];
    let ([oh, ow], pitch) = (g.out, g.pitch());
    for (turned, image) in turned.chunks(oh * ow).zip(padded) {
        for (row, turned) in turned.chunks(ow).enumerate() {
            let ow = turned.len();
            let [p, q, r, s, t, u, v, w] = taps.map(|tap| &image[row * pitch + tap..][..ow]);
            for (at, g) in turned.iter().enumerate() {
                a = joined::<M, T, L>(a, p[at], g);
                b = joined::<M, T, L>(b, q[at], g);
                c = joined::<M, T, L>(c, r[at], g);
                d = joined::<M, T, L>(d, s[at], g);
                e = joined::<M, T, L>(e, t[at], g);
                f = joined::<M, T, L>(f, u[at], g);
                h = joined::<M, T, L>(h, v[at], g);
                i = joined::<M, T, L>(i, w[at], g);
            }
        }
    }
    [a, b, c, d, e, f, h, i]
}
