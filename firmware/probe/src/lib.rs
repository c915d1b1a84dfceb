//! Calls every public entry point of the runtime with data the compiler cannot foresee.
//!
//! [`exercise`] gives no useful result. It is linked by `host-probe` (no `std`, no allocator) and by `no-panic` (no
//! reachable panic); what it does not call, those two do not prove.
#![no_std]

mod hardware;
mod signal;

use core::fmt::{self, Write};
use core::ops::ControlFlow;

use kits_hal::board::{Battery, Board, Cascade, DutyCycle, LanguageModel, Need, Talk, Work};
use kits_hal::{Check, LoadError, Model, Observer, OpCode, RunError, Session, Step, crc32};

/// Text is counted, not kept.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0 = self.0.wrapping_add(s.len());
        Ok(())
    }
}

/// Stops a run after the operator of this index.
struct StopAfter(u16);

impl Observer for StopAfter {
    fn now(&mut self) -> u32 {
        u32::from(self.0)
    }

    fn after_op(&mut self, op: u16, ticks: u32) -> ControlFlow<()> {
        if op >= self.0 || ticks > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Calls everything; returns a number that depends on all results, so that no call is left out.
///
/// `bytes` is taken for a container, for input data and for a board's id.
#[must_use]
pub fn exercise(bytes: &[u8], arena: &mut [u8]) -> usize {
    let mut text = Length(0);
    let mut sum = crc32(bytes) as usize;
    // Writing to `Length` cannot fail.
    if let Err(error) = model(bytes, arena, &mut text, &mut sum) {
        let _ = match error {
            Refused::Load(e) => write!(text, "{e}{e:?}"),
            Refused::Run(e) => write!(text, "{e}{e:?}"),
        };
    }
    boards(bytes, &mut text);
    hardware::exercise(bytes, arena, &mut text, &mut sum);
    let mut reals = [0.0; 3000];
    let reals = reals.get_mut(..bytes.len()).unwrap_or_default();
    signal::exercise(bytes, reals, &mut text, &mut sum);
    sum.wrapping_add(text.0)
}

enum Refused {
    Load(LoadError),
    Run(RunError),
}

impl From<LoadError> for Refused {
    fn from(e: LoadError) -> Self {
        Self::Load(e)
    }
}

impl From<RunError> for Refused {
    fn from(e: RunError) -> Self {
        Self::Run(e)
    }
}

fn model(
    bytes: &[u8],
    arena: &mut [u8],
    text: &mut Length,
    sum: &mut usize,
) -> Result<(), Refused> {
    let size = u32::try_from(arena.len()).unwrap_or(u32::MAX);
    Model::parse_within(bytes, Check::Header, size)?.check_flash(size)?;
    let model = Model::parse(bytes, Check::Full)?;
    inspect(&model, text, sum);
    let core = Model::parse_core(bytes, Check::Full)?;
    Session::core(&core, arena)?.run()?;
    Session::core_plain(&core, arena)?.run()?;
    Session::plain(&model, arena)?.run()?;

    let mut session = Session::new(&model, arena)?;
    for index in 0..model.n_inputs() {
        session.input::<i8>(index)?.fill(1);
        session.set_input::<i8>(index, &[0; 4])?;
    }
    session.run()?;
    session.run_with(&mut StopAfter(2))?;
    session.run_within(10, || 3)?;
    while session.step()? == Step::More {
        *sum = sum.wrapping_add(1);
    }
    session.restart();
    for index in 0..session.model().n_outputs() {
        let mut copy = [0_i32; 4];
        session.read_output(index, &mut copy)?;
        *sum = sum.wrapping_add(session.output::<i16>(index)?.len());
        let reals = session.output_f32(index)?;
        *sum =
            sum.wrapping_add(reals.iter().filter(|x| *x > 0.5).count()).wrapping_add(reals.len());
        *sum = sum.wrapping_add(session.tensor_bytes(index)?.len());
    }
    Ok(())
}

fn inspect(model: &Model<'_>, text: &mut Length, sum: &mut usize) {
    let memory = model.memory();
    let _ = write!(
        text,
        "{memory:?}{}{}{}{}",
        model.macs(),
        model.len(),
        model.arena_len(),
        model.overlaps()
    );
    for op in model.ops() {
        let _ = write!(
            text,
            "{}{}{:?}",
            op.name(),
            op.bytes(),
            OpCode::from_code(op.index.to_le_bytes()[0])
        );
    }
    for index in 0..u16::MAX {
        let Some(tensor) = model.tensor(index) else { break };
        *sum = sum.wrapping_add(tensor.len());
        let _ = write!(text, "{}{:?}", tensor.dtype, tensor.dims);
    }
    let infos = (0..model.n_inputs())
        .map(|i| model.input(i))
        .chain((0..model.n_outputs()).map(|i| model.output(i)));
    *sum = sum.wrapping_add(infos.flatten().map(|t| t.len()).fold(0, usize::wrapping_add));
    for name in model.labels().chain(model.tensor_names()) {
        *sum = sum.wrapping_add(name.len());
    }
}

fn boards(bytes: &[u8], text: &mut Length) {
    let number = |at: usize| {
        bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_le_bytes(*b))
    };
    let id = core::str::from_utf8(bytes).unwrap_or_default();
    let _ = match Board::by_id(id) {
        Ok(board) => {
            let need = Need {
                model_bytes: number(0),
                code_bytes: number(4),
                arena_bytes: number(8),
                stack_bytes: number(12),
                buffers: number(16),
                macs: u64::from(number(20)) << (number(24) & 31),
                deadline_us: Some(number(28)),
                period_us: Some(number(32)),
                budget_uj: Some(number(36)),
                work: Some(Work {
                    conv: u64::from(number(20)) << (number(24) & 31),
                    thin_conv: number(12).into(),
                    depthwise: number(16).into(),
                    dense: number(20).into(),
                    outputs: number(24).into(),
                    weight_bytes: number(28).into(),
                }),
                kernels: None,
            };
            let float = |at: usize| f32::from_bits(number(at));
            let battery = Battery {
                mah: float(0),
                volts: float(4),
                usable: float(8),
                self_discharge_percent: float(12),
            };
            let cycle = DutyCycle {
                volts: float(0),
                sense_ma: float(4),
                sense_ms: float(8),
                active_ma: float(12),
                active_ms: float(16),
                sleep_ua: float(20),
                period_ms: float(24),
                regulator: float(28),
            };
            let _ = match cycle.energies().and_then(|e| battery.life_hours(e.average_mw)) {
                Ok(_) => Ok(()),
                Err(e) => write!(text, "{e:?}"),
            };
            let gate = Cascade { gate_uj: float(0), model_uj: float(4), passed: float(8) };
            for answer in [
                cycle.shortest_period_ms(&battery, float(12)),
                cycle.longest_active_ms(&battery, float(12)),
                cycle.latency_for_budget_ms(float(16)),
                battery.load_for_mw(float(12)),
                gate.saved_uj(),
                gate.break_even(),
            ] {
                let _ = match answer {
                    Ok(real) => write!(text, "{}", real.to_bits()),
                    Err(e) => write!(text, "{e}"),
                };
            }
            let talk = Talk {
                context: number(0),
                kv_element_bytes: number(4).to_le_bytes()[0],
                system_bytes: number(8).into(),
            };
            let other = id.get(1..).unwrap_or_default();
            let _ = match LanguageModel::by_id(other).map(|model| model.on(board, &talk)) {
                Ok(Ok(report)) => write!(text, "{report}{}", report.used()),
                Ok(Err(error)) => write!(text, "{error}"),
                Err(unknown) => write!(text, "{unknown}"),
            };
            match board.check(&need) {
                Ok(report) => match report.battery_life(&battery, float(40)) {
                    Ok(life) => write!(text, "{report}{}", life.is_some()),
                    Err(e) => write!(text, "{e:?}"),
                },
                Err(error) => write!(text, "{error}"),
            }
        }
        Err(unknown) => write!(text, "{unknown}"),
    };
}
