//! Which requests reached a server, in order, and how deep they were chained.
//!
//! Keeps no header values: a credential that was sent is a fact, never a text.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::fault::glob;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The host it was addressed to.
    pub host: String,
    /// The scheme of the `Authorization` header, if one was sent.
    pub authorization: Option<String>,
    /// Whether it came over HTTP/2.
    pub http2: bool,
    /// What was answered; 0 while there is no answer.
    pub status: u16,
    pub(crate) began: Instant,
    pub(crate) ended: Option<Instant>,
}

/// The requests that a server has seen. Clones share one log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<Request>>>);

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            host: String::new(),
            authorization: None,
            http2: false,
            status: 0,
            began: Instant::now(),
            ended: None,
        }
    }

    fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

impl Log {
    pub(crate) fn begin(&self, arrived: Request) -> usize {
        let mut requests = self.0.lock().unwrap();
        requests.push(arrived);
        requests.len() - 1
    }

    pub(crate) fn end(&self, index: usize, status: u16) {
        // The log may have been cleared while the request was under way.
        if let Some(request) = self.0.lock().unwrap().get_mut(index) {
            request.status = status;
            request.ended = Some(Instant::now());
        }
    }

    /// Every request so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.0.lock().unwrap().clone()
    }

    /// `METHOD path?query` of every request so far, sorted.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.requests().iter().map(Request::line).collect();
        lines.sort();
        lines
    }

    /// How many requests match `METHOD pattern`, where `*` stands for any text.
    pub fn count(&self, pattern: &str) -> usize {
        self.requests()
            .iter()
            .filter(|request| glob(pattern, &request.line()))
            .count()
    }

    /// The requests that were sent more than once.
    pub fn repeated(&self) -> Vec<String> {
        let lines = self.lines();
        let mut repeated: Vec<String> = lines
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0].clone())
            .collect();
        repeated.dedup();
        repeated
    }

    /// Whether any request carried an `Authorization` header.
    pub fn saw_credentials(&self) -> bool {
        self.requests()
            .iter()
            .any(|request| request.authorization.is_some())
    }

    /// The longest chain of requests each of which began after the one before it was answered: the round trips that
    /// a client waits for. It means something only when every answer is delayed well beyond what the client needs to
    /// send requests that it sends together.
    pub fn depth(&self) -> usize {
        self.depths()
            .into_iter()
            .map(|(depth, _)| depth)
            .max()
            .unwrap_or(0)
    }

    /// How deep each request was chained, counted from 1, and its line; sorted.
    pub fn depths(&self) -> Vec<(usize, String)> {
        let requests = self.requests();
        let mut depths: Vec<(usize, String)> = Vec::with_capacity(requests.len());
        for request in &requests {
            let before = requests
                .iter()
                .zip(&depths)
                .filter(|(earlier, _)| earlier.ended.is_some_and(|ended| ended <= request.began));
            let depth = 1 + before.map(|(_, (depth, _))| *depth).max().unwrap_or(0);
            depths.push((depth, request.line()));
        }
        depths.sort();
        depths
    }

    /// Forgets what was seen.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}
