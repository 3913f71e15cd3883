//! Calls to a scripted site.

use async_trait::async_trait;
use serde_json::Value;

use super::{Call, CallKind, ScriptedSite, store::Store};
use crate::content::FieldPatch;
use crate::id::ContentId;
use crate::integration::Credentials;
use crate::ports::platform::{
    Changes, ExternalItem, ExternalVersion, IdListing, ListPage, ListQuery, Lookup, PlatformError,
    PlatformSession, PlatformType, Written,
};
use crate::time::Timestamp;

/// Every call shows the credentials anew, as HTTP does: a key that is changed on the site fails the next one.
pub(super) struct ScriptedSession {
    site: ScriptedSite,
    credentials: Credentials,
}

impl ScriptedSession {
    pub(super) fn new(site: ScriptedSite, credentials: Credentials) -> Self {
        Self { site, credentials }
    }

    async fn call<T>(
        &self,
        call: Call,
        act: impl FnOnce(&mut Store) -> Result<T, PlatformError> + Send,
    ) -> Result<T, PlatformError> {
        let act = |store: &mut Store| {
            store.check_credentials(&self.credentials)?;
            act(store)
        };
        self.site.answer(call, act).await
    }
}

#[async_trait]
impl PlatformSession for ScriptedSession {
    fn state(&self) -> Value {
        self.site.platform_state()
    }

    async fn content_types(&self) -> Result<Vec<PlatformType>, PlatformError> {
        self.call(Call::new(CallKind::ContentTypes), |store| Ok(store.content_types())).await
    }

    async fn list(&self, query: &ListQuery) -> Result<ListPage, PlatformError> {
        self.call(Call::of_type(CallKind::List, &query.content_type), |store| store.list(query)).await
    }

    async fn changes(
        &self,
        content_types: &[String],
        after: Timestamp,
    ) -> Result<Option<Changes>, PlatformError> {
        self.call(Call::new(CallKind::Changes), |store| Ok(store.changes(content_types, after))).await
    }

    async fn count(&self, content_type: &str) -> Result<u64, PlatformError> {
        self.call(Call::of_type(CallKind::Count, content_type), |store| store.count(content_type)).await
    }

    async fn list_ids(&self, content_type: &str) -> Result<IdListing, PlatformError> {
        self.call(Call::of_type(CallKind::ListIds, content_type), |store| store.list_ids(content_type)).await
    }

    async fn get(&self, content_type: &str, external_id: &str) -> Result<Lookup, PlatformError> {
        let call = Call::of_type(CallKind::Get, content_type).post(external_id);
        self.call(call, |store| store.get(content_type, external_id)).await
    }

    async fn find_by_marker(
        &self,
        content_type: &str,
        content_id: ContentId,
    ) -> Result<Option<ExternalItem>, PlatformError> {
        let call = Call::of_type(CallKind::FindByMarker, content_type).content(content_id);
        self.call(call, |store| Ok(store.find_by_marker(content_type, content_id))).await
    }

    async fn create(
        &self,
        content_type: &str,
        content_id: ContentId,
        fields: &FieldPatch,
    ) -> Result<Written, PlatformError> {
        let call = Call::of_type(CallKind::Create, content_type).content(content_id).writing(fields);
        self.call(call, |store| store.create(content_type, content_id, fields)).await
    }

    async fn update(
        &self,
        content_type: &str,
        external_id: &str,
        fields: &FieldPatch,
        expected: &ExternalVersion,
    ) -> Result<Written, PlatformError> {
        let call = Call::of_type(CallKind::Update, content_type).post(external_id).writing(fields);
        self.call(call, |store| store.update(content_type, external_id, fields, expected)).await
    }

    async fn trash(
        &self,
        content_type: &str,
        external_id: &str,
        expected: &ExternalVersion,
    ) -> Result<Written, PlatformError> {
        let call = Call::of_type(CallKind::Trash, content_type).post(external_id);
        self.call(call, |store| store.trash(content_type, external_id, expected)).await
    }
}
