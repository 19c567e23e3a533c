//! A server that answers with bytes as given, for what no HTTP library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::log::{Log, Request};

/// Answers every request with the same bytes, then closes the connection. It stops when it is dropped.
pub struct RawServer {
    address: SocketAddr,
    log: Log,
    server: JoinHandle<()>,
}

impl RawServer {
    /// Answers with `bytes`; if they are to be `repeated`, without end.
    pub async fn start(bytes: impl Into<Vec<u8>>, repeated: bool) -> Self {
        let bytes = bytes.into();
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let log = Log::default();
        let seen = log.clone();
        let server = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                tokio::spawn(answer(stream, bytes.clone(), repeated, seen.clone()));
            }
        });
        Self {
            address,
            log,
            server,
        }
    }

    /// `host:port`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What was asked so far.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(mut stream: TcpStream, bytes: Vec<u8>, repeated: bool, log: Log) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(count) => head.extend_from_slice(&piece[..count]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let authorization = head
        .to_ascii_lowercase()
        .contains("\r\nauthorization:")
        .then(String::new);
    log.begin(Request {
        authorization,
        ..Request::new(method, target)
    });
    while stream.write_all(&bytes).await.is_ok() && repeated {}
    let _ = stream.shutdown().await;
}
