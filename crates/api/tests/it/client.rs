//! A client that sees the wire: one connection, one request after the other.

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request before it is sent.
#[derive(Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// `target` is the path below the API's base, unless it begins with a slash.
    pub fn new(method: &str, target: &str) -> Self {
        let target =
            if target.starts_with('/') { target.to_owned() } else { format!("/api/v1/integration/{target}") };
        Self { method: method.to_owned(), target, headers: Vec::new(), body: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().into_bytes())
    }

    pub fn body(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("content-type", content_type)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: api.example\r\n", self.method, self.target);
        let length =
            (!self.body.is_empty()).then(|| ("content-length".to_owned(), self.body.len().to_string()));
        for (name, value) in self.headers.iter().chain(&length) {
            head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// A response as it came.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| String::from_utf8_lossy(&self.body).into())
    }

    /// The value of a member of the body.
    pub fn member(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }

    /// Status and code of a problem, after what every problem has was checked.
    pub fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{body}");
        assert_eq!(body["status"], self.status, "{body}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{body}");
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let kind = body["type"].as_str().unwrap_or_default();
        assert!(kind.ends_with(&format!("/api/v1/integration/docs/errors#{code}")), "{body}");
        (self.status, code)
    }

    /// The fields that a validation problem names, each with its code.
    pub fn errors(&self) -> Vec<String> {
        assert_eq!(self.problem(), (400, "validation_error".to_owned()));
        let errors = self.member("/errors");
        let errors = errors.as_array().into_iter().flatten();
        errors.map(|e| format!("{}: {}", e["field"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
    }
}

/// One connection.
pub struct Connection(TcpStream);

impl Connection {
    pub async fn open(port: u16) -> anyhow::Result<Self> {
        Ok(Self(TcpStream::connect(("127.0.0.1", port)).await?))
    }

    pub async fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.0.write_all(bytes).await?)
    }

    pub async fn ask(&mut self, request: &Request) -> anyhow::Result<Response> {
        self.send(&request.bytes()).await?;
        self.receive(request.method == "HEAD").await
    }

    /// The next response. `head` has no body, whatever its length says.
    pub async fn receive(&mut self, head: bool) -> anyhow::Result<Response> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            anyhow::ensure!(self.0.read_buf(&mut bytes).await? > 0, "the connection ended before the answer");
        };
        let text = String::from_utf8(bytes[..end].to_vec())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut response = Response { status, headers, body: bytes[end + 4..].to_vec() };
        let length: usize = response.header("content-length").unwrap_or("0").parse()?;
        while !head && response.body.len() < length {
            anyhow::ensure!(self.0.read_buf(&mut response.body).await? > 0, "the body broke off");
        }
        Ok(response)
    }

    /// Whether the other side ends the connection, and nothing more comes.
    pub async fn ends(&mut self) -> anyhow::Result<bool> {
        let mut rest = [0; 1];
        let read = tokio::time::timeout(std::time::Duration::from_secs(10), self.0.read(&mut rest)).await?;
        Ok(matches!(read, Ok(0) | Err(_)))
    }
}
