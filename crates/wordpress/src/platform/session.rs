//! Calls to one site whose API was found.

use async_trait::async_trait;
use igny8_integration_domain::content::FieldPatch;
use igny8_integration_domain::id::{ContentId, SiteId};
use igny8_integration_domain::integration::is_internal_type;
use igny8_integration_domain::ports::platform::{
    Changes, ExternalItem, ExternalStamp, ExternalVersion, IdListing, ListPage, ListQuery, Lookup,
    PlatformError, PlatformSession, PlatformType, Written,
};
use igny8_integration_domain::time::Timestamp;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::changes::read_changes;
use super::content_fields::item_of;
use super::dates::write_gmt;
use super::listing::{Cursor, Walk};
use super::lookups::Lookups;
use super::marker::{META, marker_of, slug_marker};
use super::reading::{every_status, post_fields, read_rows};
use super::row::{Row, read_row};
use super::state::SiteState;
use super::structure::{PostType, Structure, Taxonomy};
use super::version::same_version;
use super::window::PageSize;
use super::writing::Writer;
use crate::discovery::identity_of;
use crate::site::{Failure, FailureKind, SiteClient, query};

/// How many ids one request may name.
const MAX_IDS: usize = 100;

pub(super) struct WordPressSession {
    pub site: SiteClient,
    pub site_id: SiteId,
    pub state: SiteState,
    pub structure: OnceCell<Structure>,
    pub lookups: Lookups,
    pub page_size: PageSize,
}

impl WordPressSession {
    async fn kind(&self, name: &str) -> Result<(&PostType, Vec<Taxonomy>), Failure> {
        let structure = self.structure.get_or_try_init(|| Structure::load(&self.site)).await?;
        Ok((structure.get(name)?, structure.taxonomies_of(name)))
    }

