//! Names of events, devices and templates.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Moment;

/// Crockford's alphabet: digits and letters without I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The name of an event: 26 characters, a ULID.
///
/// Its first ten characters hold the moment it was made, the rest is random, so that no two devices ever give the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId([u8; 26]);

impl EventId {
    /// Returns the name made of a moment and 80 random bits; further bits of `random` are ignored.
    #[must_use]
    pub fn new(at: Moment, random: u128) -> Self {
        let ms = u128::from(u64::try_from(at.ms()).unwrap_or(0)); // moments before 1970 count as its beginning
        let bits = (ms << 80) | (random & ((1 << 80) - 1));
        let mut text = [b'0'; 26];
        for (i, slot) in text.iter_mut().enumerate() {
            let five = (bits >> (5 * (25 - i))) & 31;
            *slot =
                usize::try_from(five).ok().and_then(|i| ALPHABET.get(i)).copied().unwrap_or(b'0');
        }
        Self(text)
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default() // ASCII by construction
    }
}

impl FromStr for EventId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = <[u8; 26]>::try_from(text.as_bytes());
        match bytes {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_alphanumeric) => Ok(Self(bytes)),
            _ => Err(format!("`{text}` is no name of an event: 26 letters and digits")),
        }
    }
}

/// The name of a device: eight hexadecimal digits, made once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(u32);

impl DeviceId {
    /// Returns the device of this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for DeviceId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = if plain { u32::from_str_radix(text, 16).ok() } else { None };
        number.map(Self).ok_or_else(|| {
            format!("`{text}` is no name of a device: eight hexadecimal digits such as 0a1b2c3d")
        })
    }
}

/// A template and its major version: `w05-kv-per-token@1`.
///
/// The major version is part of every seed, so an old answer can be replayed while its major exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateRef {
    /// Identifier of the template.
    pub id: String,
    /// Major version.
    pub major: u32,
}

impl TemplateRef {
    /// Returns a reference.
    #[must_use]
    pub fn new(id: &str, major: u32) -> Self {
        Self { id: id.to_owned(), major }
    }
}

impl fmt::Display for TemplateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.major)
    }
}

impl FromStr for TemplateRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('@').filter(|(id, _)| !id.is_empty());
        match parts.map(|(id, major)| (id, major.parse())) {
            Some((id, Ok(major))) => Ok(Self { id: id.to_owned(), major }),
            _ => {
                Err(format!("`{text}` is no template and major version such as w05-kv-per-token@1"))
            }
        }
    }
}

/// Text in files, quotes around it in messages for programmers.
macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    )*};
}
as_text!(EventId, DeviceId, TemplateRef);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events_sort_by_time() {
        // The example of the ULID document: 1469918176385 ms is 01ARYZ6S41.
        let id = EventId::new(Moment::from_ms(1_469_918_176_385), 0);
        assert_eq!(id.as_str(), "01ARYZ6S410000000000000000");
        assert!(EventId::new(Moment::from_ms(5), u128::MAX) < EventId::new(Moment::from_ms(6), 0));
        assert_eq!(
            EventId::new(Moment::from_ms(0), u128::MAX).as_str(),
            "0000000000ZZZZZZZZZZZZZZZZ"
        );
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert!("01ARYZ6S41".parse::<EventId>().is_err());
        assert!("01ARYZ6S41000000000000000/".parse::<EventId>().is_err());
        for text in ["", "abc", "AAAAAAAA", "+1234567", "123456789", "0123456g"] {
            assert!(text.parse::<DeviceId>().is_err(), "{text}");
        }
        for text in ["", "@1", "a", "a@", "a@-1", "a@x", "a@1.0"] {
            assert!(text.parse::<TemplateRef>().is_err(), "{text}");
        }
        assert_eq!("a@b@3".parse(), Ok(TemplateRef::new("a@b", 3)));
        assert_eq!(DeviceId::new(0xab).to_string(), "000000ab");
    }
}
