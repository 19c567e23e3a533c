//! How a server misbehaves: rules that match requests and change what is answered.
//!
//! A rule touches only what it matches; everything else is served as the specification says.

use std::sync::Mutex;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;

use crate::alter;

/// A rule of misbehaviour for the requests that match `METHOD pattern`, where `*` stands for any text.
#[derive(Clone, Debug)]
pub struct Fault {
    pattern: String,
    after: usize,
    times: usize,
    actions: Vec<Action>,
}

#[derive(Clone, Debug)]
enum Action {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Bytes,
    },
    Close,
    Delay(Duration),
    Drip {
        bytes: usize,
        every: Duration,
    },
    Endless,
    Header {
        name: String,
        value: String,
    },
    Truncate(usize),
}

/// The rules in force, each with how often it has matched.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<(Fault, usize)>>);

/// The rules that apply to one request.
pub(crate) struct Applied(Vec<Action>);

/// The connection is to be closed without an answer.
#[derive(Debug)]
pub(crate) struct Closed;

impl Fault {
    /// For requests such as `GET /v2/*/referrers/*`.
    pub fn on(pattern: &str) -> Self {
        Self {
            pattern: pattern.to_owned(),
            after: 0,
            times: usize::MAX,
            actions: Vec::new(),
        }
    }

    /// Leaves the first `count` matching requests alone.
    #[must_use]
    pub fn after(mut self, count: usize) -> Self {
        self.after = count;
        self
    }

    /// Applies to `count` requests, then never again.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.times = count;
        self
    }

    /// Answers with a status and no body.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.answer(status, &[], "")
    }

    /// Answers with this in place of what is stored.
    #[must_use]
    pub fn answer(self, status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.with(Action::Answer {
            status,
            headers,
            body: body.into(),
        })
    }

    /// Answers with a redirect.
    #[must_use]
    pub fn redirect(self, status: u16, location: &str) -> Self {
        self.answer(status, &[("location", location)], "")
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub fn close(self) -> Self {
        self.with(Action::Close)
    }

    /// Waits before answering.
    #[must_use]
    pub fn delay(self, time: Duration) -> Self {
        self.with(Action::Delay(time))
    }

    /// Sends the body in pieces of `bytes`, waiting before each.
    #[must_use]
    pub fn drip(self, bytes: usize, every: Duration) -> Self {
        self.with(Action::Drip { bytes, every })
    }

    /// Sends a body that never ends.
    #[must_use]
    pub fn endless(self) -> Self {
        self.with(Action::Endless)
    }

    /// Sets a header of the answer; an empty value removes it.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.with(Action::Header {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Announces the whole body and closes the connection after `bytes` of it.
    #[must_use]
    pub fn truncate(self, bytes: usize) -> Self {
        self.with(Action::Truncate(bytes))
    }

    fn with(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.0.lock().unwrap().push((fault, 0));
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    pub(crate) fn matching(&self, method: &str, target: &str) -> Applied {
        let line = format!("{method} {target}");
        let mut actions = Vec::new();
        for (fault, seen) in self.0.lock().unwrap().iter_mut() {
            if !glob(&fault.pattern, &line) {
                continue;
            }
            *seen += 1;
            if *seen > fault.after && *seen - fault.after <= fault.times {
                actions.extend(fault.actions.iter().cloned());
            }
        }
        Applied(actions)
    }
}

impl Applied {
    /// What is answered before the store is asked, if that is what the rules say.
    pub(crate) async fn before(&self) -> Result<Option<Response>, Closed> {
        for action in &self.0 {
            match action {
                Action::Delay(time) => tokio::time::sleep(*time).await,
                Action::Close => return Err(Closed),
                Action::Answer {
                    status,
                    headers,
                    body,
                } => {
                    return Ok(Some(alter::answer(*status, headers, body.clone())));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Changes an answer on its way out.
    pub(crate) async fn after(&self, mut response: Response) -> Response {
        for action in &self.0 {
            response = match action {
                Action::Drip { bytes, every } => alter::drip(response, *bytes, *every).await,
                Action::Endless => alter::endless(response),
                Action::Header { name, value } => alter::with_header(response, name, value),
                Action::Truncate(bytes) => alter::truncate(response, *bytes).await,
                Action::Answer { .. } | Action::Close | Action::Delay(_) => response,
            };
        }
        response
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any text.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    loop {
        if glob(rest, text) {
            return true;
        }
        let mut characters = text.chars();
        if characters.next().is_none() {
            return false;
        }
        text = characters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, matches) in [
            (
                "GET /v2/*/referrers/*",
                "GET /v2/shop/api/referrers/sha256:00",
                true,
            ),
            (
                "GET /v2/*/referrers/*",
                "HEAD /v2/shop/api/referrers/sha256:00",
                false,
            ),
            ("GET *.sig", "GET /v2/a/manifests/sha256-00.sig", true),
            ("GET *.sig", "GET /v2/a/manifests/sha256-00.sigs", false),
            ("*", "", true),
            ("GET /v2/", "GET /v2/", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_rule_applies_only_to_the_requests_it_counts() {
        let faults = Faults::default();
        faults.add(Fault::on("GET /x").after(1).times(1).status(500));
        let applied: Vec<bool> = (0..3)
            .map(|_| !faults.matching("GET", "/x").0.is_empty())
            .collect();
        assert_eq!(applied, [false, true, false]);
    }
}
