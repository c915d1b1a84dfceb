//! Who may ask.

use core::hash::{BuildHasher as _, Hasher as _};
use std::collections::hash_map::RandomState;

/// Knows the token of this start and the names of this server.
#[derive(Debug)]
pub(super) struct Guard {
    token: String,
    hosts: [String; 2],
}

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was meant for another host.
    Host,
    /// It comes from another page.
    Origin,
    /// It does not hold the token.
    Token,
}

impl Refusal {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Host => 421,
            Self::Origin | Self::Token => 403,
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Host => "this server answers only under 127.0.0.1 and localhost",
            Self::Origin => "another page may not use this server",
            Self::Token => {
                "the address lacks the token of this start: open the one that `staffml serve` printed"
            }
        }
    }
}

impl Guard {
    /// Returns a guard with a fresh token of 128 bits.
    pub(super) fn new(port: u16) -> Self {
        let token = format!("{:016x}{:016x}", random(), random());
        Self { token, hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")] }
    }

    /// Returns the address to open.
    pub(super) fn url(&self) -> String {
        format!("http://{}/?token={}", self.hosts[0], self.token)
    }

    /// Checks where a request was sent, which page it is from, and its token.
    pub(super) fn admit(
        &self,
        host: Option<&str>,
        origin: Option<&str>,
        token: Option<&str>,
    ) -> Result<(), Refusal> {
        let known = |name: &str| self.hosts.iter().any(|h| h.eq_ignore_ascii_case(name));
        if !host.is_some_and(known) {
            return Err(Refusal::Host);
        }
        if origin.is_some_and(|o| !o.strip_prefix("http://").is_some_and(known)) {
            return Err(Refusal::Origin);
        }
        if token.is_some_and(|token| same(token.as_bytes(), self.token.as_bytes())) {
            Ok(())
        } else {
            Err(Refusal::Token)
        }
    }
}

/// A number that cannot be foretold: the standard library keys its hashers with random bytes of the system.
pub(super) fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(0x5746_464d_4c21);
    hasher.finish()
}

/// Compares in a time that does not depend on where two texts differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (a, b)| acc | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_host_page_and_token_come_in() {
        let guard = Guard::new(4000);
        let token = guard.url().split_once('=').unwrap().1.to_owned();
        let ask = |host, origin, token| guard.admit(host, origin, token);
        let right = Some(token.as_str());
        assert_eq!(ask(Some("127.0.0.1:4000"), None, right), Ok(()));
        assert_eq!(ask(Some("LOCALHOST:4000"), Some("http://localhost:4000"), right), Ok(()));
        for host in [None, Some("127.0.0.1"), Some("127.0.0.1:4001"), Some("evil.example:4000")] {
            assert_eq!(ask(host, None, right), Err(Refusal::Host));
        }
        for origin in ["null", "https://localhost:4000", "http://evil.example"] {
            assert_eq!(ask(Some("localhost:4000"), Some(origin), right), Err(Refusal::Origin));
        }
        let upper = token.to_uppercase() + "A";
        for token in [None, Some(""), Some(&token[1..]), Some(upper.as_str())] {
            assert_eq!(ask(Some("localhost:4000"), None, token), Err(Refusal::Token));
        }
        assert_eq!(token.len(), 32);
        assert_ne!(Guard::new(4000).url(), guard.url());
    }
}
