//! The id under which a request is logged and answered.

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{HttpMessage, dev::ServiceRequest};

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over from a caller.
const MAX_LENGTH: usize = 128;

/// The caller's own id where it sent a sane one, else a fresh one.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// Settles the id of a request, once.
    pub fn assign(request: &ServiceRequest) -> Self {
        let fresh = || {
            let extensions = request.extensions();
            extensions.get::<tracing_actix_web::RequestId>().map(ToString::to_string).unwrap_or_default()
        };
        let id = Self(sent(request.headers()).unwrap_or_else(fresh));
        request.extensions_mut().insert(id.clone());
        id
    }

    /// The id that was assigned.
    pub fn of(request: &impl HttpMessage) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self(String::new()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn sent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(&HEADER)?.to_str().ok()?;
    let is_sane = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_sane.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[rstest::rstest]
    #[case::own("order-17", true)]
    #[case::empty("", false)]
    #[case::space("a b", false)]
    #[case::longest(&"x".repeat(128), true)]
    #[case::too_long(&"x".repeat(129), false)]
    fn a_sane_id_of_the_caller_is_taken_over(#[case] header: &str, #[case] taken: bool) {
        let request = TestRequest::default().insert_header((HEADER, header)).to_srv_request();
        assert_eq!(sent(request.headers()).as_deref(), taken.then_some(header));
    }
}
