//! What an image printed, held against answers that come from elsewhere.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// Accepts a run that ended well: the image has checked itself.
#[expect(clippy::unnecessary_wraps, reason = "one of several checks")]
pub(super) fn done(_: &str) -> Result<String> {
    Ok(String::from("done"))
}

/// Compares the results with the outputs of the sample.
pub(super) fn sample(text: &str) -> Result<String> {
    let file = workspace::root().join("firmware/sample/digits.outputs.bin");
    let expected =
        std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let images = outputs(text, &expected)?;
    Ok(format!("{images} of {images} outputs equal those of the trainer"))
}

/// Compares every result of a run with the outputs to expect and returns how many there are.
///
/// # Errors
///
/// If the results are not as many as the expected bytes, or the first one that differs.
pub(super) fn outputs(text: &str, expected: &[u8]) -> Result<usize> {
    let results: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("result ")?.split_once("outputs=").map(|pair| pair.1))
        .collect();
    let size = expected
        .len()
        .checked_div(results.len())
        .filter(|size| size * results.len() == expected.len());
    let Some(size) = size.filter(|size| *size > 0) else {
        bail!("{} results for {} expected bytes", results.len(), expected.len());
    };
    for (index, (result, wanted)) in results.iter().zip(expected.chunks(size)).enumerate() {
        let wanted: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
        if *result != wanted {
            bail!("input {index}: the image answers {result}, expected is {wanted}");
        }
    }
    Ok(results.len())
}

/// Checks that no case failed, and that there were as many graphs as the vector files list, and all models or a reason.
pub(super) fn selftest(text: &str) -> Result<String> {
    let dir = workspace::root().join("crates/kits-hal/tests/golden/data/ops");
    let graphs = graphs(&dir)?;
    let cases = field(text, "summary ", "cases")?;
    let models = cases.saturating_sub(graphs);
    let left_out = field(text, "summary ", "models_left_out")?;
    let failed = field(text, "summary ", "failed")?;
    let given = std::env::var_os("KITS_DATA_DIR");
    let wanted = match &given {
        Some(dir) => files(&Path::new(dir).join("vectors"))?.len() as u64,
        None => 0,
    };
    if failed != 0 || cases < graphs || models + left_out != wanted {
        bail!(
            "{cases} cases for {graphs} graphs and {wanted} models, {left_out} left out, {failed} failed"
        );
    }
    let samples = field(text, "summary ", "samples")?;
    let models = if given.is_some() {
        format!("{models} of {wanted} whole models")
    } else {
        String::from("no whole models: KITS_DATA_DIR is not set")
    };
    Ok(format!("{samples} samples right in {graphs} graphs of one operator, {models}"))
}

/// Checks that random layers ran, as many as there should be, and none failed.
pub(super) fn layers(text: &str) -> Result<String> {
    /// Fewer would mean that the build made fewer.
    const AT_LEAST: u64 = 300;
    let layers = field(text, "summary ", "layers")?;
    let failed = field(text, "summary ", "failed")?;
    if failed != 0 || layers < AT_LEAST {
        bail!("{layers} random layers, {failed} failed");
    }
    Ok(format!("{layers} random layers: fast and plain kernels equal those of the host"))
}

/// Checks frames of a camera: the outputs against those of the trainer, the class against the largest of them.
pub(super) fn picture(text: &str) -> Result<String> {
    /// Outputs of the network, one for each digit.
    const DIGITS: usize = 10;
    let file = workspace::root().join("firmware/sample/digits.outputs.bin");
    let expected =
        std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let frames = usize::try_from(field(text, "summary ", "frames")?)?;
    let expected = expected.get(..frames * DIGITS).context("more frames than there are scans")?;
    let results = outputs(text, expected)?;
    let lines = text.lines().filter(|line| line.starts_with("result "));
    for (line, scores) in lines.zip(expected.chunks(DIGITS)) {
        let signed = |i: &usize| scores[*i].cast_signed();
        let best = (0..DIGITS).rev().max_by_key(signed).unwrap_or(0);
        if !line.contains(&format!(" class={best} ")) {
            bail!("the largest output is that of {best}, the image says `{line}`");
        }
    }
    let uncertain = field(text, "summary ", "uncertain")?;
    Ok(format!(
        "{results} frames: outputs equal those of the trainer for the scan, {uncertain} uncertain"
    ))
}

