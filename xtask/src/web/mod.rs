//! The web page of `staffml`, walked through by keys in a headless browser.
//!
//! What is checked: a session can be played with the keyboard alone, nothing is wider than a phone of 360 pixels, the page asks
//! nobody but its own server and logs no error, progress is drawn, and strangers are turned away.
//! With `AXE_JS` naming a copy of axe-core its rules must have no finding, on light and on dark ground.

mod browser;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::process::{cargo, need};
use crate::workspace;

use browser::Browser;

/// Walk through the web page of `staffml` in a headless browser.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder for pictures of the pages, at 360 and 1000 pixels
    #[arg(long, value_name = "DIR")]
    shots: Option<PathBuf>,
}

/// Ends a program when it goes out of scope.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server, walks, and checks.
///
/// # Errors
///
/// If Chromium is missing, or something that the page promises does not hold.
pub(crate) fn run(args: &Args) -> Result<()> {
    need("chromium", "apt-get install chromium")?;
    let folder = env::temp_dir().join(format!("staffml-web-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let done = walk(args, &folder);
    let _ = fs::remove_dir_all(&folder);
    done
}

fn walk(args: &Args, folder: &Path) -> Result<()> {
    let mut command = cargo(&workspace::root());
    command.args([
        "run",
        "--quiet",
        "-p",
        "staffml-bank",
        "--features",
        "serve",
        "--bin",
        "staffml",
    ]);
    command.arg("--").args(["serve", "--json", "--data"]).arg(folder.join("data"));
    let child = command.stdout(Stdio::piped()).spawn().context("cannot start staffml")?;
    let mut served = Served(child);
    let stdout = served.0.stdout.take().context("staffml has no output")?;
    let url = address(stdout)?;
    strangers(&url)?;

    let axe = match env::var_os("AXE_JS") {
        Some(path) => Some(
            fs::read_to_string(&path)
                .with_context(|| format!("cannot read AXE_JS={}", path.display()))?,
        ),
        None => {
            println!("web: axe skipped, AXE_JS names no copy of axe-core");
            None
        }
    };
    let mut tour =
        Tour { page: Browser::start(&folder.join("profile"))?, axe, shots: args.shots.clone() };
    tour.page.call("Page.setBypassCSP", &json!({ "enabled": tour.axe.is_some() }))?;
    tour.page.call("Page.navigate", &json!({ "url": url }))?;
    tour.play()?;

    let base = url.split_once("/?").map_or(url.as_str(), |(base, _)| base);
    let foreign =
        |r: &&String| !r.starts_with(base) && !r.starts_with("data:") && *r != "about:blank";
    if let Some(request) = tour.page.requests.iter().find(foreign) {
        bail!("the page asked for {request}");
    }
    if let Some(trouble) = tour.page.troubles.first() {
        bail!("the page logged an error: {trouble}");
    }
    println!("web: {} requests, all to its own server; no errors", tour.page.requests.len());
    Ok(())
}

/// The address that the program writes.
fn address(stdout: impl std::io::Read) -> Result<String> {
    let mut text = String::new();
    for line in BufReader::new(stdout).lines() {
        text.push_str(&line?);
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            return Ok(value["url"].as_str().context("no url")?.to_owned());
        }
    }
    bail!("staffml serve wrote no address: {text}")
}

/// Asks as a stranger would: without the token, under another name, for a file.
fn strangers(url: &str) -> Result<()> {
    let rest = url.strip_prefix("http://").context("no http address")?;
    let (host, query) = rest.split_once('/').context("no path")?;
    for (host_header, path, status) in [
        (host, "/".to_owned(), 403),
        (host, "/?token=0".to_owned(), 403),
        ("example.org", format!("/{query}"), 421),
        (host, "/api/start".to_owned(), 403),
        (host, format!("/etc/passwd{query}"), 403),
    ] {
        let mut stream = TcpStream::connect(host)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host_header}\r\nConnection: close\r\n\r\n")?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        if !reply.starts_with(&format!("HTTP/1.1 {status}")) {
            let first = reply.lines().next().unwrap_or_default().to_owned();
            bail!("GET {path} for {host_header} gave `{first}`, want {status}");
        }
    }
    println!("web: strangers are turned away");
    Ok(())
}

struct Tour {
    page: Browser,
    axe: Option<String>,
    shots: Option<PathBuf>,
}

/// What waits on the page: a number, a text, marks, options, a verdict, the end.
const WAITS: &str = "(() => { const d = document, q = (s) => d.querySelector(s);
  if (!q('main')) return '';
  if (q('[data-key=Enter]')) return 'verdict';
  if (q('input#answer')) return 'number';
  if (q('textarea#quote')) return 'mark';
  if (q('textarea#answer')) return 'text';
  if (q('[data-key]')) return 'options';
  if (d.activeElement && d.activeElement.textContent === 'Turn the card') return 'card';
  return 'else'; })()";

/// A topic of few questions, one of them open.
const MARKED_TOPIC: &str = "data-efficiency-selection";

