//! Whether a model fits a board: memory, time, energy, battery.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kits_hal::board::{
    BOARDS, Battery, BatteryLife, Board, DutyCycle, EnergyError, FitError, FitReport, Kernels,
    Need, Runtime, SUPPLY_MV,
};
use kits_hal::convert::Options;
use kits_hal::{Check, Model};
use serde_json::{Value, json};

use super::convert::PlanOptions;
use super::model::Loaded;
use super::table::{Table, grouped};
use super::{Usage, boards, fit_svg, names, print_json, quantity, talk};

/// See whether a model fits a board, and everything in which it does not.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Units: B, KiB, MiB, kB, MB; us, ms, s, min; uJ, mJ; mAh, Ah; h, d, months, y. Status 1 if it does not fit.\n\
                  Example: cargo xtask kits fit model.tflite --board nano33ble --period 1s --battery 300mAh\n\
                  A language model: cargo xtask kits fit --slm llama3.2-1b-q8 --board rpi5-8"
)]
pub(crate) struct Args {
    /// A `.tflite` or `.kit` file
    #[arg(required_unless_present = "slm", conflicts_with = "slm")]
    model: Option<PathBuf>,
    #[command(flatten)]
    talk: talk::TalkArgs,
    /// Board to check; may be repeated [default: all, as a table]
    #[arg(long, value_name = "ID")]
    board: Vec<String>,
    /// Time between the starts of two inferences, for example 1s
    #[arg(long, value_name = "TIME", value_parser = quantity::micros)]
    period: Option<u32>,
    /// Longest allowed inference, for example 250ms
    #[arg(long, value_name = "TIME", value_parser = quantity::micros)]
    deadline: Option<u32>,
    /// Largest allowed energy of one inference, for example 900uJ
    #[arg(long, value_name = "ENERGY", value_parser = quantity::microjoules)]
    budget: Option<u32>,
    /// Capacity of the battery, for example 300mAh; needs --period
    #[arg(long, value_name = "CHARGE", value_parser = quantity::milliampere_hours, requires = "period")]
    battery: Option<f32>,
    /// Wanted battery life, for example 30d: asks for the shortest period and the longest inference that give it
    #[arg(long, value_name = "TIME", value_parser = quantity::hours, requires = "battery")]
    life: Option<f32>,
    /// Voltage of the battery in volts
    #[arg(long, value_name = "V", default_value_t = 3.7)]
    battery_volts: f32,
    /// Share of the battery's capacity that can be drawn
    #[arg(long, value_name = "SHARE", default_value_t = 0.85)]
    usable: f32,
    /// Self-discharge of the battery in percent of its capacity per month
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0)]
    self_discharge: f32,
    /// Efficiency of the regulator
    #[arg(long, value_name = "SHARE", default_value_t = 0.9)]
    regulator: f32,
    /// Class of kernels to count with [default: the slowest known for the board]
    #[arg(long, value_enum)]
    kernels: Option<KernelClass>,
    /// Code and constants beside the model [default: the runtime measured for its operators, on a Cortex-M4]
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    code: Option<u32>,
    /// Room for the call stack
    #[arg(long, value_name = "SIZE", default_value = "8KiB", value_parser = quantity::bytes)]
    stack: u32,
    /// Sample windows and frame buffers [default: one input of the model]
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    buffers: Option<u32>,
    #[command(flatten)]
    options: PlanOptions,
    /// Print one JSON object, schema kits-fit/1
    #[arg(long)]
    json: bool,
    /// Draw the use of every region as bars
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KernelClass {
    /// Plain portable code
    Portable,
    /// A public library tuned for the core
    Library,
    /// The chip maker's runtime
    Vendor,
    /// The best published
    Best,
}

/// The answer of one board.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The board.
    pub(crate) board: &'static Board,
    /// How it fits, or every violation.
    pub(crate) fit: Result<FitReport, Box<FitError>>,
    /// How long the battery lasts, if one was given.
    life: Option<BatteryLife>,
    /// What a wanted life allows, if one was given.
    wanted: Option<Wanted>,
}

/// What a wanted battery life allows, counted with the high ends of time and draw.
#[derive(Debug)]
struct Wanted {
    hours: f32,
    /// Shortest period, and longest inference at the period asked for, in milliseconds; or why there is none.
    bounds_ms: Result<(f32, f32), EnergyError>,
}

