//! Module 07: parameter updates.

use crate::{Result, slots::optim as slot, tensor::Real};

pub(crate) use slot::{
    AdamSettings, RmsPropSettings, SgdSettings, adagrad_update, amsgrad_max, lion_update,
    rmsprop_update,
};

#[cfg(feature = "course")]
use crate::course::m07::hook;

/// One step of gradient descent.
pub(crate) fn sgd_update<T: Real>(
    p: &mut [T],
    g: &[T],
    buffer: Option<&mut [T]>,
    first: bool,
    s: &SgdSettings<T>,
) -> Result<()> {
    #[cfg(feature = "course")]
    let mut buffer = buffer;
    #[cfg(feature = "course")]
    if let (Some(p), Some(g)) = (T::f32s_mut(p), T::f32s(g)) {
        let narrow = |x: T| x.to_f64() as f32;
        let s = SgdSettings {
            lr: narrow(s.lr),
            momentum: narrow(s.momentum),
            dampening: narrow(s.dampening),
            nesterov: s.nesterov,
            weight_decay: narrow(s.weight_decay),
            maximize: s.maximize,
        };
        let buffer = buffer.as_deref_mut().and_then(T::f32s_mut);
        if hook::sgd_update(p, g, buffer, first, &s)?.is_some() {
            return Ok(());
        }
    }
    slot::sgd_update(p, g, buffer, first, s);
    Ok(())
}

/// Running averages of a gradient and of its square.
pub(crate) fn adam_moments<T: Real>(
    m: &mut [T],
    v: &mut [T],
    g: &[T],
    betas: [T; 2],
) -> Result<()> {
    #[cfg(feature = "course")]
    if let (Some(m), Some(v), Some(g)) = (T::f32s_mut(m), T::f32s_mut(v), T::f32s(g))
        && hook::adam_moments(m, v, g, betas.map(|b| b.to_f64() as f32))?.is_some()
    {
        return Ok(());
    }
    slot::adam_moments(m, v, g, betas);
    Ok(())
}

/// One Adam step.
pub(crate) fn adam_update<T: Real>(
    p: &mut [T],
    m: &[T],
    v: &[T],
    step: u64,
    s: &AdamSettings,
) -> Result<()> {
    #[cfg(feature = "course")]
    if let (Some(p), Some(m), Some(v)) = (T::f32s_mut(p), T::f32s(m), T::f32s(v))
        && hook::adam_update(p, m, v, step, s)?.is_some()
    {
        return Ok(());
    }
    slot::adam_update(p, m, v, step, s);
    Ok(())
}

/// One Adam step: both of the above, in one pass unless a student serves either.
pub(crate) fn adam_step<T: Real>(
    [p, m, v]: [&mut [T]; 3],
    g: &[T],
    step: u64,
    s: &AdamSettings,
) -> Result<()> {
    #[cfg(feature = "course")]
    if crate::course::is_active() {
        adam_moments(m, v, g, s.betas.map(T::lit))?;
        return adam_update(p, m, v, step, s);
    }
    crate::kernels::adam::step([p, m, v], g, step, s);
    Ok(())
}

/// The decay of `AdamW`.
pub(crate) fn adamw_decay<T: Real>(p: &mut [T], lr: f64, weight_decay: f64) -> Result<()> {
    #[cfg(feature = "course")]
    if let Some(p) = T::f32s_mut(p)
        && hook::adamw_decay(p, lr, weight_decay)?.is_some()
    {
        return Ok(());
    }
    slot::adamw_decay(p, lr, weight_decay);
    Ok(())
}
