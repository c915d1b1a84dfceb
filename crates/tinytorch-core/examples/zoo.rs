//! Continues text with a language model from a folder: GPT-2 or Llama, as Hugging Face's library saves them.
//!
//! ```text
//! cargo run --release -p tinytorch-core --example zoo -- path/to/gpt2 --prompt "The harbour"
//! cargo run --release -p tinytorch-core --example zoo -- --demo llama
//! ```
//!
//! The text goes to standard output token by token, everything else to standard error. `--demo` needs no download: it
//! writes a tiny checkpoint of random weights in the exact layout and runs that.

use core::time::Duration;
use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use serde_json::Value;
use tinytorch_core::{
    DType, Error, Result, Rng,
    datasets::ALMANAC,
    generate::{CacheType, CachedModel, Sampler, Sampling, generate, generate_cached},
    io::pretrained::{self, Pretrained, save_gpt2, save_llama},
    nn::{Gpt, GptConfig, Llama, LlamaConfig, ModuleExt},
    text::{ByteBpeTokenizer, Tokenizer},
};

const HELP: &str = "\
Continue text with a GPT-2 or Llama model from a folder

Usage: zoo FOLDER [options]
       zoo --demo gpt2|llama [options]

FOLDER holds config.json, model.safetensors (or its parts with their list), and for text vocab.json with merges.txt, or
tokenizer.json of the byte-level kind.

Options:
  --prompt TEXT    text to continue [default: The]
  --ids N,N,..     the same as ids of tokens: needs no tokenizer, and prints ids
  --new N          tokens to write at most [default: 64]
  --temperature T  0 takes the best token each time [default: 0.8]
  --top-k N        draw from the N best tokens; 0 from all [default: 0]
  --top-p P        draw from the best tokens that together reach P [default: 1]
  --seed N         seed of the drawing [default: 0]
  --cache KIND     f32, f16, bf16 or i8 for keys and values, or none to compute all again [default: f32]
  --demo KIND      write a tiny random checkpoint and run it: its text means nothing
  --keep FOLDER    where the demo writes its files, which then stay

Exit status: 0 done, 1 the model cannot be read or run, 2 wrong usage.
";

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
struct Options {
    folder: Option<PathBuf>,
    demo: Option<String>,
    keep: Option<PathBuf>,
    prompt: String,
    ids: Option<Vec<u32>>,
    new: usize,
    how: Sampling,
    seed: u64,
    cache: Option<CacheType>,
}

fn main() -> ExitCode {
    ExitCode::from(run(env::args().skip(1), &mut io::stdout(), &mut io::stderr()))
}

/// Runs the program and returns its exit status.
fn run(args: impl Iterator<Item = String>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let args: Vec<String> = args.collect();
    if args.iter().any(|a| ["--help", "-h"].contains(&a.as_str())) {
        return u8::from(write!(out, "{HELP}").is_err());
    }
    let told = match parse(&args) {
        Err(text) => {
            // Nobody is left to be told when standard error is gone; so below.
            let _ = writeln!(err, "error: {text}\ntry: zoo --help");
            return 2;
        }
        Ok(options) => work(&options, out, err),
    };
    match told {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(err, "error: {error}");
            1
        }
    }
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options {
        folder: None,
        demo: None,
        keep: None,
        prompt: "The".into(),
        ids: None,
        new: 64,
        how: Sampling { temperature: 0.8, ..Sampling::default() },
        seed: 0,
        cache: Some(CacheType::F32),
    };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let mut value = |example: &str| {
            words
                .next()
                .ok_or_else(|| format!("{word} needs a value, for example {word} {example}"))
        };
        match word.as_str() {
            "--prompt" => options.prompt.clone_from(value("\"The harbour\"")?),
            "--ids" => {
                let text = value("464,12")?;
                let ids =
                    text.split(',').map(|id| number(word, id.trim())).collect::<Result<_, _>>()?;
                options.ids = Some(ids);
            }
            "--new" => options.new = number(word, value("64")?)?,
            "--temperature" => options.how.temperature = number(word, value("0.8")?)?,
            "--top-k" => options.how.top_k = number(word, value("40")?)?,
            "--top-p" => options.how.top_p = number(word, value("0.9")?)?,
            "--seed" => options.seed = number(word, value("7")?)?,
            "--cache" => options.cache = cache_type(value("f32")?)?,
            "--demo" => options.demo = Some(value("gpt2")?.clone()),
            "--keep" => options.keep = Some(value("tiny")?.into()),
            _ if word.starts_with('-') => return Err(format!("there is no option {word}")),
            _ if options.folder.is_some() => {
                return Err(format!("one folder is enough, {word} is a second one"));
            }
            _ => options.folder = Some(word.into()),
        }
    }
    match (&options.folder, options.demo.as_deref()) {
        (None, None) => Err("give the folder of a model, or --demo gpt2".into()),
        (Some(_), Some(_)) => Err("a folder and --demo exclude each other".into()),
        (None, Some("gpt2" | "llama")) | (Some(_), None) => Ok(options),
        (None, Some(other)) => Err(format!("--demo is {other:?}, gpt2 or llama is needed")),
    }
}

