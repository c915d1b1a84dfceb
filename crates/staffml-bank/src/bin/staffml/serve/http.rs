//! From requests to calls, and back.

use std::io::Read as _;

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response};

use super::app::{App, Call, Refused};
use super::guard::{self, Guard};

const PAGE: &str = include_str!("page.html");
/// Bytes of a body that are read at most.
const BODY: u64 = 1 << 20;

/// Answers one request. A browser that went away is no failure.
pub(super) fn answer(mut request: Request, guard: &Guard, app: &App) {
    let reply = reply(&mut request, guard, app);
    let mut response = Response::from_data(reply.body).with_status_code(reply.status);
    let mut policy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            .to_owned();
    if let Some(nonce) = &reply.nonce {
        let page =
            "; script-src 'nonce-{}'; style-src 'nonce-{}'; connect-src 'self'; img-src data:";
        policy.push_str(&page.replace("{}", nonce));
    }
    for (name, value) in [
        ("Content-Type", reply.kind),
        ("Content-Security-Policy", policy.as_str()),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    let _ = request.respond(response);
}

struct Reply {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
    /// What marks the scripts and styles of the page as its own.
    nonce: Option<String>,
}

fn json_reply(status: u16, value: &Value) -> Reply {
    let kind = "application/json; charset=utf-8";
    Reply { status, kind, body: value.to_string().into_bytes(), nonce: None }
}

fn refuse(status: u16, message: &str) -> Reply {
    json_reply(status, &json!({ "schema": "staffml-error/1", "error": message }))
}

fn header(request: &Request, name: &'static str) -> Option<String> {
    let mut found = request.headers().iter().filter(|h| h.field.equiv(name));
    let value = found.next()?.value.as_str().to_owned();
    // Two of a kind are for nobody.
    found.next().is_none().then_some(value)
}

fn reply(request: &mut Request, guard: &Guard, app: &App) -> Reply {
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("token="));
    let in_header = header(request, "X-Staffml-Token");
    // Calls need the token where no link can put it.
    let token = if path == "/" { in_query } else { in_header.as_deref() };
    let (host, origin) = (header(request, "Host"), header(request, "Origin"));
    if let Err(refusal) = guard.admit(host.as_deref(), origin.as_deref(), token) {
        return refuse(refusal.status(), refusal.message());
    }
    let get = *request.method() == Method::Get;
    match (get, path) {
        (true, "/") => page(),
        (true, "/api/start") => called(app.start()),
        (true, "/api/view") => called(app.view()),
        (true, "/api/progress") => called(app.progress()),
        (true, "/api/calibration") => called(app.calibration()),
        (false, "/api/session" | "/api/input") if *request.method() == Method::Post => {
            match body(request) {
                Ok(body) if path == "/api/session" => called(app.begin(&body)),
                Ok(body) => called(app.input(&body)),
                Err(reply) => reply,
            }
        }
        (
            _,
            "/" | "/api/start" | "/api/view" | "/api/progress" | "/api/calibration"
            | "/api/session" | "/api/input",
        ) => refuse(405, "this call takes another method"),
        _ => refuse(404, "there is no such page"),
    }
}

fn called(call: Call) -> Reply {
    match call {
        Ok(value) => json_reply(200, &value),
        Err(Refused { status, message }) => refuse(status, &message),
    }
}

fn page() -> Reply {
    let nonce = format!("{:016x}{:016x}", guard::random(), guard::random());
    let body = PAGE.replace("{nonce}", &nonce).into_bytes();
    Reply { status: 200, kind: "text/html; charset=utf-8", body, nonce: Some(nonce) }
}

/// The body of a call: JSON of at most 1 MiB.
fn body(request: &mut Request) -> Result<Value, Reply> {
    let kind = header(request, "Content-Type").unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(refuse(415, "a call is application/json"));
    }
    let large = || refuse(413, "a call has at most 1 MiB");
    if request.body_length().is_some_and(|n| n as u64 > BODY) {
        return Err(large());
    }
    let mut bytes = Vec::new();
    let read = request.as_reader().take(BODY + 1).read_to_end(&mut bytes);
    if read.is_err() {
        return Err(refuse(400, "the call broke off"));
    }
    if bytes.len() as u64 > BODY {
        return Err(large());
    }
    serde_json::from_slice(&bytes).map_err(|error| refuse(400, &format!("no JSON: {error}")))
}