/// Checks and prints.
///
/// # Errors
///
/// [`Usage`] for a model, a board or a number that cannot be worked with; an error if the drawing cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut chosen: Vec<&'static Board> =
        args.board.iter().map(|id| names::board("fit", id)).collect::<Result<_>>()?;
    let listed = chosen.is_empty();
    if listed {
        chosen = BOARDS.iter().collect();
    }
    if args.talk.slm.is_some() {
        return talk::run(&args.talk, &chosen, args.json);
    }
    let Some(path) = &args.model else {
        return Err(Usage::because("fit: no model: give a .tflite or .kit file, or --slm NAME"));
    };
    let options = Options { strip_names: true, ..args.options.to_options("fit")? };
    let loaded = Loaded::read("fit", path, &options)?;
    let need = args.need(&Model::parse(&loaded.kit, Check::Header)?);
    let answers: Vec<Answer> =
        chosen.into_iter().map(|board| args.answer(board, &need)).collect::<Result<_>>()?;
    if let Some(file) = &args.svg {
        std::fs::write(file, fit_svg::bars(&loaded.name, &answers))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if args.json {
        print_json(&json!({
            "schema": "kits-fit/1",
            "model": loaded.name,
            "need": {
                "model_bytes": need.model_bytes, "code_bytes": need.code_bytes, "arena_bytes": need.arena_bytes,
                "stack_bytes": need.stack_bytes, "buffers": need.buffers, "macs": need.macs,
                "deadline_us": need.deadline_us, "period_us": need.period_us, "budget_uj": need.budget_uj,
            },
            "boards": answers.iter().map(as_json).collect::<Vec<_>>(),
        }))?;
    } else {
        println!(
            "{}: {} B model, {} B arena with scratch, {} B buffers; {} B code [{}]; {} B stack [assumed]",
            loaded.name,
            grouped(need.model_bytes.into()),
            grouped(need.arena_bytes.into()),
            grouped(need.buffers.into()),
            grouped(need.code_bytes.into()),
            if args.code.is_some() { "given" } else { "measured" },
            grouped(need.stack_bytes.into()),
        );
        if listed {
            print_table(&answers);
        } else {
            answers.iter().for_each(print_one);
        }
    }
    let fits = |answer: &Answer| answer.fit.is_ok();
    let positive = if listed { answers.iter().any(fits) } else { answers.iter().all(fits) };
    Ok(ExitCode::from(u8::from(!positive)))
}

impl Args {
    fn need(&self, model: &Model<'_>) -> Need {
        let input = u32::try_from(model.memory().input).unwrap_or(u32::MAX);
        Need {
            code_bytes: self.code.unwrap_or_else(|| Runtime::of(model).flash_bytes()),
            stack_bytes: self.stack,
            buffers: self.buffers.unwrap_or(input),
            deadline_us: self.deadline,
            period_us: self.period,
            budget_uj: self.budget,
            kernels: self.kernels.map(|class| match class {
                KernelClass::Portable => Kernels::Portable,
                KernelClass::Library => Kernels::Library,
                KernelClass::Vendor => Kernels::Vendor,
                KernelClass::Best => Kernels::Best,
            }),
            ..Need::for_model(model)
        }
    }

    fn answer(&self, board: &'static Board, need: &Need) -> Result<Answer> {
        let fit = board.check(need).map_err(Box::new);
        let battery = self.battery.map(|mah| Battery {
            mah,
            volts: self.battery_volts,
            usable: self.usable,
            self_discharge_percent: self.self_discharge,
        });
        let life = match (&fit, battery) {
            (Ok(report), Some(battery)) => report
                .battery_life(&battery, self.regulator)
                .map_err(|error| quantity::bad("fit", error))?,
            _ => None,
        };
        let wanted = match (&fit, battery, self.life) {
            (Ok(report), Some(battery), Some(hours)) => self.wanted(board, report, &battery, hours),
            _ => None,
        };
        Ok(Answer { board, fit, life, wanted })
    }

    /// Returns what a wanted life allows; `None` if the time or a draw of the board is not known.
    fn wanted(
        &self,
        board: &Board,
        report: &FitReport,
        battery: &Battery,
        hours: f32,
    ) -> Option<Wanted> {
        let volts = SUPPLY_MV as f32 / 1e3;
        let cycle = DutyCycle {
            volts,
            sense_ma: 0.0,
            sense_ms: 0.0,
            active_ma: board.power.active()?.value.high as f32 / 1e6 / volts,
            active_ms: report.latency_us?.value.high as f32 / 1e3,
            sleep_ua: board.power.sleep?.value.high as f32 / 1e3 / volts,
            period_ms: self.period? as f32 / 1e3,
            regulator: self.regulator,
        };
        let bounds_ms = cycle
            .shortest_period_ms(battery, hours)
            .and_then(|period| Ok((period, cycle.longest_active_ms(battery, hours)?)));
        Some(Wanted { hours, bounds_ms })
    }
}

