//! The fit check: does a program run on a board, and with how much to spare?

use core::fmt;

use super::cpu::Kernels;
use super::energy::{Battery, DutyCycle, EnergyError};
use super::memory::RegionUse;
use super::need::Need;
use super::place::{Placement, place};
use super::power::SUPPLY_MV;
use super::provenance::{Provenance, Sourced, Span};
use super::text::{Grouped, Tenths};
use super::violation::{FitError, Resource};
use super::{Board, MAX_REGIONS};

/// How a program fits a board: use of every region, time, energy, and the source of each figure.
///
/// `Display` prints it as a small table.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct FitReport {
    /// The id of the board.
    pub board: &'static str,
    /// Where weights, arena and buffers were placed.
    pub placement: Placement,
    /// The class of kernels the time was estimated for; the one asked for, else the slowest known for the board's
    /// first core.
    pub kernels: Option<Kernels>,
    /// Estimated time of one inference, in microseconds.
    pub latency_us: Option<Sourced<Span>>,
    /// Estimated energy of one inference, in microjoules.
    pub energy_uj: Option<Sourced<Span>>,
    /// Latency factor of the memory in use, in thousandths: 1000 unless weights or arena lie in slow memory.
    pub slowdown_milli: u32,
    uses: [Option<RegionUse>; MAX_REGIONS],
    need: Need,
    active_nw: Option<Sourced<Span>>,
    sleep_nw: Option<Sourced<Span>>,
}

/// How long a battery lasts, in hours.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BatteryLife {
    /// With the high ends of time and draw.
    pub shortest_h: f32,
    /// With the low ends.
    pub longest_h: f32,
    /// The weakest source among the inputs.
    pub from: Provenance,
}

impl Board {
    /// Returns how `need` fits this board, or everything in which it does not.
    ///
    /// Time is that of the first core with its slowest known kernels, or those that [`Need::kernels`] asks for: from
    /// [`LayerCosts`](super::LayerCosts) if [`Need::work`] is given and the core has them, else
    /// `MACs × cycles per MAC × memory factor / clock`. Energy is that time multiplied by the active power.
    /// Limits are checked against the high end of an estimate. A limit for which the table has no figure cannot be
    /// checked: the report then says so, see [`FitReport::unchecked`].
    ///
    /// # Errors
    ///
    /// [`FitError`] with one violation for every region that is too small and every limit that is missed.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::{Board, Need};
    ///
    /// let need = Need { model_bytes: 90_000, arena_bytes: 292_352, stack_bytes: 8_192, ..Need::default() };
    /// let refused = Board::by_id("nano33ble")?.check(&need).unwrap_err();
    /// let text = "nano33ble: RAM: needs 300 544 B, has 262 144 B: short by 38 400 B";
    /// assert_eq!(refused.to_string(), text);
    /// # Ok::<(), kits_hal::board::UnknownBoard>(())
    /// ```
    #[expect(
        clippy::result_large_err,
        reason = "every violation is listed, and there is no allocator to put them elsewhere"
    )]
    pub fn check(&self, need: &Need) -> Result<FitReport, FitError> {
        let mut error = FitError::new(self.id);
        let Some(placed) = place(self, need) else {
            // A board without memory: anything is too much for it.
            error.demand(Resource::Memory("RAM"), u64::from(need.arena_bytes).max(1), 0);
            return Err(error);
        };
        for r in placed.uses.iter().flatten() {
            error.demand(Resource::Memory(r.name), r.used, r.bytes);
        }
        let (kernels, latency_us) = self.latency(need, placed.slowdown_milli, placed.slowdown_from);
        let energy_uj = latency_us.zip(self.power.active()).map(|(t, p)| energy(t, p));
        let limits = [
            (Resource::Deadline, need.deadline_us, latency_us),
            (Resource::Period, need.period_us, latency_us),
            (Resource::Energy, need.budget_uj, energy_uj),
        ];
        for (resource, limit, estimate) in limits {
            if let Some((limit, estimate)) = limit.zip(estimate) {
                error.demand(resource, estimate.value.high, u64::from(limit));
            }
        }
        if !error.is_empty() {
            return Err(error);
        }
        Ok(FitReport {
            board: self.id,
            placement: placed.placement,
            kernels,
            latency_us,
            energy_uj,
            slowdown_milli: placed.slowdown_milli,
            uses: placed.uses,
            need: *need,
            active_nw: self.power.active(),
            sleep_nw: self.power.sleep,
        })
    }

    /// The time of the work on the first core, with the kernels asked for or the slowest known.
    ///
    /// Layer costs are used where the layers are known and the core has such costs, else cycles per multiply-accumulate.
    fn latency(
        &self,
        need: &Need,
        slowdown: u32,
        slow_from: Option<Provenance>,
    ) -> (Option<Kernels>, Option<Sourced<Span>>) {
        let Some(core) = self.cores.first().filter(|_| need.macs > 0) else { return (None, None) };
        let asked = |kernels: Kernels| need.kernels.is_none_or(|k| k == kernels);
        let by_layer = need.work.as_ref().and_then(|work| {
            let costs = core.layer_costs.iter().find(|c| asked(c.kernels))?;
            Some((costs.kernels, core.layers_time_us(work, costs, slowdown)))
        });
        let by_mac = || {
            let cost = core.mac_costs.iter().find(|c| asked(c.kernels))?;
            Some((cost.kernels, core.time_us(need.macs, cost, slowdown)))
        };
        let Some((kernels, mut time)) = by_layer.or_else(by_mac) else { return (None, None) };
        if let Some(from) = slow_from {
            time.from = time.from.weaker(from);
        }
        (Some(kernels), Some(time))
    }
}

