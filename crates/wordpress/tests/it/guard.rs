use std::time::{Duration, Instant};

use igny8_integration_wordpress::guard::{
    Call, ConnectFailure, Outbound, OutboundError, OutboundOptions, Phase, Reading, Refusal, Target,
    TlsFailure,
};
use reqwest::Method;
use reqwest::header::HeaderMap;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use url::Url;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::server::{RawServer, client_for, local_client, read_request};

pub fn call(method: Method, url: &str) -> Call {
    Call { method, url: url.parse().unwrap(), headers: HeaderMap::new(), body: Vec::new() }
}

async fn get(client: &Outbound, url: &str) -> Result<u16, OutboundError> {
    client.send(call(Method::GET, url)).await.map(|answer| answer.status.as_u16())
}

#[rstest]
#[case::loopback("https://127.0.0.1/")]
#[case::decimal("https://2130706433/")]
#[case::mapped("https://[::ffff:127.0.0.1]/")]
#[case::metadata("https://169.254.169.254/latest/")]
#[case::name_of_this_machine("https://localhost/")]
#[case::unknown_local_name("https://nothing-here.internal/")]
#[tokio::test]
async fn what_may_not_be_called_always_reads_alike(#[case] url: &str) {
    let client = client_for(&[], OutboundOptions::default());
    assert_eq!(get(&client, url).await, Err(OutboundError::Refused(Refusal::Address)));
    assert_eq!(OutboundError::Refused(Refusal::Address).to_string(), "this address cannot be used");
}

#[tokio::test]
async fn an_opened_site_is_called_by_number_and_by_name_with_one_user_agent() {
    let server = MockServer::start().await;
    let agent = concat!("igny8-integration/", env!("CARGO_PKG_VERSION"));
    Mock::given(header("user-agent", agent)).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let client = client_for(&["127.0.0.1/32"], OutboundOptions::default());
    assert_eq!(get(&client, &server.uri()).await, Ok(204));
    let by_name = format!("http://localhost:{}/", server.address().port());
    assert_eq!(get(&client, &by_name).await, Ok(204));
}

