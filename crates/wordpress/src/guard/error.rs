//! Why there is no answer, by what the caller can do about it.

use std::error::Error;
use std::io;

use super::policy::Refusal;
use super::resolver::LookupError;
use super::tls::TlsFailure;

/// What became of the connection. In all these cases nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFailure {
    #[error("nothing listens there")]
    Refused,
    #[error("the address cannot be reached")]
    Unreachable,
    #[error("the connection was closed at once")]
    Closed,
}

impl ConnectFailure {
    /// The stable word for it in a check.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "connection_refused",
            Self::Unreachable => "unreachable",
            Self::Closed => "connection_closed",
        }
    }
}

/// How far a call had come when its time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before anything was sent.
    Connecting,
    /// The request, or a part of it, was sent: the site may have acted on it.
    Answering,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The address may not be called. Only another address helps.
    #[error("{0}")]
    Refused(Refusal),
    /// The name has no address now. The customer looks at the domain; a later try may work.
    #[error("the name does not resolve")]
    Dns,
    /// Nothing was sent, so a repeat is harmless.
    #[error("the site could not be reached: {0}")]
    Connect(ConnectFailure),
    /// Nothing was sent. Only the owner of the site can mend it.
    #[error("{0}")]
    Tls(TlsFailure),
    /// See [`Phase`] for whether a repeat is harmless.
    #[error("the site did not answer in time")]
    Timeout(Phase),
    /// The connection broke after the request was on its way. The site may have acted on it.
    #[error("the connection broke before the answer was complete")]
    Interrupted,
    /// The answer is larger than is read. The site did act on the request.
    #[error("the answer is too large")]
    TooLarge,
    /// A chain of redirects that does not end.
    #[error("the site redirects too often")]
    TooManyRedirects,
    /// The request itself could not be made (a credential that no header can carry, say).
    #[error("the request could not be made")]
    Invalid,
}

impl OutboundError {
    /// True where it is sure that the site has not seen the request, so that even a write may be repeated.
    pub fn nothing_was_sent(self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Dns
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::Timeout(Phase::Connecting)
            | Self::Invalid => true,
            Self::Timeout(Phase::Answering) | Self::Interrupted | Self::TooLarge | Self::TooManyRedirects => {
                false
            }
        }
    }
}

impl From<Refusal> for OutboundError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LookupError> for OutboundError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NoAddress => Self::Dns,
            LookupError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

impl From<reqwest::Error> for OutboundError {
    fn from(error: reqwest::Error) -> Self {
        if let Some(lookup) = find::<LookupError>(&error) {
            lookup.clone().into()
        } else if let Some(tls) = TlsFailure::of(&error) {
            Self::Tls(tls)
        } else if error.is_timeout() {
            Self::Timeout(if error.is_connect() { Phase::Connecting } else { Phase::Answering })
        } else if error.is_connect() {
            find::<io::Error>(&error).map_or(Self::Connect(ConnectFailure::Unreachable), Self::connect)
        } else if error.is_builder() {
            Self::Invalid
        } else {
            Self::Interrupted
        }
    }
}

impl OutboundError {
    pub(super) fn connect(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::Connect(ConnectFailure::Refused),
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::UnexpectedEof | Kind::BrokenPipe => {
                Self::Connect(ConnectFailure::Closed)
            }
            Kind::TimedOut => Self::Timeout(Phase::Connecting),
            _ => Self::Connect(ConnectFailure::Unreachable),
        }
    }
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