    fn writer<'w>(&'w self, kind: &'w PostType, taxonomies: &'w [Taxonomy]) -> Writer<'w> {
        Writer { site: &self.site, lookups: &self.lookups, kind, taxonomies, site_id: self.site_id }
    }

    async fn items(
        &self,
        rows: &[Row],
        kind: &PostType,
        taxonomies: &[Taxonomy],
    ) -> Result<Vec<ExternalItem>, Failure> {
        self.lookups.learn_terms(&self.site, rows, taxonomies).await?;
        self.lookups.learn_pictures(&self.site, rows).await;
        Ok(rows.iter().map(|row| item_of(row, &kind.name, self.site_id, &self.lookups)).collect())
    }

    async fn walk_list(&self, asked: &ListQuery) -> Result<ListPage, Failure> {
        let (kind, taxonomies) = self.kind(&asked.content_type).await?;
        let cursor = asked.cursor.as_deref().map(Cursor::decode).transpose()?.unwrap_or_default();
        let mut query = vec![("context", "edit".to_owned())];
        query.extend(every_status());
        if let Some(after) = asked.modified_after {
            query.push(("modified_after", write_gmt(after)));
        }
        if let Some(ids) = &asked.ids {
            let ids: Vec<String> =
                ids.iter().take(MAX_IDS).map(|id| external_id(id)).collect::<Result<_, _>>()?;
            query.push(("include", ids.join(",")));
        }
        query.push(("_fields", post_fields(&taxonomies, !asked.metadata_only)));
        let walk = Walk {
            site: &self.site,
            route: &kind.route,
            query,
            taxonomies: &taxonomies,
            page_size: &self.page_size,
        };
        let walked = walk.page(cursor).await?;
        Ok(ListPage {
            items: self.items(&walked.rows, kind, &taxonomies).await?,
            unreadable: walked.unreadable,
            total: walked.total,
            server_time: walked.server_time,
            next: walked.next.map(Cursor::encode),
        })
    }

    async fn walk_ids(&self, content_type: &str) -> Result<IdListing, Failure> {
        let (kind, _) = self.kind(content_type).await?;
        self.confirm_identity().await?;
        let mut query = vec![("context", "edit".to_owned())];
        query.extend(every_status());
        query.push(("_fields", "id,status,modified_gmt".to_owned()));
        let walk =
            Walk { site: &self.site, route: &kind.route, query, taxonomies: &[], page_size: &self.page_size };
        let (mut stamps, mut totals, mut whole) = (Vec::new(), Vec::new(), true);
        let mut cursor = Some(Cursor::default());
        while let Some(at) = cursor {
            let walked = walk.page(at).await?;
            totals.push(walked.total);
            whole &= walked.unreadable.iter().all(|item| item.external_id.is_some());
            stamps.extend(walked.unreadable.into_iter().filter_map(|item| {
                Some(ExternalStamp {
                    external_id: item.external_id?,
                    modified_at: None,
                    status: String::new(),
                })
            }));
            stamps.extend(walked.rows.iter().map(|row| ExternalStamp {
                external_id: row.id.to_string(),
                modified_at: row.modified,
                status: row.status.clone(),
            }));
            cursor = walked.next;
        }
        let first = totals.first().copied().flatten();
        let steady = first.is_some() && totals.iter().all(|total| *total == first);
        Ok(IdListing { stamps, total: first.unwrap_or(0), complete: steady && whole })
    }

    /// Another site at the same address (a copy, a new owner) must not look like a site whose posts are gone.
    async fn confirm_identity(&self) -> Result<(), Failure> {
        let Some(known) = &self.state.identity else {
            return Ok(());
        };
        let index = self.site.read("", query(&[("_fields", "url")])).await?;
        let now = index.value.get("url").and_then(Value::as_str).unwrap_or_default();
        if identity_of(now) == *known {
            return Ok(());
        }
        let what = "another site answers at this address than the one that was connected";
        Err(Failure::new(FailureKind::Protocol, "site_changed", what))
    }

    async fn count_all(&self, content_type: &str) -> Result<u64, Failure> {
        let (kind, _) = self.kind(content_type).await?;
        let mut query = vec![("context", "edit".to_owned()), ("per_page", "1".to_owned())];
        query.extend(every_status());
        query.push(("_fields", "id".to_owned()));
        let reply = self.site.read(&kind.route, query).await?;
        reply.total().ok_or_else(|| {
            Failure::new(
                FailureKind::Protocol,
                "unexpected_answer",
                "the site does not say how many posts it has",
            )
        })
    }

    async fn read_one(
        &self,
        kind: &PostType,
        taxonomies: &[Taxonomy],
        id: &str,
    ) -> Result<Option<Row>, Failure> {
        let route = format!("{}/{id}", kind.route);
        let query = vec![("context", "edit".to_owned()), ("_fields", post_fields(taxonomies, true))];
        match self.site.read(&route, query).await {
            Ok(reply) => read_row(&reply.value, taxonomies)
                .map(|row| Some(row.read_at(reply.server_time())))
                .map_err(|item| match item.code.as_str() {
                    "not_editable" => Failure::new(FailureKind::Forbidden, "not_editable", item.reason),
                    _ => Failure::new(FailureKind::Protocol, "unexpected_answer", item.reason),
                }),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn look_up(&self, content_type: &str, id: &str) -> Result<Lookup, Failure> {
        let id = external_id(id)?;
        let (kind, taxonomies) = self.kind(content_type).await?;
        let Some(row) = self.read_one(kind, &taxonomies, &id).await? else {
            return Ok(Lookup::Gone);
        };
        let mut items = self.items(&[row], kind, &taxonomies).await?;
        Ok(items.pop().map_or(Lookup::Gone, |item| Lookup::Found(Box::new(item))))
    }

    async fn look_for(
        &self,
        content_type: &str,
        content_id: ContentId,
    ) -> Result<Option<ExternalItem>, Failure> {
        let (kind, taxonomies) = self.kind(content_type).await?;
        let mut query = vec![
            ("context", "edit".to_owned()),
            ("orderby", "id".to_owned()),
            ("order", "asc".to_owned()),
            ("per_page", "10".to_owned()),
            ("_fields", post_fields(&taxonomies, true)),
        ];
        query.extend(every_status());
        if self.site.is_keyed() {
            query.push((META, content_id.to_string()));
        } else {
            let slug = slug_marker(self.site_id, content_id);
            query.push(("slug", format!("{slug},{slug}__trashed")));
        }
        let reply = self.site.read(&kind.route, query).await?;
        let (rows, _) = read_rows(&reply, &taxonomies);
        // A site that does not know the parameter answers with any posts at all.
        let found: Vec<Row> =
            rows.into_iter().filter(|row| marker_of(row, self.site_id) == Some(content_id)).take(1).collect();
        Ok(self.items(&found, kind, &taxonomies).await?.pop())
    }

    async fn change(
        &self,
        content_type: &str,
        id: &str,
        fields: &FieldPatch,
        expected: &str,
    ) -> Result<Written, Failure> {
        let id = external_id(id)?;
        let (kind, taxonomies) = self.kind(content_type).await?;
        // Without the plugin's compare-and-set, and where what to send depends on what is there.
        let current = if !self.site.is_keyed() || fields.terms.is_some() || fields.publish_at == Some(None) {
            Some(self.read_expected(kind, &taxonomies, &id, expected).await?)
        } else {
            None
        };
        self.writer(kind, &taxonomies).update(&id, fields, expected, current.as_ref()).await
    }

    async fn remove(&self, content_type: &str, id: &str, expected: &str) -> Result<Written, Failure> {
        let id = external_id(id)?;
        let (kind, taxonomies) = self.kind(content_type).await?;
        let writer = self.writer(kind, &taxonomies);
        if !self.site.is_keyed() {
            let row = self.read_row(kind, &taxonomies, &id).await?;
            if row.is_trashed() {
                return Ok(writer.written(row, Vec::new(), Vec::new()).await);
            }
            require(&row, expected)?;
        }
        let row = match writer.trash(&id, expected).await {
            Ok(reply) => writer.read(&reply)?,
            // In the trash already, which moved its version too.
            Err(failure)
                if failure.is_wp("rest_already_trashed") || failure.kind == FailureKind::Conflict =>
            {
                let row = self.read_row(kind, &taxonomies, &id).await?;
                if !row.is_trashed() {
                    return Err(failure);
                }
                row
            }
            Err(failure) => return Err(failure),
        };
        Ok(writer.written(row, Vec::new(), Vec::new()).await)
    }

    async fn read_row(&self, kind: &PostType, taxonomies: &[Taxonomy], id: &str) -> Result<Row, Failure> {
        let row = self.read_one(kind, taxonomies, id).await?;
        row.ok_or_else(|| Failure::new(FailureKind::NotFound, "not_found", "the site has no such post"))
    }

    /// The post as it is now, if it still is what the caller knows.
    async fn read_expected(
        &self,
        kind: &PostType,
        taxonomies: &[Taxonomy],
        id: &str,
        expected: &str,
    ) -> Result<Row, Failure> {
        let row = self.read_row(kind, taxonomies, id).await?;
        require(&row, expected)?;
        Ok(row)
    }
}

fn require(row: &Row, expected: &str) -> Result<(), Failure> {
    if same_version(&super::version::version_of(row), expected) {
        return Ok(());
    }
    let what = "the post was changed on the site meanwhile";
    Err(Failure::new(FailureKind::Conflict, "version_mismatch", what))
}

/// Only a number can be a part of a route.
fn external_id(id: &str) -> Result<String, Failure> {
    let number: Option<u64> = id.parse().ok().filter(|number| *number > 0);
    number.map(|number| number.to_string()).ok_or_else(|| {
        Failure::new(FailureKind::Protocol, "invalid_external_id", "the post's id is not one of WordPress")
    })
}

#[async_trait]
impl PlatformSession for WordPressSession {
    fn state(&self) -> Value {
        self.state.to_value()
    }

    async fn content_types(&self) -> Result<Vec<PlatformType>, PlatformError> {
        let structure = self.structure.get_or_try_init(|| Structure::load(&self.site)).await?;
        let types = structure.public_types().filter(|kind| !is_internal_type(&kind.name));
        Ok(types.map(|kind| PlatformType { name: kind.name.clone(), label: kind.label.clone() }).collect())
    }

    async fn list(&self, query: &ListQuery) -> Result<ListPage, PlatformError> {
        Ok(self.walk_list(query).await?)
    }

    async fn changes(
        &self,
        content_types: &[String],
        after: Timestamp,
    ) -> Result<Option<Changes>, PlatformError> {
        if !self.site.is_keyed() {
            return Ok(None);
        }
        Ok(read_changes(&self.site, content_types, after).await?)
    }

    async fn count(&self, content_type: &str) -> Result<u64, PlatformError> {
        Ok(self.count_all(content_type).await?)
    }

    async fn list_ids(&self, content_type: &str) -> Result<IdListing, PlatformError> {
        Ok(self.walk_ids(content_type).await?)
    }

    async fn get(&self, content_type: &str, external_id: &str) -> Result<Lookup, PlatformError> {
        Ok(self.look_up(content_type, external_id).await?)
    }

    async fn find_by_marker(
        &self,
        content_type: &str,
        content_id: ContentId,
    ) -> Result<Option<ExternalItem>, PlatformError> {
        Ok(self.look_for(content_type, content_id).await?)
    }

    async fn create(
        &self,
        content_type: &str,
        content_id: ContentId,
        fields: &FieldPatch,
    ) -> Result<Written, PlatformError> {
        let (kind, taxonomies) = self.kind(content_type).await?;
        Ok(self.writer(kind, &taxonomies).create(content_id, fields).await?)
    }

    async fn update(
        &self,
        content_type: &str,
        external_id: &str,
        fields: &FieldPatch,
        expected: &ExternalVersion,
    ) -> Result<Written, PlatformError> {
        Ok(self.change(content_type, external_id, fields, expected).await?)
    }

    async fn trash(
        &self,
        content_type: &str,
        external_id: &str,
        expected: &ExternalVersion,
    ) -> Result<Written, PlatformError> {
        Ok(self.remove(content_type, external_id, expected).await?)
    }
}
