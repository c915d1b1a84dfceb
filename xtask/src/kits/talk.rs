//! Small language models on single-board computers.

use std::process::ExitCode;

use anyhow::Result;
use kits_hal::board::{BOARDS, Board, LANGUAGE_MODELS, LanguageModel, Talk};
use serde_json::json;

use super::{boards, names, print_json};

/// A language model, and how it is to run.
#[derive(Debug, clap::Args)]
pub(crate) struct TalkArgs {
    /// Check a small language model instead, for example llama3.2-1b-q8
    #[arg(long, value_name = "NAME")]
    pub(crate) slm: Option<String>,
    /// Tokens of context that the language model keeps
    #[arg(long, value_name = "TOKENS", default_value_t = 2048, requires = "slm")]
    context: u32,
    /// Memory kept for the operating system in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512, requires = "slm")]
    system: u32,
}

/// Checks the language model against each board and prints; status 1 if it fits none of them.
///
/// # Errors
///
/// [`Usage`](super::Usage) with the nearest names if the model is not known.
pub(crate) fn run(args: &TalkArgs, chosen: &[&'static Board], as_json: bool) -> Result<ExitCode> {
    let id = args.slm.as_deref().unwrap_or_default();
    let model = LanguageModel::by_id(id).map_err(|_| {
        names::unknown("fit", "language model", id, LANGUAGE_MODELS.iter().map(|m| m.id))
    })?;
    let talk = Talk {
        context: args.context,
        system_bytes: u64::from(args.system) << 20,
        ..Talk::default()
    };
    let answers: Vec<_> =
        chosen.iter().map(|board| model.on(board, &talk).map_err(Box::new)).collect();
    if as_json {
        let boards: Vec<_> = answers
            .iter()
            .map(|answer| match answer {
                Ok(r) => json!({
                    "board": r.board, "fits": true, "weight_bytes": r.weight_bytes, "kv_bytes": r.kv_bytes,
                    "system_bytes": r.system_bytes, "memory_bytes": r.memory_bytes,
                    "milli_tokens_per_s": r.milli_tokens.map(boards::span),
                }),
                Err(e) => json!({
                    "board": e.board, "fits": false,
                    "violations": e.violations().map(|v| json!({
                        "resource": v.resource.to_string(), "need": v.need, "have": v.have,
                    })).collect::<Vec<_>>(),
                }),
            })
            .collect();
        print_json(&json!({
            "schema": "kits-fit-slm/1", "model": model.id, "context": talk.context, "boards": boards,
        }))?;
    } else {
        println!("{}: {} tokens of context", model.name, talk.context);
        for answer in &answers {
            match answer {
                Ok(report) => println!("{report}"),
                Err(error) => println!("{error}"),
            }
        }
    }
    let listed = chosen.len() == BOARDS.len();
    let fits =
        if listed { answers.iter().any(Result::is_ok) } else { answers.iter().all(Result::is_ok) };
    Ok(ExitCode::from(u8::from(!fits)))
}
