//! The headers of a signed delivery, by Standard Webhooks.

use actix_web::http::header::{HeaderMap, HeaderName};
use igny8_integration_domain::webhook::SignatureHeaders;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What was sent of them. One that can't be read counts as sent: a broken signature is no missing one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentSignature {
    id: Option<String>,
    timestamp: Option<String>,
    signature: Option<String>,
}

impl SentSignature {
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            id: joined(headers, &ID),
            timestamp: joined(headers, &TIMESTAMP),
            signature: joined(headers, &SIGNATURE),
        }
    }

    pub fn headers(&self) -> SignatureHeaders<'_> {
        SignatureHeaders {
            id: self.id.as_deref(),
            timestamp: self.timestamp.as_deref(),
            signature: self.signature.as_deref(),
        }
    }
}

/// Signatures are a list parted by spaces. An id or a time that comes twice reads as none.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> =
        headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(" "))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn what_was_sent_is_never_taken_for_unsigned() {
        let mut headers = HeaderMap::new();
        assert_eq!(SentSignature::of(&headers), SentSignature::default());
        headers.append(SIGNATURE, HeaderValue::from_bytes(b"v1,\xff").unwrap());
        headers.append(SIGNATURE, HeaderValue::from_static("v1,good"));
        headers.append(ID, HeaderValue::from_static(""));
        let sent = SentSignature::of(&headers);
        assert_eq!(sent.headers().signature, Some("v1,\u{fffd} v1,good"));
        assert_eq!((sent.headers().id, sent.headers().timestamp), (Some(""), None));
    }
}