impl Tour {
    /// A session by keys alone, the progress, then an open question.
    fn play(&mut self) -> Result<()> {
        self.page.wait("document.querySelector('h1')?.textContent === 'Practice' && !!document.getElementById('track')")?;
        self.look("start")?;
        // To the button by Tab, as somebody without a mouse goes.
        let mut steps = 0;
        while self.page.eval("document.activeElement.className === 'main'")? != true {
            self.page.key("Tab")?;
            steps += 1;
            if steps > 40 {
                bail!("the button Practice is not reached by Tab");
            }
        }
        self.page.key("Enter")?;
        self.page.wait("!!document.getElementById('where')")?;
        let mut looked = Vec::new();
        self.answer(&mut looked, 5, None)?;
        println!("web: five questions answered by keys alone ({})", looked.join(", "));
        self.page.eval("document.getElementById('to-progress').click()")?;
        self.page.wait("document.querySelector('h1').textContent === 'Progress' && !!document.querySelector('table')")?;
        self.page.wait("!!document.querySelector('td.cell')")?;
        self.look("progress")?;
        // A topic of two questions, one of them open: its marking comes round whatever is drawn.
        // The session is still open: it is left, which shows its summary, and the summary leads to the start.
        self.page.eval("document.getElementById('to-practice').click()")?;
        self.press("Leave")?;
        self.page.wait("!!document.querySelector('[aria-label=\"Questions of this session\"]')")?;
        self.look("end")?;
        self.press("Back to the start")?;
        self.page.wait("!!document.getElementById('topic')")?;
        let found = self.page.eval(&format!(
            "(() => {{ const s = document.getElementById('topic'); s.value = '{MARKED_TOPIC}'; return s.value; }})()"
        ))?;
        if found != MARKED_TOPIC {
            bail!("the page offers no drill of {MARKED_TOPIC}");
        }
        self.press("Drill")?;
        self.page.wait("!!document.getElementById('where')")?;
        self.answer(&mut looked, 4, Some("mark"))?;
        if !looked.iter().any(|waits| waits == "mark") {
            bail!("four questions of {MARKED_TOPIC} asked for no marks");
        }
        println!("web: an open question written and marked by keys alone");
        Ok(())
    }

    /// Waits for a button with this text, and presses it by the Enter key.
    fn press(&mut self, text: &str) -> Result<()> {
        let button = format!(
            "[...document.querySelectorAll('button')].find((b) => b.textContent === '{text}')"
        );
        self.page.wait(&format!("!!{button}"))?;
        self.page.eval(&format!("{button}.focus()"))?;
        self.page.key("Enter")
    }

    /// Answers questions by keys until there are so many verdicts, or the one after something that was to be seen; each
    /// kind of page is looked at when it comes first.
    fn answer(&mut self, looked: &mut Vec<String>, most: usize, see: Option<&str>) -> Result<()> {
        let mut verdicts = 0;
        for _ in 0..90 {
            let waits = self.page.eval(WAITS)?.as_str().unwrap_or_default().to_owned();
            if !looked.contains(&waits) {
                self.look(&waits)?;
                looked.push(waits.clone());
            }
            let before = self.page.eval("document.querySelector('main').innerHTML")?;
            match waits.as_str() {
                "number" => {
                    for key in "12 GB".chars() {
                        self.page.key(&key.to_string())?;
                    }
                    self.page.key("Enter")?;
                }
                "options" => self.page.key("1")?,
                "verdict" => {
                    verdicts += 1;
                    let seen = see.is_some_and(|see| looked.iter().any(|waits| waits == see));
                    if verdicts == most || seen {
                        return Ok(());
                    }
                    self.page.key("Enter")?;
                }
                "card" => self.page.key("Enter")?,
                "text" | "mark" => {
                    self.page.key("x")?;
                    self.page.key("Tab")?;
                    self.page.key("Enter")?;
                }
                other => bail!("the page waits for `{other}`"),
            }
            let changed = format!("document.querySelector('main').innerHTML !== {before}");
            self.page.wait(&changed)?;
        }
        bail!("only {verdicts} verdicts came in 90 steps")
    }

    /// Holds one page against what pages promise, and takes its picture.
    fn look(&mut self, name: &str) -> Result<()> {
        for width in [360, 1000] {
            self.page.width(width)?;
            let wide = self.page.eval("document.documentElement.scrollWidth")?;
            if wide.as_u64().is_none_or(|w| w > u64::from(width)) {
                bail!("{name}: {wide} pixels wide on a screen of {width}");
            }
            if let Some(folder) = &self.shots {
                fs::create_dir_all(folder)?;
                let params = json!({ "format": "png", "captureBeyondViewport": true });
                let shot = self.page.call("Page.captureScreenshot", &params)?;
                let bytes = base64(shot["data"].as_str().unwrap_or_default());
                fs::write(folder.join(format!("{name}-{width}.png")), bytes)?;
            }
        }
        let Some(axe) = self.axe.clone() else { return Ok(()) };
        for scheme in ["light", "dark"] {
            let media =
                json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.page.call("Emulation.setEmulatedMedia", &media)?;
            self.page.eval(&format!("{axe};0"))?;
            let found = self.page.eval(
                "axe.run(document).then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html)])))",
            )?;
            if found != "[]" {
                bail!("{name}, {scheme}: axe finds {found}");
            }
        }
        println!("web: {name}: axe without findings");
        Ok(())
    }
}

/// Bytes of base64 text; other characters are passed over.
fn base64(text: &str) -> Vec<u8> {
    let (mut out, mut held, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xff) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_rfc_4648_says() {
        for (text, want) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text), want.as_bytes());
        }
    }

    #[test]
    fn the_address_is_read_from_json_over_several_lines() {
        let text = "{\n  \"schema\": \"staffml-serve/1\",\n  \"url\": \"http://127.0.0.1:1/?token=2\"\n}\n";
        assert_eq!(address(text.as_bytes()).unwrap(), "http://127.0.0.1:1/?token=2");
        assert!(address("nothing".as_bytes()).is_err());
    }
}
