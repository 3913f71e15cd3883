//! A server scripted byte by byte, for what a well-behaved one never does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use igny8_integration_wordpress::guard::{AddressPolicy, HttpSites, Outbound, OutboundOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A client that may call this machine, and nothing else.
pub fn local_client() -> Outbound {
    client_for(&["127.0.0.0/8"], OutboundOptions::default())
}

pub fn client_for(ranges: &[&str], options: OutboundOptions) -> Outbound {
    let ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
    Outbound::new(Arc::new(AddressPolicy::new(ranges, HttpSites::Deny)), options).unwrap()
}

pub struct RawServer {
    pub address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl RawServer {
    /// Answers each connection with the bytes that `answer` makes of the number of the request, closing the
    /// connection when they end. `None` closes without an answer.
    pub async fn start(answer: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if read_request(&mut stream).await.is_some() {
                    let number = seen.fetch_add(1, Ordering::SeqCst);
                    if let Some(bytes) = answer(number) {
                        let _ = stream.write_all(&bytes).await;
                    }
                }
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> url::Url {
        format!("http://{}/", self.address).parse().unwrap()
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads one request's head and as much of a body as its Content-Length says.
pub async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0_u8; 4_096];
    loop {
        let read = stream.read(&mut buffer).await.ok()?;
        if read == 0 {
            return None;
        }
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.trim().parse().unwrap() {
                return Some(request);
            }
        }
    }
}
