//! Where a registry may send us: by a redirect, a `Location`, or the realm of a challenge.
//!
//! Refuses other schemes, TLS to plain HTTP, plain HTTP to hosts not named for it, credentials in URLs, and addresses
//! that the sender could not reach itself.

use std::collections::BTreeSet;

use url::Url;

use crate::address::{self, Kind};

/// `host` or `host:port`, as it stands in image references.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Scheme and host: all of a URL that is fit for a message, since queries carry signatures and paths carry names.
pub(crate) fn shown(url: &Url) -> String {
    countersign_image::excerpt(&format!("{}://{}", url.scheme(), authority(url)))
}

/// Whether both lead to the same server.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && authority(one) == authority(other)
}

/// Why a server at `from`, whose address is of the kind `peer`, may not send us to `to`.
pub(crate) fn objection(
    from: &Url,
    peer: Kind,
    to: &Url,
    plain_http: &BTreeSet<String>,
) -> Option<&'static str> {
    if !to.username().is_empty() || to.password().is_some() {
        return Some("the URL carries credentials");
    }
    let to_authority = authority(to);
    match to.scheme() {
        "https" => {}
        "http" if from.scheme() == "https" => return Some("it leaves TLS"),
        "http" if authority(from) == to_authority || plain_http.contains(&to_authority) => {}
        "http" => return Some("plain HTTP is not allowed for that host"),
        _ => return Some("it is neither HTTPS nor HTTP"),
    }
    match address::literal(to) {
        Some(kind) if authority(from) != to_authority && !peer.may_lead_to(kind) => {
            Some("the address is not one that a registry may send us to")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_to_what_a_registry_may_not_ask_for() {
        let plain_http =
            BTreeSet::from(["plain.example:5000".to_owned(), "127.0.0.1:1".to_owned()]);
        for (from, peer, to, refused) in [
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://cdn.example/blob?sig=1",
                false,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://r.example/other",
                false,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "http://r.example/blob",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "http://plain.example:5000/blob",
                true,
            ),
            (
                "http://plain.example:5000/",
                Kind::Private,
                "http://plain.example:5000/blob",
                false,
            ),
            (
                "http://127.0.0.1:1/",
                Kind::Loopback,
                "http://plain.example:5000/blob",
                false,
            ),
            (
                "http://plain.example:5000/",
                Kind::Private,
                "http://plain.example:5001/blob",
                true,
            ),
            (
                "http://plain.example:5000/",
                Kind::Private,
                "https://cdn.example/blob",
                false,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://u:p@cdn.example/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://u@cdn.example/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "ftp://cdn.example/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "file:///etc/passwd",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://[::1]/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://localhost/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://2852039166/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://[::ffff:169.254.169.254]/",
                true,
            ),
            (
                "https://r.example/v2/",
                Kind::Public,
                "https://10.0.0.1/",
                true,
            ),
            (
                "https://r.corp/v2/",
                Kind::Private,
                "https://10.0.0.1/",
                false,
            ),
            (
                "https://r.corp/v2/",
                Kind::Private,
                "https://127.0.0.1/",
                true,
            ),
            (
                "https://10.0.0.1/v2/",
                Kind::Private,
                "https://10.0.0.1/blob",
                false,
            ),
        ] {
            let (from, to): (Url, Url) = (from.parse().unwrap(), to.parse().unwrap());
            let objection = objection(&from, peer, &to, &plain_http);
            assert_eq!(
                objection.is_some(),
                refused,
                "{from} to {to}: {objection:?}"
            );
        }
    }

    #[test]
    fn shows_no_query() {
        let url: Url = "https://cdn.example:8443/a/b?X-Amz-Signature=secret"
            .parse()
            .unwrap();
        assert_eq!(shown(&url), "https://cdn.example:8443");
    }
}
