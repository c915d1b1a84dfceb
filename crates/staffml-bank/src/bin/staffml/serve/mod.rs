//! `staffml serve`: practice and progress in a browser of this machine.
//!
//! One page and a handful of calls that answer in the JSON of `--json`. What keeps strangers out:
//!
//! - the socket is bound to 127.0.0.1, so no other machine reaches it;
//! - the header `Host` must name that address, so a page from elsewhere cannot reach it under a name of its own;
//! - every request needs the token of this start, which only the printed address holds;
//! - nothing is read from disk for a request: the page is part of the program.

mod app;
mod guard;
mod http;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use crate::args::{Args, Serve};
use crate::failure::{Failure, Outcome};
use crate::output;

use crate::lines::Stop;

use app::App;
use guard::Guard;

/// How often a server that nobody calls looks whether it should end.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn run(args: &Args, command: &Serve) -> Result<Outcome, Failure> {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), command.port);
    let server = tiny_http::Server::http(address).map_err(|error| {
        Failure::io(format!(
            "cannot listen on {address}: {error}; leave --port out to take any free one"
        ))
    })?;
    let port = server.server_addr().to_ip().map_or(command.port, |address| address.port());
    // Says what is wrong with bank and log now, not at the first click.
    drop(crate::learner::Learner::read(args)?);
    let guard = Guard::new(port);
    let url = guard.url();
    if args.json {
        output::object(&serde_json::json!({ "schema": "staffml-serve/1", "url": url }))?;
    } else {
        output::text(&format!(
            "Open {url}\nOnly this machine can, and only with this address. Ctrl-C ends it.\n"
        ))?;
    }
    let app = Arc::new(App::new(args.clone()));
    let guard = Arc::new(guard);
    let stop = Stop::new().map_err(|e| Failure::io(format!("cannot listen to Ctrl-C: {e}")))?;
    while !stop.is_wanted() {
        let request = server.recv_timeout(PAUSE).map_err(|error| {
            Failure::io(format!("the connection to the browser broke: {error}"))
        })?;
        let Some(request) = request else { continue };
        let (app, guard) = (Arc::clone(&app), Arc::clone(&guard));
        // A request that is slow to arrive must not hold up the others.
        thread::spawn(move || http::answer(request, &guard, &app));
    }
    // An answer that waits for its confidence counts, as it does when the session is left.
    app.leave()?;
    Ok(Outcome::Yes)
}