fn print_one(answer: &Answer) {
    match &answer.fit {
        Ok(report) => {
            println!("{report}");
            if let Some(life) = &answer.life {
                println!(
                    "  battery: {} to {} [{}]",
                    quantity::readable_hours(life.shortest_h),
                    quantity::readable_hours(life.longest_h),
                    life.from
                );
            }
            if let Some(wanted) = &answer.wanted {
                let hours = quantity::readable_hours(wanted.hours);
                match &wanted.bounds_ms {
                    Ok((period, active)) => println!(
                        "  for {hours}: a period of at least {period:.1} ms, or an inference of at most {active:.1} ms"
                    ),
                    Err(error) => println!("  for {hours}: {error}"),
                }
            }
        }
        Err(error) => println!("{error}"),
    }
}

fn print_table(answers: &[Answer]) {
    let mut table = Table::new([
        "board",
        "fits",
        ">RAM %",
        ">flash %",
        ">latency us",
        ">uJ",
        ">battery",
        "lacks",
    ]);
    for answer in answers {
        let id = answer.board.id.to_owned();
        match &answer.fit {
            Ok(report) => {
                let percent = |flash: bool| {
                    let home =
                        if flash { report.placement.weights } else { report.placement.arena };
                    let used = report.regions().find(|r| r.name == home);
                    used.map_or_else(String::new, |r| {
                        format!("{:.1}", r.milli_percent() as f64 / 1e3)
                    })
                };
                table.row([
                    id,
                    "yes".to_owned(),
                    percent(false),
                    percent(true),
                    report.latency_us.map_or_else(|| "-".to_owned(), |t| t.value.to_string()),
                    report.energy_uj.map_or_else(|| "-".to_owned(), |e| e.value.to_string()),
                    answer.life.map_or_else(
                        || "-".to_owned(),
                        |l| {
                            let [short, long] =
                                [l.shortest_h, l.longest_h].map(quantity::readable_hours);
                            format!("{short} to {long}")
                        },
                    ),
                ]);
            }
            Err(error) => {
                let lacks: Vec<String> = error
                    .violations()
                    .map(|v| {
                        let unit = v.resource.unit();
                        format!("{} by {} {unit}", v.resource, grouped(v.short_by()))
                    })
                    .collect();
                let none = || "-".to_owned();
                table.row([
                    id,
                    "no".to_owned(),
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    lacks.join(", "),
                ]);
            }
        }
    }
    println!("{table}");
}

fn as_json(answer: &Answer) -> Value {
    match &answer.fit {
        Ok(r) => json!({
            "board": r.board,
            "fits": true,
            "regions": r.regions().map(|u| json!({
                "name": u.name, "used": u.used, "bytes": u.bytes, "free": u.free(), "from": u.from.to_string(),
            })).collect::<Vec<_>>(),
            "weights_in": r.placement.weights,
            "arena_in": r.placement.arena,
            "buffers_in": r.placement.buffers,
            "kernels": r.kernels.map(|k| k.to_string()),
            "latency_us": r.latency_us.map(boards::span),
            "milli_fps": r.milli_fps().map(boards::span),
            "energy_uj": r.energy_uj.map(boards::span),
            "battery_hours": answer.life.map(|l| json!({
                "shortest": l.shortest_h, "longest": l.longest_h, "from": l.from.to_string(),
            })),
            "wanted_life": answer.wanted.as_ref().map(|w| json!({
                "hours": w.hours,
                "shortest_period_ms": w.bounds_ms.as_ref().ok().map(|b| b.0),
                "longest_inference_ms": w.bounds_ms.as_ref().ok().map(|b| b.1),
                "reason": w.bounds_ms.as_ref().err().map(ToString::to_string),
            })),
            "unchecked": r.unchecked().map(|(what, limit)| json!({
                "limit": what.to_string(), "value": limit, "unit": what.unit(),
            })).collect::<Vec<_>>(),
        }),
        Err(e) => json!({
            "board": e.board,
            "fits": false,
            "violations": e.violations().map(|v| json!({
                "resource": v.resource.to_string(), "unit": v.resource.unit(),
                "need": v.need, "have": v.have, "short_by": v.short_by(),
            })).collect::<Vec<_>>(),
        }),
    }
}
