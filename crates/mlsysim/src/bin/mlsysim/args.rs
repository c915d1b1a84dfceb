//! The command line.

use crate::step::StepArgs;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mlsysim::registry::Registry;
use mlsysim::units::{Unit, parse_as};
use mlsysim::{Convention, Precision};
use std::path::PathBuf;

/// The 22 walls of machine-learning systems: how long, how big, how much, and why.
///
/// Amounts carry their unit: `2 GFLOP`, `16 GiB`, `3.35 TB/s`, `20 ms`, `10 W`.
#[derive(Debug, Parser)]
#[command(
    name = "mlsysim",
    version,
    after_help = "Exit codes: 0 done, 1 does not fit, 2 wrong call, 3 a limit is broken that --max-... or the plan sets"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the walls, show one, or solve one of its equations
    Walls(WallsArgs),
    /// Price one step of a model, or of work given in numbers, on a machine
    Eval(Box<EvalArgs>),
    /// Compute an equation, or steps of models on machines, at every point of a grid
    Sweep(SweepArgs),
    /// Show a wall, an equation or one step as a derivation with its sources
    Explain(ExplainArgs),
    /// Put two machines, or two models, side by side
    Compare(CompareArgs),
    /// Put the literature beside the Python package 0.3.0, and name the defects that differ
    Diff(DiffArgs),
    /// Search for the best way to run a plan
    #[command(subcommand)]
    Optimize(OptimizeCommand),
    /// Time to the first token and between tokens of a model on a machine
    Serve(ServeArgs),
    /// Find the input of an equation that gives an output wanted
    Solve(SolveArgs),
    /// Write the JSON Schema of a plan, or of files with machines or models
    Schema(SchemaArgs),
    /// Write the completions of a shell
    Completions(CompletionsArgs),
    /// List the shipped machines and models, or show one with the origin of every value
    Zoo(ZooArgs),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  mlsysim walls 2 --explain\n  mlsysim walls memory.step_time bytes_moved='16 GB' bandwidth='2 TB/s' --explain"
)]
pub(crate) struct WallsArgs {
    /// Number of a wall, or identifier of an equation
    pub(crate) what: Option<String>,
    /// Inputs of the equation, such as bandwidth='2 TB/s'
    #[arg(value_name = "NAME=AMOUNT")]
    pub(crate) inputs: Vec<String>,
    /// Show inputs with units and ranges, or every step of a solution
    #[arg(long)]
    pub(crate) explain: bool,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  mlsysim solve memory.step_time bandwidth='1 GB/s..100 TB/s' memory_time='8 ms' bytes_moved='16 GB'\n\nExit status: 0 found, 1 no value in the range gives it, 2 wrong usage."
)]
pub(crate) struct SolveArgs {
    /// Identifier of an equation; `mlsysim walls --explain` lists them with their units
    pub(crate) equation: String,
    /// One input with its range, NAME=LOW..HIGH; one output with the value wanted; other inputs, NAME=AMOUNT
    #[arg(value_name = "NAME=AMOUNT|NAME=LOW..HIGH")]
    pub(crate) terms: Vec<String>,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  mlsysim eval llama3_8b h100 --batch 8\n  mlsysim eval plan.yaml --set workload.batch_size=16\n  mlsysim eval train.yaml --set training.tp=2 --set 'training.tokens=100 Gtoken'\n  mlsysim eval --hardware h100 --model llama3_8b --batch 8 --explain\n  mlsysim eval --hardware nano33ble --ops '5.3 MFLOP' --bytes '80 kB' --precision int8\n  mlsysim eval --peak '1.2 TFLOP/s' --bandwidth '51 GB/s' --capacity '32 GiB' --model resnet50 --precision fp32"
)]
pub(crate) struct EvalArgs {
    /// A plan (a file that ends in .yaml or .toml), which infers or trains; or a model by name
    #[arg(value_name = "PLAN|MODEL", conflicts_with_all = ["model", "ops"])]
    pub(crate) target: Option<String>,
    /// Machine for a model named before it
    #[arg(value_name = "HARDWARE", conflicts_with_all = ["hardware", "peak"])]
    pub(crate) on: Option<String>,
    /// A value instead of the plan's, such as workload.batch_size=16; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "target")]
    pub(crate) set: Vec<String>,
    /// Machine, by name (see `mlsysim zoo hardware`)
    #[arg(long, value_name = "NAME", conflicts_with = "peak")]
    pub(crate) hardware: Option<String>,
    /// Rate of a machine of your own, in the precision given [FLOP/s]
    #[arg(long, value_name = "RATE", requires_all = ["bandwidth", "capacity"])]
    pub(crate) peak: Option<String>,
    /// Memory bandwidth of a machine of your own [B/s]
    #[arg(long, value_name = "BANDWIDTH", requires = "peak")]
    pub(crate) bandwidth: Option<String>,
    /// Memory size of a machine of your own [B]
    #[arg(long, value_name = "SIZE", requires = "peak")]
    pub(crate) capacity: Option<String>,
    /// Model, by name (see `mlsysim zoo models`)
    #[arg(long, value_name = "NAME", conflicts_with = "ops")]
    pub(crate) model: Option<String>,
    /// Operations of one step instead of a model [FLOP]
    #[arg(long, value_name = "AMOUNT", requires = "bytes")]
    pub(crate) ops: Option<String>,
    /// Bytes that one step moves [B]
    #[arg(long, value_name = "AMOUNT", requires = "ops")]
    pub(crate) bytes: Option<String>,
    /// Bytes of weights [B]
    #[arg(long, value_name = "AMOUNT", requires = "ops")]
    pub(crate) weights: Option<String>,
    /// Bytes needed besides the weights [B]
    #[arg(long, value_name = "AMOUNT", requires = "ops")]
    pub(crate) working: Option<String>,
    /// Number format: fp32, tf32, bf16, fp16, fp8, int8, fp6, fp4, int4 [default: the machine's own]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) precision: Option<Precision>,
    /// Items in one step: sequences, images, inputs [count]
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// Tokens that each sequence of a language model has so far [count]
    #[arg(long, value_name = "COUNT", default_value_t = 2048)]
    pub(crate) context: u32,
    /// Share of the peak that the code reaches, 0 to 1 [default: the machine's record, else 0.5]
    #[arg(long, value_name = "SHARE")]
    pub(crate) efficiency: Option<f64>,
    /// Share of the shorter of arithmetic and traffic that hides behind the longer, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub(crate) overlap: f64,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// A TOML file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
    /// Exit with 3 if a step takes longer [s]
    #[arg(long, value_name = "TIME")]
    pub(crate) max_time: Option<String>,
    /// Exit with 3 if a step takes more energy, or if the energy is not known [J]
    #[arg(long, value_name = "ENERGY")]
    pub(crate) max_energy: Option<String>,
    /// Show every value with its formula and origin
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) format: Format,
    /// Also draw the roofline into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Axes:\n  batch=1,8,64                      a list\n  bandwidth=1TB/s..8TB/s:8          8 values at equal distances [B/s]\n  bandwidth=1TB/s..8TB/s:4:log      4 values at equal ratios [B/s]\n  batch=1..16                       every whole number [count]\n  hardware=h100,a100                names\n\nExamples:\n  mlsysim sweep eval hardware=h100,a100 model=llama3_8b batch=1..256:9:log --where 'fits and time < 20 ms' --sort throughput:desc --top 5 -o text\n  mlsysim sweep memory.step_time bytes_moved='16 GB' bandwidth=1TB/s..8TB/s:8"
)]
pub(crate) struct SweepArgs {
    /// Identifier of an equation (see `mlsysim walls`), or `eval` for one step of models on machines
    pub(crate) target: String,
    /// Inputs with the values they take, with units; `eval` without any lists its inputs
    #[arg(value_name = "NAME=VALUES")]
    pub(crate) axes: Vec<String>,
    /// Keep rows that meet this condition, such as 'time < 10 ms and fits'; may be repeated
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) conditions: Vec<String>,
    /// Sort by a column or a formula, smallest first; `throughput:desc` for largest first
    #[arg(long, value_name = "FORMULA")]
    pub(crate) sort: Option<String>,
    /// Keep the first so many rows [count]
    #[arg(long, value_name = "COUNT")]
    pub(crate) top: Option<usize>,
    /// Write only these of the outputs
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Format of the result: csv, json, jsonl, markdown, text, or svg for a line chart
    #[arg(short, long, value_enum, default_value = "csv")]
    pub(crate) output: Output,
    /// Axis that the line chart has to the right [default: the first amount that varies]
    #[arg(long, value_name = "NAME")]
    pub(crate) x: Option<String>,
    /// Output that the line chart has upwards [default: the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) y: Option<String>,
    /// Threads to use [count; default: one per processor]
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<usize>,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// A TOML file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Amounts carry their unit: bandwidth='2 TB/s' [B/s].\n\nExamples:\n  mlsysim explain 2\n  mlsysim explain memory.step_time bytes_moved='16 GB' bandwidth='2 TB/s'\n  mlsysim explain --hardware h100 --model llama3_8b --batch 8"
)]
pub(crate) struct ExplainArgs {
    /// Number of a wall, identifier of an equation, or file of a plan
    pub(crate) what: Option<String>,
    /// Inputs of the equation, such as bandwidth='2 TB/s', or values instead of the plan's
    #[arg(value_name = "NAME=AMOUNT")]
    pub(crate) inputs: Vec<String>,
    /// Machine, by name
    #[arg(long, value_name = "NAME", conflicts_with = "what")]
    pub(crate) hardware: Option<String>,
    /// Model, by name
    #[arg(long, value_name = "NAME", conflicts_with = "what")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) step: StepArgs,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Times are in seconds, rates in FLOP/s and B/s, sizes in B.\n\nExamples:\n  mlsysim compare --hardware a100,h100 --model llama3_8b --batch 8\n  mlsysim compare --hardware h100 --model llama3_8b,llama3_70b -o svg > steps.svg"
)]
pub(crate) struct CompareArgs {
    /// One machine or two, by name
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    pub(crate) hardware: Vec<String>,
    /// One model or two, by name
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    pub(crate) model: Vec<String>,
    #[command(flatten)]
    pub(crate) step: StepArgs,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Amounts carry their unit: bandwidth='2 TB/s' [B/s].\n\nExamples:\n  mlsysim diff --hardware h100 --model llama3_8b --batch 8\n  mlsysim diff memory.step_time bytes_moved='16 GB' bandwidth='2 TB/s'"
)]
pub(crate) struct DiffArgs {
    /// Identifier of an equation
    pub(crate) what: Option<String>,
    /// Inputs of the equation, such as bandwidth='2 TB/s'
    #[arg(value_name = "NAME=AMOUNT")]
    pub(crate) inputs: Vec<String>,
    /// Machine, by name
    #[arg(long, value_name = "NAME", conflicts_with = "what")]
    pub(crate) hardware: Option<String>,
    /// Model, by name
    #[arg(long, value_name = "NAME", conflicts_with = "what")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) step: StepArgs,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// What to search for.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  mlsysim optimize placement plan.yaml --carbon-tax '100 USD/tCO2e' [USD/kgCO2e]"
)]
pub(crate) enum OptimizeCommand {
    /// Find the layouts of a training step that no other beats in time and memory
    Parallelism(ParallelismArgs),
    /// Find the largest batch that keeps its promises of latency
    Batching(BatchingArgs),
    /// Rank regions by cost and priced carbon
    Placement(PlacementArgs),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Memory is in B, times in seconds.\n\nExample:\n  mlsysim optimize parallelism plan.yaml --set workload.batch_size=512 --top 5"
)]
pub(crate) struct ParallelismArgs {
    /// The plan
    pub(crate) plan: String,
    /// Show so many layouts of the front, fastest first [count]
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) top: usize,
    /// A value instead of the plan's; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// A file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  mlsysim optimize batching plan.yaml --arrivals '2 Hz' --output-tokens 100 --first-token '10 s'"
)]
pub(crate) struct BatchingArgs {
    /// The plan; each of its accelerators serves alone
    pub(crate) plan: String,
    /// Requests that arrive per second [Hz]
    #[arg(long, visible_alias = "qps", value_name = "RATE")]
    pub(crate) arrivals: String,
    /// Most time to the first token, for 99 of 100 requests [s]
    #[arg(long, value_name = "TIME", default_value = "1 s")]
    pub(crate) first_token: String,
    /// Most time between tokens [s]
    #[arg(long, value_name = "TIME", default_value = "50 ms")]
    pub(crate) between_tokens: String,
    /// Tokens of each answer [count; default: as many as the prompt has]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) output_tokens: Option<u32>,
    /// Largest batch to look at [count]
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_batch: u32,
    /// A value instead of the plan's; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// A file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  mlsysim optimize placement plan.yaml --regions us_avg,quebec,iowa --carbon-tax '100 USD/tCO2e'"
)]
pub(crate) struct PlacementArgs {
    /// The plan; its `ops` give the period
    pub(crate) plan: String,
    /// Grids to rank, by name (see `mlsysim zoo grids`) [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) regions: Vec<String>,
    /// Price of greenhouse gas [USD/kgCO2e]
    #[arg(long, value_name = "PRICE", default_value = "100 USD/tCO2e")]
    pub(crate) carbon_tax: String,
    /// A value instead of the plan's; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// A file with machines, models and grids of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Times are in seconds, sizes in B.\n\nExamples:\n  mlsysim serve llama3_8b h100 --batch 8 --context 2048\n  mlsysim serve llama3_70b h200 --precision fp8 --prefill-chunk-tokens 512 --explain"
)]
pub(crate) struct ServeArgs {
    /// Model, by name
    pub(crate) model: String,
    /// Machine, by name
    pub(crate) hardware: String,
    /// Tokens of each prompt [count]
    #[arg(short = 's', long, visible_alias = "seq-len", value_name = "COUNT", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) context: u32,
    /// Tokens that each answer has [count]
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) output_tokens: u32,
    /// Requests in the batch [count]
    #[arg(short, long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// Number format [default: the machine's own]
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) precision: Option<Precision>,
    /// Share of the peak that the code reaches, 0 to 1 [default: the machine's record, else 0.5]
    #[arg(short, long, value_name = "SHARE")]
    pub(crate) efficiency: Option<f64>,
    /// Tokens of a prompt that one pass reads [count; default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) prefill_chunk_tokens: Option<u32>,
    /// Show the derivation
    #[arg(long)]
    pub(crate) explain: bool,
    /// Which formulas to use
    #[arg(long, value_enum, default_value_t)]
    pub(crate) convention: ConventionArg,
    /// A TOML file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  mlsysim schema plan > plan.schema.json")]