#[tokio::test]
async fn the_services_own_port_is_not_reachable_even_in_an_opened_range() {
    let server = MockServer::start().await;
    let client = local_client();
    client.policy().forbid_own(&[*server.address()]);
    assert_eq!(get(&client, &server.uri()).await, Err(OutboundError::Refused(Refusal::Address)));
    let by_name = format!("http://localhost:{}/", server.address().port());
    assert_eq!(get(&client, &by_name).await, Err(OutboundError::Refused(Refusal::Address)));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_range_with_a_port_opens_no_other_port() {
    let (open, closed) = (MockServer::start().await, MockServer::start().await);
    let range = format!("127.0.0.1/32:{}", open.address().port());
    let client = client_for(&[&range], OutboundOptions::default());
    assert_eq!(get(&client, &open.uri()).await, Ok(404));
    assert_eq!(get(&client, &closed.uri()).await, Err(OutboundError::Refused(Refusal::Address)));
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_address_is_not_followed() {
    let server = MockServer::start().await;
    for (from, to) in [
        ("/literal", "http://169.254.169.254/latest/"),
        ("/six", "http://[::1]/"),
        ("/local", "http://metadata.internal/"),
    ] {
        let answer = ResponseTemplate::new(302).insert_header("location", to);
        Mock::given(path(from)).respond_with(answer).mount(&server).await;
    }
    let client = local_client();
    for from in ["literal", "six", "local"] {
        let url = Url::parse(&server.uri()).unwrap().join(from).unwrap();
        let followed = client.follow(Reading::Get, url, &HeaderMap::new()).await;
        assert_eq!(followed.unwrap_err(), OutboundError::Refused(Refusal::Address), "{from}");
    }
}

#[tokio::test]
async fn three_redirects_are_followed_and_remembered_and_a_fourth_is_not() {
    let server = MockServer::start().await;
    for (from, to) in [("/0", "1"), ("/1", "/2"), ("/2", "/3")] {
        let answer = ResponseTemplate::new(301).insert_header("location", to);
        Mock::given(path(from)).respond_with(answer).mount(&server).await;
    }
    Mock::given(path("/3")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let loops = ResponseTemplate::new(302).insert_header("location", "/loop");
    Mock::given(path("/loop")).respond_with(loops).mount(&server).await;
    let client = local_client();
    let url = |place: &str| format!("{}/{place}", server.uri()).parse().unwrap();
    let followed = client.follow(Reading::Get, url("0"), &HeaderMap::new()).await.unwrap();
    assert_eq!((followed.answer.url.path(), followed.hops.len()), ("/3", 3));
    let endless = client.follow(Reading::Head, url("loop"), &HeaderMap::new()).await;
    assert_eq!(endless.unwrap_err(), OutboundError::TooManyRedirects);
}

#[tokio::test]
async fn a_call_is_never_redirected() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(307).insert_header("location", "/other");
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    assert_eq!(local_client().send(call(Method::POST, &server.uri())).await.unwrap().status.as_u16(), 307);
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_compressed_bomb_is_cut_off() {
    // 16 MiB of zeroes: `head -c 16777216 /dev/zero | gzip -9n`.
    let bomb = include_bytes!("../fixtures/zeroes.gz");
    let server = MockServer::start().await;
    let answer =
        ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(bomb.as_slice());
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let options = OutboundOptions { max_body: 1_024 * 1_024, ..OutboundOptions::default() };
    let client = client_for(&["127.0.0.1/32"], options);
    assert_eq!(get(&client, &server.uri()).await, Err(OutboundError::TooLarge));
}

#[tokio::test]
async fn nothing_listening_is_a_refused_connection() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let failure = get(&local_client(), &format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert_eq!(failure, OutboundError::Connect(ConnectFailure::Refused));
    assert!(failure.nothing_was_sent());
}

#[tokio::test]
async fn a_site_that_never_answers_runs_out_of_time_and_may_have_acted() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let options = OutboundOptions { total_timeout: Duration::from_millis(200), ..OutboundOptions::default() };
    let client = client_for(&["127.0.0.1/32"], options);
    let failure = client.send(call(Method::POST, &server.uri())).await.unwrap_err();
    assert_eq!(failure, OutboundError::Timeout(Phase::Answering));
    assert!(!failure.nothing_was_sent());
}

#[tokio::test]
async fn a_write_whose_connection_breaks_is_not_sent_again() {
    let server = RawServer::start(|_| None).await;
    let mut write = call(Method::POST, server.url().as_str());
    write.body = b"{\"title\":\"once\"}".to_vec();
    let failure = local_client().send(write).await.unwrap_err();
    assert_eq!(failure, OutboundError::Interrupted);
    assert!(!failure.nothing_was_sent());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_read_whose_connection_breaks_is_tried_once_more() {
    let answered = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    let server = RawServer::start(move |number| (number > 0).then(|| answered.clone())).await;
    assert_eq!(get(&local_client(), server.url().as_str()).await, Ok(200));
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_not_used_for_a_write() {
    // The server keeps the connection open but would swallow a second request on it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                read_request(&mut stream).await;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                // The second request on this connection is read and never answered.
                while read_request(&mut stream).await.is_some() {}
            });
        }
    });
    let options = OutboundOptions { total_timeout: Duration::from_secs(2), ..OutboundOptions::default() };
    let client = client_for(&["127.0.0.1/32"], options);
    for _ in 0..2 {
        assert_eq!(client.send(call(Method::POST, &url)).await.unwrap().status.as_u16(), 200);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
}

#[tokio::test]
async fn a_dead_address_beside_a_living_one_costs_little() {
    let server = MockServer::start().await;
    let client = client_for(&["127.0.0.0/8", "::1/128"], OutboundOptions::default());
    let started = Instant::now();
    let dead = format!("[::1]:{}", server.address().port()).parse().unwrap();
    client.connect(&[dead, *server.address()]).await.unwrap();
    // 240.0.0.1 is routed nowhere: connecting either fails at once or hangs.
    let nowhere = "240.0.0.1:443".parse().unwrap();
    client.connect(&[nowhere, *server.address()]).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let client = local_client();
    let url = format!("https://127.0.0.1:{port}/");
    assert_eq!(get(&client, &url).await, Err(OutboundError::Tls(TlsFailure::NotSpoken)));
    let target = Target::check(&url.parse().unwrap(), client.policy()).unwrap();
    let addresses = client.resolve(&target).await.unwrap();
    let stream = client.connect(&addresses).await.unwrap();
    let failure = client.handshake(&target, stream).await.unwrap_err();
    assert_eq!(failure.error, OutboundError::Tls(TlsFailure::NotSpoken));
    assert_eq!(failure.evidence, None, "there was no certificate");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_a_failure_of_dns() {
    let client = client_for(&[], OutboundOptions::default());
    assert_eq!(get(&client, "https://no-such-site.invalid/").await, Err(OutboundError::Dns));
}
