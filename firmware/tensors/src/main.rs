//! The host's side: prints what the image must print, or trains the networks again.
//!
//! ```text
//! cargo run --release -p tensors                         the same code as in the image
//! cargo run --release -p tensors --features std          other products and mathematics: close, not equal
//! cargo run --release -p tensors --features make -- make writes mlp.safetensors and cnn.safetensors
//! ```

use core::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => answers(),
        #[cfg(feature = "make")]
        ["make"] => make(),
        _ => {
            eprintln!("usage: tensors [make]; make needs --features make");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tensors: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answers() -> Result<(), Box<dyn Error>> {
    for (_, part) in tensors::PARTS {
        let mut text = String::new();
        part(&mut text)?;
        print!("{text}");
    }
    Ok(())
}

/// Trains on the digits that ship with the library and writes the weights beside this package's manifest.
#[cfg(feature = "make")]
fn make() -> Result<(), Box<dyn Error>> {
    use std::path::Path;

    use tinytorch_core::datasets::{digits, scans};
    use tinytorch_core::io::safetensors::SafeTensors;
    use tinytorch_core::milestones::digits::{Network, Recipe, train};
    use tinytorch_core::nn::ModuleExt as _;

    let (train_set, test_set) = scans::split(&digits()?);
    let networks = [("mlp", Network::Mlp { hidden: 32 }), ("cnn", Network::Cnn { channels: 8 })];
    for (name, network) in networks {
        let done = train(&Recipe::new(network, 0), &train_set, &test_set, false, &mut ())?;
        let file = SafeTensors { tensors: done.model.state_dict(), ..SafeTensors::default() };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{name}.safetensors"));
        file.write(&path)?;
        println!("{}: {:.2} % right", path.display(), 100.0 * done.test.accuracy.unwrap_or(0.0));
    }
    Ok(())
}