pub(crate) struct SchemaArgs {
    /// Kind of file
    #[arg(value_enum, default_value = "plan")]
    pub(crate) of: SchemaKind,
}

/// Kinds of files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// A plan
    Plan,
    /// Machines
    Hardware,
    /// Models
    Models,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  mlsysim completions bash > ~/.local/share/bash-completion/completions/mlsysim"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// The choice of a format.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Format {
    /// Format of the result
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    /// Write JSON: the same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
}

impl Format {
    pub(crate) const fn output(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }
}

/// The message for a format that a command does not have.
pub(crate) fn unsupported(command: &str, output: Output) -> String {
    let name = output.to_possible_value().map_or_else(String::new, |value| value.get_name().into());
    format!("{command} has no output `{name}`; try `-o text` or `-o json`")
}

/// The format of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Aligned text for people
    Text,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
    /// A Markdown table
    Markdown,
    /// A plot
    Svg,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Every value is shown with its unit: FLOP/s, B/s, B, W, s.\n\nExamples:\n  mlsysim zoo hardware\n  mlsysim zoo models resnet50 --json"
)]
pub(crate) struct ZooArgs {
    /// What to list
    pub(crate) what: Option<ZooKind>,
    /// One entry, with every value and its origin
    pub(crate) name: Option<String>,
    /// A TOML file with machines and models of your own
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Vec<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ZooKind {
    /// Machines
    Hardware,
    /// Models
    Models,
    /// Electricity grids
    Grids,
    /// Facilities
    Sites,
    /// Networks
    Fabrics,
    /// Servers
    Nodes,
    /// Clusters
    Fleets,
    /// Classes of technology, price lists, kinds of failure
    Facts,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum ConventionArg {
    /// The literature
    #[default]
    Reference,
    /// The Python package mlsysim 0.3.0
    Upstream030,
}

impl From<ConventionArg> for Convention {
    fn from(argument: ConventionArg) -> Self {
        match argument {
            ConventionArg::Reference => Self::Reference,
            ConventionArg::Upstream030 => Self::Upstream030,
        }
    }
}

/// The amount of an option, if it is given.
pub(crate) fn amount<T: Unit>(option: &str, text: Option<&str>) -> Result<Option<T>, String> {
    let Some(text) = text else { return Ok(None) };
    let quantity = parse_as(option, text, T::DIMENSION).map_err(|error| error.to_string())?;
    Ok(Some(T::from_base(quantity.value)))
}

/// The shipped records and those of the files.
pub(crate) fn registry(files: &[PathBuf]) -> Result<Registry, String> {
    let mut registry = Registry::shipped();
    add(&mut registry, &texts(files)?)?;
    Ok(registry)
}

/// The names and texts of files with records.
pub(crate) fn texts(files: &[PathBuf]) -> Result<Vec<(String, String)>, String> {
    let read = |file: &PathBuf| {
        let name = file.display().to_string();
        let text =
            std::fs::read_to_string(file).map_err(|error| format!("--records {name}: {error}"))?;
        Ok((name, text))
    };
    files.iter().map(read).collect()
}

/// Adds the records of files.
pub(crate) fn add(registry: &mut Registry, texts: &[(String, String)]) -> Result<(), String> {
    texts
        .iter()
        .try_for_each(|(name, text)| registry.add(name, text).map_err(|error| error.to_string()))
}
