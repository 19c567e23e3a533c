//! The names a serving certificate is good for.
//!
//! Refuses what no client could match: empty labels, upper case, schemes, ports. No wildcards
//! either: the API server dials one name.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::Error;

/// One DNS name or address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// An address.
    Address(IpAddr),
    /// A DNS name in lower case.
    Dns(String),
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self, Error> {
        if let Ok(address) = written.parse() {
            return Ok(Self::Address(address));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label of digits only would be read as an address by some clients.
        let last = written.rsplit('.').next().unwrap_or_default();
        if written.len() > 253
            || !written.split('.').all(label)
            || last.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Error::MalformedName {
                written: written.to_owned(),
            });
        }
        Ok(Self::Dns(written.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Dns(name) => name.fmt(f),
        }
    }
}

/// Several names, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<Name>);

impl Names {
    /// The names one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.0.iter()
    }

    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Name> for Names {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        let mut distinct = Vec::new();
        for name in names {
            if !distinct.contains(&name) {
                distinct.push(name);
            }
        }
        Self(distinct)
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_client_could_match_are_taken() {
        for name in [
            "countersign.countersign.svc",
            "a",
            "x-1.y",
            "127.0.0.1",
            "::1",
        ] {
            assert_eq!(name.parse::<Name>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn names_that_no_client_could_match_are_refused() {
        for name in [
            "",
            ".",
            "a..b",
            "A.b",
            "*.svc",
            "https://a",
            "a:443",
            "-a",
            "a-",
            "1.2.3",
            "a b",
            "é",
        ] {
            let refusal = name.parse::<Name>().unwrap_err();
            assert_eq!(refusal.code(), "malformed_name", "{name}");
        }
    }

    #[test]
    fn a_name_given_twice_stands_once() {
        let names: Names = ["b.svc", "a.svc", "b.svc"]
            .iter()
            .map(|name| name.parse().unwrap())
            .collect();
        assert_eq!(names.to_string(), "b.svc, a.svc");
    }
}