fn number<T: core::str::FromStr>(flag: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{flag} cannot be {text:?}"))
}

fn cache_type(text: &str) -> Result<Option<CacheType>, String> {
    match text {
        "f32" => Ok(Some(CacheType::F32)),
        "f16" => Ok(Some(CacheType::F16)),
        "bf16" => Ok(Some(CacheType::Bf16)),
        "i8" => Ok(Some(CacheType::I8)),
        "none" => Ok(None),
        _ => Err(format!("--cache is {text:?}, f32, f16, bf16, i8 or none is needed")),
    }
}

/// A folder of the demo, which is removed at the end unless it is to be kept.
struct Demo(PathBuf, bool);

impl Drop for Demo {
    fn drop(&mut self) {
        if !self.1 {
            // A temporary folder that cannot be removed is no reason to fail.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

fn work(options: &Options, out: &mut dyn Write, err: &mut dyn Write) -> Result<()> {
    let demo = match &options.demo {
        Some(kind) => Some(write_demo(kind, options.keep.as_deref())?),
        None => None,
    };
    let given = || options.folder.clone().unwrap_or_default();
    let folder = demo.as_ref().map_or_else(given, |demo| demo.0.clone());
    let begin = Instant::now();
    let found = pretrained::load(&folder)?;
    let model = found.model();
    model.train(false);
    let told = format!(
        "{}: {} parameters, up to {} tokens, read in {:.2} s",
        found.architecture(),
        model.num_parameters(),
        model.max_len(),
        begin.elapsed().as_secs_f64()
    );
    say(err, &told)?;
    let (tokenizer, prompt) = match &options.ids {
        Some(ids) => (None, ids.clone()),
        None => {
            let tokenizer = tokenizer(&folder, &found)?;
            let prompt = tokenizer.encode(&options.prompt)?;
            (Some(tokenizer), prompt)
        }
    };
    let mut voice = Voice { tokenizer: tokenizer.as_ref(), pending: Vec::new(), out };
    voice.start(&options.prompt, &prompt)?;
    let times = write_text(model, &prompt, options, &stops(&folder)?, &mut voice)?;
    voice.end()?;
    say(err, &speed(prompt.len(), &times))
}

/// Makes an error of this crate of one of the system.
fn failed(op: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::Io { op, path, source: Arc::new(source) }
}

fn say(err: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(err, "{text}").map_err(failed("write", Path::new("standard error")))
}

/// The tokenizer beside the weights, which must not know more tokens than the model.
fn tokenizer(folder: &Path, found: &Pretrained) -> Result<ByteBpeTokenizer> {
    let tokenizer = ByteBpeTokenizer::load_folder(folder)?;
    let (known, vocab) = (tokenizer.vocab_size(), found.vocab());
    if known > vocab {
        let (got, need) = (format!("of {known} tokens"), format!("of at most the model's {vocab}"));
        return Err(Error::InvalidArgument { op: "zoo", name: "tokenizer", got, need });
    }
    Ok(tokenizer)
}

/// The tokens that end a text, as `config.json` names them.
fn stops(folder: &Path) -> Result<Vec<u32>> {
    let path = folder.join("config.json");
    let text = fs::read_to_string(&path).map_err(failed("read", &path))?;
    let config: Value = serde_json::from_str(&text)
        .map_err(|e| Error::Format { format: "config.json", detail: e.to_string() })?;
    let ids = match &config["eos_token_id"] {
        Value::Array(ids) => ids.clone(),
        id => vec![id.clone()],
    };
    Ok(ids.iter().filter_map(Value::as_u64).filter_map(|id| u32::try_from(id).ok()).collect())
}

/// Writes the text and returns when each token was there; the first one includes the prompt.
fn write_text(
    model: &dyn CachedModel,
    prompt: &[u32],
    options: &Options,
    stop: &[u32],
    voice: &mut Voice<'_>,
) -> Result<Vec<Duration>> {
    let mut sampler = Sampler::new(options.how, options.seed)?;
    let room = model.max_len().saturating_sub(prompt.len());
    let new = options.new.min(room.max(1)); // one beyond the room: the model says what is wrong
    let (mut last, mut times, mut failed) = (Instant::now(), Vec::new(), None);
    let each = |token| {
        times.push(last.elapsed());
        last = Instant::now();
        failed = voice.token(token).err();
        failed.is_none()
    };
    match options.cache {
        Some(kept) => {
            let mut cache = model.new_cache(1, kept)?;
            generate_cached(model, &mut cache, prompt, new, stop, &mut sampler, each)?;
        }
        None => drop(generate(model, prompt, new, stop, &mut sampler, each)?),
    }
    failed.map_or(Ok(times), Err)
}

fn speed(prompt: usize, times: &[Duration]) -> String {
    let Some((first, rest)) = times.split_first() else { return "no token".into() };
    let seconds = rest.iter().sum::<Duration>().as_secs_f64();
    let first = first.as_secs_f64();
    let each = match rest.len() {
        0 => String::new(),
        n => format!("; then {n} in {seconds:.3} s, {:.1} tokens per second", n as f64 / seconds),
    };
    format!("{prompt} tokens of prompt and the first new one in {first:.3} s{each}")
}

/// Prints tokens as they come, in whole characters.
struct Voice<'a> {
    tokenizer: Option<&'a ByteBpeTokenizer>,
    pending: Vec<u8>,
    out: &'a mut dyn Write,
}

impl Voice<'_> {
    fn put(&mut self, text: &str) -> Result<()> {
        self.out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
            .map_err(failed("write", Path::new("standard output")))
    }

    fn start(&mut self, text: &str, ids: &[u32]) -> Result<()> {
        if self.tokenizer.is_some() {
            return self.put(text);
        }
        ids.iter().try_for_each(|id| self.put(&format!("{id} ")))
    }

    fn token(&mut self, id: u32) -> Result<()> {
        let Some(tokenizer) = self.tokenizer else { return self.put(&format!("{id} ")) };
        if id as usize >= tokenizer.vocab_size() {
            return self.put(&format!("<{id}>")); // models may have more rows than there are tokens
        }
        self.pending.extend(tokenizer.decode_bytes(&[id])?);
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        // Four bytes are the longest character: what is not one by then will never be.
        let whole = match core::str::from_utf8(&self.pending) {
            Err(e) if self.pending.len() - e.valid_up_to() < 4 && e.error_len().is_none() => {
                return Ok(());
            }
            _ => text,
        };
        self.pending.clear();
        self.put(&whole)
    }

    fn end(&mut self) -> Result<()> {
        let rest = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        self.put(&format!("{rest}\n"))
    }
}

/// Writes a checkpoint of random weights, a few thousand of them.
fn write_demo(kind: &str, keep: Option<&Path>) -> Result<Demo> {
    let temporary = || env::temp_dir().join(format!("tinytorch-zoo-{kind}-{}", std::process::id()));
    let demo = Demo(keep.map_or_else(temporary, Path::to_owned), keep.is_some());
    let tokenizer = ByteBpeTokenizer::train(&[ALMANAC], 400)?.with_special(&["<|endoftext|>"])?;
    let (vocab, rng) = (tokenizer.vocab_size(), &mut Rng::seed(1));
    let put = |name: &str, text: &str| {
        let path = demo.0.join(name);
        fs::write(&path, text).map_err(failed("write", &path))
    };
    if kind == "gpt2" {
        let config = GptConfig { tied_head: true, ..GptConfig::new(vocab, 48, 2, 4, 128) };
        save_gpt2(&Gpt::new(&config, rng)?, &demo.0, DType::F32)?;
        let (vocab, merges) = tokenizer.to_gpt2();
        put("vocab.json", &vocab)?;
        put("merges.txt", &merges)?;
    } else {
        let config = LlamaConfig {
            vocab,
            width: 48,
            layers: 2,
            heads: 4,
            kv_heads: 2,
            hidden: 128,
            max_len: 128,
            rope_base: 10_000.0,
            norm_eps: 1e-5,
            tied_head: false,
        };
        save_llama(&Llama::new(&config, rng)?, &demo.0, DType::BF16)?;
        put("tokenizer.json", &tokenizer.to_tokenizer_json())?;
    }
    Ok(demo)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, text and talk of a command line; `_` stands for a space inside a word.
    fn zoo(line: &str) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let words = line.split_whitespace().map(|w| w.replace('_', " "));
        let status = run(words, &mut out, &mut err);
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(env::temp_dir().join(format!("tinytorch-zootest-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn demos_speak_and_repeat_themselves_with_any_cache() {
        for kind in ["gpt2", "llama"] {
            let line = format!("--demo {kind} --new 20 --prompt The_harbour --temperature 0");
            let (status, text, talk) = zoo(&line);
            assert_eq!(status, 0, "{talk}");
            assert!(text.starts_with("The harbour") && text.ends_with('\n'), "{text}");
            assert!(talk.starts_with(kind) && talk.contains("tokens per second"), "{talk}");
            assert_eq!(zoo(&format!("{line} --cache none")).1, text, "{kind}");
            assert_eq!(zoo(&format!("{line} --cache i8")).0, 0);
        }
    }

    #[test]
    fn a_kept_demo_is_a_folder_like_any_other() {
        let folder = Folder::new("kept");
        let path = folder.0.display().to_string();
        let (_, first, _) = zoo(&format!("--demo gpt2 --keep {path} --new 9 --seed 3"));
        assert_eq!(zoo(&format!("{path} --new 9 --seed 3")).1, first);
        let (status, ids, _) = zoo(&format!("{path} --ids 5,7 --new 4"));
        assert_eq!((status, ids.split_whitespace().count()), (0, 6));
        assert!(ids.starts_with("5 7 "), "{ids}");
        // More than fits is cut at the longest text; a prompt that fills it is refused.
        assert_eq!(zoo(&format!("{path} --ids 5 --new 999")).1.split_whitespace().count(), 128);
        let full = vec!["1"; 128].join(",");
        let (status, _, talk) = zoo(&format!("{path} --ids {full}"));
        assert!(status == 1 && talk.contains("128"), "{talk}");
        // The config names an end.
        let config = fs::read_to_string(folder.0.join("config.json")).unwrap();
        let stop: u32 = ids.split_whitespace().nth(2).unwrap().parse().unwrap();
        let with = config.replacen('{', &format!("{{\"eos_token_id\": [{stop}],"), 1);
        fs::write(folder.0.join("config.json"), with).unwrap();
        assert_eq!(zoo(&format!("{path} --ids 5,7 --new 4")).1, format!("5 7 {stop} \n"));
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_said() {
        let folder = Folder::new("wrong");
        let path = folder.0.display().to_string();
        let (status, _, talk) = zoo(&path);
        assert!(status == 1 && talk.contains("config.json"), "{talk}");
        assert_eq!(zoo(&format!("--demo gpt2 --keep {path}")).0, 0);
        let config = fs::read_to_string(folder.0.join("config.json")).unwrap();
        fs::write(folder.0.join("config.json"), config.replace("\"gpt2\"", "\"bert\"")).unwrap();
        let (status, _, talk) = zoo(&path);
        assert!(status == 1 && talk.contains("bert") && talk.contains("llama"), "{talk}");
        fs::write(folder.0.join("config.json"), config).unwrap();
        fs::remove_file(folder.0.join("merges.txt")).unwrap();
        let (status, _, talk) = zoo(&path);
        assert!(status == 1 && talk.contains("tokenizer.json"), "{talk}");
        // A tokenizer of another model.
        let larger = ByteBpeTokenizer::train(&[ALMANAC], 500).unwrap();
        fs::write(folder.0.join("tokenizer.json"), larger.to_tokenizer_json()).unwrap();
        let (status, _, talk) = zoo(&path);
        assert!(status == 1 && talk.contains("401"), "{talk}");
        fs::write(folder.0.join("model.safetensors"), "no weights").unwrap();
        assert_eq!(zoo(&path).0, 1);
    }

    #[test]
    fn wrong_usage_is_named() {
        for (line, says) in [
            ("", "give the folder"),
            ("a b", "a second one"),
            ("a --demo gpt2", "exclude"),
            ("--demo bert", "gpt2 or llama"),
            ("a --fast", "no option --fast"),
            ("a --new", "needs a value"),
            ("a --new x", "--new cannot be"),
            ("a --ids 1,x", "--ids cannot be"),
            ("a --cache i4", "--cache is"),
        ] {
            let (status, out, err) = zoo(line);
            assert_eq!((status, out.as_str()), (2, ""), "{line}");
            assert!(err.contains(says) && err.contains("--help"), "{line}: {err}");
        }
        assert_eq!(zoo("a --help"), (0, HELP.into(), String::new()));
        let (status, _, err) = zoo("--demo gpt2 --temperature -1");
        assert!(status == 1 && err.contains("temperature"), "{err}");
    }

    /// A character whose bytes come in several tokens appears when the last one is there.
    #[test]
    fn characters_are_printed_whole() {
        let tokenizer = ByteBpeTokenizer::train(&["a"], 256).unwrap();
        let mut out = Vec::new();
        let mut voice = Voice { tokenizer: Some(&tokenizer), pending: Vec::new(), out: &mut out };
        let mut after = Vec::new();
        for id in tokenizer.encode("é🦀x").unwrap() {
            voice.token(id).unwrap();
            after.push(voice.pending.len());
        }
        voice.pending = vec![0xC3];
        voice.end().unwrap();
        assert_eq!(after, [1, 0, 1, 2, 3, 0, 0]);
        assert_eq!(String::from_utf8(out).unwrap(), "é🦀x\u{fffd}\n");
    }
}