/// Checks motions: the outputs against those of the trainer's engine, the classes against what was simulated, and that
/// unknown motions alone are far from all known ones.
pub(super) fn motions(text: &str) -> Result<String> {
    /// Windows of each class, in the order of the file; the last class is unknown to the network.
    const CLASSES: [&str; 5] = ["idle", "lift", "maritime", "terrestrial", "unknown"];
    const EACH: usize = 3;
    /// Above it a motion is unknown.
    const THRESHOLD: f32 = 0.3;
    let file = workspace::root().join("firmware/motion/data/outputs.bin");
    let expected =
        std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let windows = outputs(text, &expected)?;
    let results: Vec<&str> = text.lines().filter(|line| line.starts_with("result ")).collect();
    let truth = CLASSES.iter().flat_map(|class| [class; EACH]);
    if windows != CLASSES.len() * EACH {
        bail!("{windows} windows, {} were simulated", CLASSES.len() * EACH);
    }
    for (line, truth) in results.iter().zip(truth) {
        let word = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name));
        let bits = word("anomaly_bits=").and_then(|bits| u32::from_str_radix(bits, 16).ok());
        let Some(anomaly) = bits.map(f32::from_bits) else { bail!("no anomaly in `{line}`") };
        let unknown = *truth == "unknown";
        if anomaly.is_nan()
            || (anomaly > THRESHOLD) != unknown
            || (!unknown && word("class=") != Some(truth))
        {
            bail!("a motion `{truth}` is judged `{line}`, anomaly {anomaly}");
        }
    }
    Ok(format!("{windows} windows judged right, outputs equal those of the trainer"))
}

/// Checks the answer to a recorded keyword against the reference outputs, and the features against those of training.
pub(super) fn keyword(text: &str) -> Result<String> {
    let Some(dir) = std::env::var_os("KITS_DATA_DIR") else {
        if text.lines().any(|line| line.starts_with("skipped kws")) {
            return Ok(String::from("skipped: KITS_DATA_DIR is not set"));
        }
        bail!("the image neither heard a clip nor said that it has none");
    };
    let folder = Path::new(&dir).join("vectors");
    let path = folder.join("kws_ref_int8.json");
    let vectors = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let vectors: serde_json::Value = serde_json::from_str(&vectors)?;
    let random = vectors["random"]["count"].as_u64().unwrap_or(0);
    let per_sample = vectors["output_bytes_per_sample"].as_u64().unwrap_or(0);
    let (random, per_sample) = (usize::try_from(random)?, usize::try_from(per_sample)?);
    // The clip is the first of the real inputs, whose outputs follow those of the random ones.
    let outputs = std::fs::read(folder.join(workspace::text(&vectors, "outputs_file")))?;
    let outputs = outputs.get(random * per_sample..).and_then(|rest| rest.get(..per_sample));
    let wanted: String =
        outputs.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    let class = field(text, "kws ", "class")?;
    let label = vectors["real"]["labels"][usize::try_from(class)?].as_str().unwrap_or("?");
    if wanted.is_empty() || !text.contains(&format!(" outputs={wanted}\n")) || label != "yes" {
        bail!("the image hears `{label}`, the reference answers {wanted}");
    }
    // A feature on the edge between two bytes may fall to either side: the scripts of training use 64-bit floats.
    let largest = field(text, "kws ", "largest_difference")?;
    if largest > 1 {
        bail!("a feature differs from that of training by {largest}");
    }
    let differ = field(text, "kws ", "features_that_differ")?;
    Ok(format!(
        "hears `{label}`, outputs equal the reference, {differ} of 490 features differ by 1"
    ))
}

