//! Runs every golden file through the native library and through its WebAssembly module, and compares the answers.
//!
//! `compare MODULE.wasm FOLDER`: exit status 0 if every byte is equal, 1 if not.

#![expect(clippy::print_stdout, reason = "a command-line program reports on standard output")]

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::PathBuf;
use wasmi::{Engine, Instance, Linker, Module, Store};

fn main() -> Result<()> {
    let [module, folder] = std::env::args_os()
        .skip(1)
        .map(PathBuf::from)
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| anyhow::anyhow!("usage: compare MODULE.wasm FOLDER"))?;
    let bytes = fs::read(&module).with_context(|| format!("read {}", module.display()))?;
    let engine = Engine::default();
    let module = Module::new(&engine, &bytes).context("load the module")?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;

    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("list {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let (mut cases, mut numbers, mut differences) = (0, 0, 0);
    for path in &files {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let native = walls_wasm::answers(&text).map_err(anyhow::Error::msg)?;
        let foreign = ask(&instance, &mut store, &text)?;
        cases += native.lines().count();
        numbers += native.matches('=').count();
        if native.len() != foreign.len() {
            differences += 1;
        }
        for (a, b) in native.lines().zip(foreign.lines()).filter(|(a, b)| a != b) {
            differences += 1;
            if differences <= 10 {
                println!("native {a}\nwasm   {b}");
            }
        }
    }
    println!(
        "wasm: {} files, {cases} cases, {numbers} values, {differences} differences",
        files.len()
    );
    if numbers == 0 {
        bail!("no value was compared");
    }
    if differences > 0 {
        bail!("the WebAssembly build gives other bytes than the native one");
    }
    Ok(())
}

/// The module's answer to a golden file.
fn ask(instance: &Instance, store: &mut Store<()>, text: &str) -> Result<String> {
    let put = instance.get_typed_func::<(u64, u32), ()>(&*store, "walls_put")?;
    let ask = instance.get_typed_func::<(), u64>(&*store, "walls_ask")?;
    let take = instance.get_typed_func::<(), u64>(&*store, "walls_take")?;
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        put.call(&mut *store, (u64::from_le_bytes(word), u32::try_from(chunk.len())?))?;
    }
    let length = usize::try_from(ask.call(&mut *store, ())?)?;
    let mut answer = Vec::with_capacity(length + 8);
    while answer.len() < length {
        answer.extend_from_slice(&take.call(&mut *store, ())?.to_le_bytes());
    }
    answer.truncate(length);
    Ok(String::from_utf8(answer)?)
}
