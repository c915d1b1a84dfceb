//! A headless Chromium, driven over a pipe by the protocol of its own tools.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// One page of a browser.
pub(super) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    next: u64,
    /// What the page asked for, and what went wrong in it.
    pub(super) requests: Vec<String>,
    pub(super) troubles: Vec<String>,
}

impl Browser {
    /// Starts a browser with a profile of its own.
    pub(super) fn start(profile: &Path) -> Result<Self> {
        // The shell hands the two pipes over as the descriptors 3 and 4, where the browser looks for them.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(
                "exec chromium --headless --no-sandbox --disable-gpu --disable-background-networking \
                 --no-first-run --remote-debugging-pipe --user-data-dir=\"$0\" about:blank 3<&0 4>&1",
            )
            .arg(profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start a shell for chromium")?;
        let to = child.stdin.take().context("no pipe to the browser")?;
        let from = BufReader::new(child.stdout.take().context("no pipe from the browser")?);
        let (requests, troubles) = (Vec::new(), Vec::new());
        let mut browser = Self { child, to, from, session: None, next: 0, requests, troubles };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let id = target["targetId"].clone();
        let attach = json!({ "targetId": id, "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach)?;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            browser.call(domain, &json!({}))?;
        }
        Ok(browser)
    }

    /// Calls a method of the protocol and returns its result.
    pub(super) fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes())?;
        self.to.write_all(&[0])?;
        self.to.flush()?;
        loop {
            let mut bytes = Vec::new();
            if self.from.read_until(0, &mut bytes)? == 0 {
                bail!("the browser ended during {method}");
            }
            bytes.pop();
            let reply: Value =
                serde_json::from_slice(&bytes).context("the browser wrote no JSON")?;
            if reply["id"] == self.next {
                if let Some(error) = reply.get("error") {
                    bail!("{method}: {error}");
                }
                return Ok(reply["result"].clone());
            }
            self.note(&reply);
        }
    }

    /// Keeps what an event says.
    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(params["request"]["url"].as_str().unwrap_or("?").to_owned());
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.troubles.push(params["entry"]["text"].to_string());
            }
            Some("Runtime.exceptionThrown") => {
                self.troubles.push(params["exceptionDetails"].to_string());
            }
            _ => {}
        }
    }

    /// Evaluates an expression in the page; a promise is waited for.
    pub(super) fn eval(&mut self, expression: &str) -> Result<Value> {
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let reply = self.call("Runtime.evaluate", &params)?;
        if let Some(details) = reply.get("exceptionDetails") {
            bail!("`{expression}` threw: {details}");
        }
        Ok(reply["result"]["value"].clone())
    }

    /// Waits until an expression is true.
    pub(super) fn wait(&mut self, expression: &str) -> Result<()> {
        let begin = Instant::now();
        while self.eval(expression)? != true {
            if begin.elapsed() > Duration::from_secs(20) {
                let page = self.eval("document.body.innerText")?;
                bail!("`{expression}` did not come true within 20 s; the page says {page}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Presses and releases one key.
    pub(super) fn key(&mut self, key: &str) -> Result<()> {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => (other.bytes().next().map_or(0, u32::from), other),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut params =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", &params)?;
        }
        Ok(())
    }

    /// Sets the width of the window.
    pub(super) fn width(&mut self, width: u32) -> Result<()> {
        let params =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", &params)?;
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