/// `E = P × t`, from nanowatts and microseconds to microjoules; the high end is rounded up.
fn energy(time_us: Sourced<Span>, draw_nw: Sourced<Span>) -> Sourced<Span> {
    const FEMTO_PER_MICRO: u64 = 1_000_000_000;
    let (t, p) = (time_us.value, draw_nw.value);
    Sourced {
        value: Span {
            low: t.low.saturating_mul(p.low) / FEMTO_PER_MICRO,
            high: t.high.saturating_mul(p.high).div_ceil(FEMTO_PER_MICRO),
        },
        from: time_us.from.weaker(draw_nw.from),
    }
}

impl FitReport {
    /// Returns the use of every region, in the board's order.
    pub fn regions(&self) -> impl Iterator<Item = RegionUse> + '_ {
        self.uses.iter().flatten().copied()
    }

    /// Returns the inferences per second when run one after the other, in thousandths.
    #[must_use]
    pub fn milli_fps(&self) -> Option<Sourced<Span>> {
        const MILLI_PER_US: u64 = 1_000_000_000;
        self.latency_us.map(|t| Sourced {
            value: Span {
                low: MILLI_PER_US.checked_div(t.value.high).unwrap_or(u64::MAX),
                high: MILLI_PER_US.checked_div(t.value.low).unwrap_or(u64::MAX),
            },
            from: t.from,
        })
    }

    /// Returns the limits that were asked for but could not be checked, because the table has no figure to check them with.
    pub fn unchecked(&self) -> impl Iterator<Item = (Resource, u32)> {
        [
            (Resource::Deadline, self.need.deadline_us, self.latency_us),
            (Resource::Period, self.need.period_us, self.latency_us),
            (Resource::Energy, self.need.budget_uj, self.energy_uj),
        ]
        .into_iter()
        .filter_map(|(resource, limit, estimate)| match (limit, estimate) {
            (Some(limit), None) => Some((resource, limit)),
            _ => None,
        })
    }

    /// Returns how long `battery` lasts with one inference per period, asleep in between, through a regulator of the
    /// given efficiency; `None` if the period, the time, or a draw of the board is not known.
    ///
    /// # Errors
    ///
    /// [`EnergyError::BadInput`] if the battery or the efficiency is out of range.
    pub fn battery_life(
        &self,
        battery: &Battery,
        regulator: f32,
    ) -> Result<Option<BatteryLife>, EnergyError> {
        let (Some(period_us), Some(t), Some(active), Some(sleep)) =
            (self.need.period_us, self.latency_us, self.active_nw, self.sleep_nw)
        else {
            return Ok(None);
        };
        let volts = SUPPLY_MV as f32 / 1000.0;
        let hours = |time_us: u64, active_nw: u64, sleep_nw: u64| {
            let cycle = DutyCycle {
                volts,
                sense_ma: 0.0,
                sense_ms: 0.0,
                active_ma: active_nw as f32 / 1e6 / volts,
                active_ms: time_us as f32 / 1e3,
                sleep_ua: sleep_nw as f32 / 1e3 / volts,
                period_ms: period_us as f32 / 1e3,
                regulator,
            };
            battery.life_hours(cycle.energies()?.average_mw)
        };
        Ok(Some(BatteryLife {
            shortest_h: hours(t.value.high, active.value.high, sleep.value.high)?,
            longest_h: hours(t.value.low, active.value.low, sleep.value.low)?,
            from: t.from.weaker(active.from).weaker(sleep.from),
        }))
    }
}

impl fmt::Display for FitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: fits", self.board)?;
        for r in self.regions() {
            let (used, free, all) = (Grouped(r.used), Grouped(r.free()), Grouped(r.bytes));
            let percent = Tenths(r.milli_percent());
            write!(
                f,
                "\n  {}: {used} B used, {free} B free of {all} B ({percent} %) [{}]",
                r.name, r.from
            )?;
        }
        let Placement { weights, arena, buffers } = self.placement;
        write!(f, "\n  weights in {weights}, arena in {arena}, buffers in {buffers}")?;
        if let Some((t, kernels)) = self.latency_us.zip(self.kernels) {
            write!(f, "\n  latency: {} us with {kernels} [{}]", t.value, t.from)?;
        }
        if let Some(rate) = self.milli_fps() {
            write!(
                f,
                "\n  rate: {} to {} per second [{}]",
                Tenths(rate.value.low),
                Tenths(rate.value.high),
                rate.from
            )?;
        }
        if let Some(e) = self.energy_uj {
            write!(f, "\n  energy: {} uJ per inference [{}]", e.value, e.from)?;
        }
        for (resource, limit) in self.unchecked() {
            let (limit, unit) = (Grouped(u64::from(limit)), resource.unit());
            write!(
                f,
                "\n  {resource} of {limit} {unit}: not checked, the board table has no figure for it"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
