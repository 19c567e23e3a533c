//! Kinds of network addresses, and a resolver that hands out only those of a permitted kind.
//!
//! A registry that we are sent to ask may send us on. What it may not do is aim us at addresses that it could not reach
//! itself: our own machine, the private network, the metadata service of a cloud.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// This machine.
    Loopback,
    /// A network of somebody's own.
    Private,
    /// The internet.
    Public,
    /// Link-local, metadata, multicast and the like: no registry lives there.
    Special,
}

impl Kind {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] => Self::Loopback,
            // Metadata services: Alibaba Cloud's within the shared address space, Oracle Cloud's.
            [100, 100, 100, 200] | [192, 0, 0, _] | [169, 254, ..] | [0, ..] | [224..=255, ..] => {
                Self::Special
            }
            [10, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [100, 64..=127, ..]
            | [198, 18 | 19, ..] => Self::Private,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address == Ipv6Addr::LOCALHOST {
            return Self::Loopback;
        }
        match address.segments() {
            // IPv4 in other clothes: mapped, compatible, NAT64, 6to4.
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
            | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            | [0x2002, high, low, ..] => {
                let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
                Self::of_v4(Ipv4Addr::new(a, b, c, d))
            }
            // Metadata services of AWS and Google Cloud.
            [0xfd00, 0xec2, ..] | [0xfd20, 0xce, ..] => Self::Special,
            [0xfc00..=0xfdff, ..] => Self::Private,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Special,
        }
    }

    /// Whether a server at an address of this kind may send us to one of the kind `other`.
    pub(crate) fn may_lead_to(self, other: Self) -> bool {
        other == Self::Public || (other == self && self != Self::Special)
    }
}

/// The kind of the address that stands in a URL, where one does.
pub(crate) fn literal(url: &Url) -> Option<Kind> {
    match url.host()? {
        Host::Ipv4(address) => Some(Kind::of(address.into())),
        Host::Ipv6(address) => Some(Kind::of(address.into())),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (name == "localhost" || name.ends_with(".localhost")).then_some(Kind::Loopback)
        }
    }
}

/// Whether a URL names this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    literal(url) == Some(Kind::Loopback)
}

/// Finds addresses, and keeps back those to which servers of a kind may not lead.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    pub(crate) given: Arc<BTreeMap<String, Vec<SocketAddr>>>,
    /// The kind of the server that named the host; `None` when we named it ourselves.
    pub(crate) led_by: Option<Kind>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { given, led_by } = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = match given.get(name.as_str()) {
                Some(addresses) => addresses.clone(),
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            let allowed = |address: &SocketAddr| {
                led_by.is_none_or(|kind| kind.may_lead_to(Kind::of(address.ip())))
            };
            // A name may resolve differently each time, so the addresses that are used are the ones that are judged.
            let kept: Vec<SocketAddr> = found.iter().copied().filter(allowed).collect();
            if kept.is_empty() && !found.is_empty() {
                return Err(AddressRefused.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// All addresses of a host are of a kind to which the server may not lead.
#[derive(Debug, thiserror::Error)]
#[error("the address is not one that a registry may send us to")]
pub(crate) struct AddressRefused;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_disguise_of_an_address() {
        use Kind::{Loopback, Private, Public, Special};
        for (host, kind) in [
            ("127.0.0.1", Some(Loopback)),
            ("127.9.9.9", Some(Loopback)),
            ("2130706433", Some(Loopback)),
            ("0x7f.1", Some(Loopback)),
            ("[::1]", Some(Loopback)),
            ("[::ffff:127.0.0.1]", Some(Loopback)),
            ("localhost", Some(Loopback)),
            ("LOCALHOST.", Some(Loopback)),
            ("a.localhost", Some(Loopback)),
            ("10.1.2.3", Some(Private)),
            ("172.31.0.1", Some(Private)),
            ("192.168.0.1", Some(Private)),
            ("100.64.0.1", Some(Private)),
            ("[fd12::1]", Some(Private)),
            ("[::ffff:10.0.0.1]", Some(Private)),
            ("[64:ff9b::10.0.0.1]", Some(Private)),
            ("169.254.169.254", Some(Special)),
            ("2852039166", Some(Special)),
            ("0xa9fea9fe", Some(Special)),
            ("0251.0376.0251.0376", Some(Special)),
            ("[::ffff:169.254.169.254]", Some(Special)),
            ("[::ffff:a9fe:a9fe]", Some(Special)),
            ("[2002:a9fe:a9fe::]", Some(Special)),
            ("[fd00:ec2::254]", Some(Special)),
            ("[fe80::1]", Some(Special)),
            ("100.100.100.200", Some(Special)),
            ("0.0.0.0", Some(Special)),
            ("[::]", Some(Special)),
            ("224.0.0.1", Some(Special)),
            ("255.255.255.255", Some(Special)),
            ("93.184.216.34", Some(Public)),
            ("172.32.0.1", Some(Public)),
            ("[2606:2800::1]", Some(Public)),
            ("registry.example", None),
            ("localhost.example", None),
        ] {
            let url: Url = format!("http://{host}/").parse().unwrap();
            assert_eq!(literal(&url), kind, "{host}");
        }
    }

    #[test]
    fn nobody_leads_to_a_more_trusted_place() {
        use Kind::{Loopback, Private, Public, Special};
        for (from, to, allowed) in [
            (Public, Public, true),
            (Public, Private, false),
            (Public, Loopback, false),
            (Public, Special, false),
            (Private, Public, true),
            (Private, Private, true),
            (Private, Loopback, false),
            (Private, Special, false),
            (Loopback, Loopback, true),
            (Loopback, Private, false),
            (Loopback, Special, false),
            (Special, Special, false),
        ] {
            assert_eq!(from.may_lead_to(to), allowed, "{from:?} to {to:?}");
        }
    }
}
