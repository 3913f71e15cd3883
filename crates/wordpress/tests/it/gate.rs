//! A host between a client and a site: it passes requests on, or does what hosts do in place of that.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::server::read_request;

/// What becomes of one request.
pub enum Way {
    /// The site answers it.
    Pass,
    /// The host answers it without reading its body, and closes.
    Answer(Vec<u8>),
    /// The connection is closed before the body is read.
    Reset,
    /// The site acts on it, and its answer is lost.
    LoseAnswer,
}

/// What a host sees of a request.
pub struct Head {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub length: usize,
}

pub struct Gate {
    address: SocketAddr,
    /// How many requests came on each connection.
    connections: Arc<Mutex<Vec<usize>>>,
}

impl Gate {
    /// In front of `site`. Idle connections are closed without notice after `idle`.
    pub async fn start(
        site: SocketAddr,
        idle: Duration,
        choose: impl FnMut(&Head) -> Way + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections: Arc<Mutex<Vec<usize>>> = Arc::default();
        let (seen, choose) = (Arc::clone(&connections), Arc::new(Mutex::new(choose)));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(0);
                    seen.len() - 1
                };
                let (seen, choose) = (Arc::clone(&seen), Arc::clone(&choose));
                tokio::spawn(async move {
                    while let Ok(Some(head)) = tokio::time::timeout(idle, peek_head(&stream)).await {
                        seen.lock().unwrap()[number] += 1;
                        let way = (choose.lock().unwrap())(&head);
                        if !serve(&mut stream, site, way).await {
                            break;
                        }
                    }
                });
            }
        });
        Self { address, connections }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }
}

/// Waits for the head of the next request and leaves it to be read.
async fn peek_head(stream: &TcpStream) -> Option<Head> {
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let seen = stream.peek(&mut buffer).await.ok().filter(|seen| *seen > 0)?;
        let text = String::from_utf8_lossy(&buffer[..seen]).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        let length = head.to_ascii_lowercase();
        let length =
            length.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        let mut words = head.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        return Some(Head { method, target, length: length.unwrap_or(0) });
    }
}

/// Whether the connection stays open.
async fn serve(stream: &mut TcpStream, site: SocketAddr, way: Way) -> bool {
    match way {
        Way::Answer(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            false
        }
        Way::Reset => false,
        Way::Pass | Way::LoseAnswer => {
            let Some(request) = read_request(stream).await else { return false };
            let Some(answer) = forward(site, &request).await else { return false };
            matches!(way, Way::Pass) && stream.write_all(&answer).await.is_ok()
        }
    }
}

/// Sends a request to the site on a connection of its own, and gives the answer with its length said.
async fn forward(site: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut there = TcpStream::connect(site).await.ok()?;
    let end = request.windows(2).position(|pair| pair == b"\r\n")? + 2;
    there.write_all(&request[..end]).await.ok()?;
    there.write_all(b"connection: close\r\n").await.ok()?;
    there.write_all(&request[end..]).await.ok()?;
    let mut answer = Vec::new();
    there.read_to_end(&mut answer).await.ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    Some(text.replacen("connection: close\r\n", "", 1).into_bytes())
}

/// A page as a web server sends it.
pub fn page(status: &str, html: &str) -> Vec<u8> {
    let length = html.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{html}"
    )
    .into_bytes()
}