/// Returns how many graphs the vector files of a folder list.
fn graphs(dir: &Path) -> Result<u64> {
    let mut count = 0;
    for path in files(dir)? {
        if path.ends_with("fixed_point.json") {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let value: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        count += value.as_array().map_or(0, Vec::len) as u64;
    }
    Ok(count)
}

fn files(dir: &Path) -> Result<Vec<std::path::PathBuf>> {
    workspace::files(dir, &|path| path.extension().is_some_and(|e| e == "json"))
}

/// Returns the number of a field in the first record that begins with `record`.
///
/// # Errors
///
/// If there is no such record or field, or it is not a number.
pub(super) fn field(text: &str, record: &str, name: &str) -> Result<u64> {
    let line = text.lines().find(|line| line.starts_with(record));
    let value = line.and_then(|line| {
        line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    });
    let Some(value) = value else { bail!("no {name} in a record `{}`", record.trim_end()) };
    value.parse().with_context(|| format!("{name}={value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_held_against_the_expected_bytes() {
        let expected = [0x80, 0xff, 0x7f, 0x00];
        let run = "image x\nresult index=0 outputs=80ff\nresult index=1 outputs=7f00\ndone ok\n";
        assert_eq!(outputs(run, &expected).expect("equal"), 2);
        let wrong = outputs(&run.replace("7f00", "7f01"), &expected).expect_err("one bit differs");
        assert_eq!(wrong.to_string(), "input 1: the image answers 7f01, expected is 7f00");
        assert!(outputs("done ok\n", &expected).is_err(), "no results");
        let three =
            "result index=0 outputs=80\nresult index=1 outputs=ff\nresult index=2 outputs=7f\n";
        assert!(outputs(three, &expected).is_err());
    }

    #[test]
    fn a_motion_judged_wrong_is_an_error() {
        let file = workspace::root().join("firmware/motion/data/outputs.bin");
        let expected = std::fs::read(file).expect("committed");
        let classes = ["idle", "lift", "maritime", "terrestrial", "idle"];
        let lines = expected.chunks(4).zip(classes.iter().flat_map(|class| [class; 3]));
        let text: String = lines
            .enumerate()
            .map(|(i, (codes, class))| {
                let codes: String = codes.iter().map(|code| format!("{code:02x}")).collect();
                // 1.0 for the last three, 0.0 for the others.
                let bits = if i < 12 { "00000000" } else { "3f800000" };
                format!("result index={i} class={class} anomaly_bits={bits} outputs={codes}\n")
            })
            .collect();
        assert!(motions(&text).is_ok());
        assert!(motions(&text.replace("class=lift", "class=idle")).is_err());
        assert!(motions(&text.replace("3f800000", "00000000")).is_err(), "not seen as unknown");
        assert!(motions(&text.replacen("00000000", "3f800000", 1)).is_err(), "known");
        assert!(motions(&text.replacen("00000000", "7fc00000", 1)).is_err(), "not a number");
        let (cut, _) = text.trim_end().rsplit_once('\n').expect("lines");
        assert!(motions(cut).is_err(), "a window is missing");
    }

    #[test]
    fn a_frame_read_as_another_digit_is_an_error() {
        let file = workspace::root().join("firmware/sample/digits.outputs.bin");
        let expected = std::fs::read(file).expect("committed");
        let mut text = String::new();
        for (i, scores) in expected.chunks(10).take(3).enumerate() {
            let codes: String = scores.iter().map(|code| format!("{code:02x}")).collect();
            let best = (0..10).max_by_key(|d| scores[*d].cast_signed()).expect("ten");
            text += &format!("result index={i} class={best} score_of_256=1 outputs={codes}\n");
        }
        text += "summary frames=3 uncertain=0\n";
        assert!(picture(&text).is_ok(), "{:?}", picture(&text));
        assert!(picture(&text.replacen("class=", "class=1", 1)).is_err());
        assert!(picture(&text.replacen("outputs=80", "outputs=81", 1)).is_err());
        assert!(picture(&text.replace("frames=3", "frames=4")).is_err());
        assert!(layers("summary layers=300 failed=0\n").is_ok());
        assert!(layers("summary layers=300 failed=1\n").is_err());
        assert!(layers("summary layers=299 failed=0\n").is_err());
    }

    #[test]
    fn a_failed_or_missing_case_is_an_error() {
        let dir = workspace::root().join("crates/kits-hal/tests/golden/data/ops");
        let graphs = graphs(&dir).expect("vectors");
        assert!(graphs > 90, "{graphs}");
        let failed = format!("summary cases={graphs} samples=1 failed=1 models_left_out=0\n");
        assert!(selftest(&failed).is_err());
        let missing =
            format!("summary cases={} samples=1 failed=0 models_left_out=0\n", graphs - 1);
        assert!(selftest(&missing).is_err());
        assert!(selftest("done ok\n").is_err());
    }
}
