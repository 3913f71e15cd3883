//! Why a delivery was not simply applied.

use crate::words::words;

/// Why a delivery was not simply applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The site's integration is switched off, or there is none.
    NoActiveIntegration,
    /// It names an integration that is not this site's.
    OtherIntegration,
    /// It comes from a copy of the site.
    SiteCopy,
    /// It names a content that is not this site's.
    UnknownContent,
    /// The post is not known here yet: just this one is pulled.
    PullQueued,
    /// Syncing is switched off.
    SyncDisabled,
    /// Posts of this type do not sync.
    TypeIsOff,
    /// The post is not known here, and nothing says that it should be.
    NotTracked,
    /// The post was deleted for good.
    Deleted,
    /// Something newer of this post is stored already.
    Older,
}

words!(Reason {
    NoActiveIntegration => "no_active_integration", OtherIntegration => "other_integration",
    SiteCopy => "site_copy", UnknownContent => "unknown_content", PullQueued => "pull_queued",
    SyncDisabled => "sync_disabled", TypeIsOff => "type_is_off", NotTracked => "not_tracked", Deleted => "deleted",
    Older => "older",
});

impl Reason {
    /// What it means, for a person.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::NoActiveIntegration => "the site has no integration that is switched on",
            Self::OtherIntegration => "the delivery names an integration that is not this site's",
            Self::SiteCopy => {
                "the delivery comes from a copy of the site at another address; it changes nothing here"
            }
            Self::UnknownContent => "the delivery names a content that is not this site's",
            Self::PullQueued => "the post is not known here yet; just this one is pulled now",
            Self::SyncDisabled => "the post is not known here yet, and syncing is switched off",
            Self::TypeIsOff => "posts of this type do not sync",
            Self::NotTracked => "the post is not known here",
            Self::Deleted => {
                "the post was deleted for good; only a listing that shows it again brings it back"
            }
            Self::Older => "something newer of this post is stored already",
        }
    }
}
