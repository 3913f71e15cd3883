//! Contents.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use igny8_integration_domain::content::{
    Content, ContentFields, ContentStatus, FormerLink, Link, NewContent, SyncState,
};
use igny8_integration_domain::ports::storage::StorageError;

use super::{maybe_number, number, present, word};
use crate::schema::contents;
use crate::search::fold;
use crate::types::{At, JsonText};

#[derive(Queryable, Selectable)]
#[diesel(table_name = contents)]
pub struct ContentRow {
    id: i64,
    account_id: i64,
    site_id: i64,
    content_type: String,
    title: String,
    slug: String,
    status: String,
    publish_at: Option<At>,
    featured_image_url: Option<String>,
    deleted_at: Option<At>,
    pull_wanted: bool,
    sync_state: String,
    failure: Option<JsonText>,
    version: i64,
    created_at: At,
    updated_at: At,
    #[diesel(embed)]
    link: LinkColumns,
    #[diesel(embed)]
    former: FormerLinkColumns,
    terms: JsonText,
    seo: JsonText,
    excerpt: String,
    html: String,
    intent: Option<JsonText>,
    conflict: Option<JsonText>,
}

#[derive(Default, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = contents, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct LinkColumns {
    link_integration_id: Option<i64>,
    external_id: Option<String>,
    external_url: Option<String>,
    external_status: Option<String>,
    external_modified_at: Option<At>,
    external_sequence: Option<i64>,
    external_version: Option<String>,
    base: Option<JsonText>,
}

#[expect(clippy::struct_field_names, reason = "named as the columns are")]
#[derive(Default, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = contents, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct FormerLinkColumns {
    former_identity: Option<String>,
    former_integration_id: Option<i64>,
    former_external_id: Option<String>,
    former_external_url: Option<String>,
    former_external_status: Option<String>,
    former_external_modified_at: Option<At>,
    former_external_sequence: Option<i64>,
    former_external_version: Option<String>,
    former_base: Option<JsonText>,
}

impl TryFrom<ContentRow> for Content {
    type Error = StorageError;

    fn try_from(row: ContentRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: number(row.id, "contents.id")?,
            account_id: number(row.account_id, "contents.account_id")?,
            site_id: number(row.site_id, "contents.site_id")?,
            content_type: row.content_type,
            fields: ContentFields {
                title: row.title,
                html: row.html,
                excerpt: row.excerpt,
                slug: row.slug,
                status: word(&row.status, ContentStatus::from_word, "contents.status")?,
                publish_at: row.publish_at.map(|at| at.0),
                terms: row.terms.read("contents.terms")?,
                seo: row.seo.read("contents.seo")?,
                featured_image_url: row.featured_image_url,
            },
            deleted_at: row.deleted_at.map(|at| at.0),
            link: row.link.read()?,
            former_link: row.former.read()?,
            intent: JsonText::read_maybe(row.intent.as_ref(), "contents.intent")?,
            conflict: JsonText::read_maybe(row.conflict.as_ref(), "contents.conflict")?,
            failure: JsonText::read_maybe(row.failure.as_ref(), "contents.failure")?,
            pull_wanted: row.pull_wanted,
            sync_state: word(&row.sync_state, SyncState::from_word, "contents.sync_state")?,
            version: row.version,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

impl LinkColumns {
    fn of(link: Option<&Link>) -> Result<Self, StorageError> {
        let Some(link) = link else { return Ok(Self::default()) };
        Ok(Self {
            link_integration_id: Some(link.integration_id.get()),
            external_id: Some(link.external_id.clone()),
            external_url: link.external_url.clone(),
            external_status: Some(link.external_status.clone()),
            external_modified_at: At::maybe(link.external_modified_at),
            external_sequence: link.external_sequence,
            external_version: Some(link.external_version.clone()),
            base: Some(JsonText::of(&link.base)?),
        })
    }

    fn read(self) -> Result<Option<Link>, StorageError> {
        let Some(integration_id) = maybe_number(self.link_integration_id, "contents.link_integration_id")?
        else {
            return Ok(None);
        };
        Ok(Some(Link {
            integration_id,
            external_id: present(self.external_id, "contents.external_id")?,
            external_url: self.external_url,
            external_status: present(self.external_status, "contents.external_status")?,
            external_modified_at: self.external_modified_at.map(|at| at.0),
            external_sequence: self.external_sequence,
            external_version: present(self.external_version, "contents.external_version")?,
            base: present(self.base, "contents.base")?.read("contents.base")?,
        }))
    }
}

impl FormerLinkColumns {
    fn of(former: Option<&FormerLink>) -> Result<Self, StorageError> {
        let Some(former) = former else { return Ok(Self::default()) };
        let link = LinkColumns::of(Some(&former.link))?;
        Ok(Self {
            former_identity: Some(former.site_identity.clone()),
            former_integration_id: link.link_integration_id,
            former_external_id: link.external_id,
            former_external_url: link.external_url,
            former_external_status: link.external_status,
            former_external_modified_at: link.external_modified_at,
            former_external_sequence: link.external_sequence,
            former_external_version: link.external_version,
            former_base: link.base,
        })
    }

    fn read(self) -> Result<Option<FormerLink>, StorageError> {
        let Some(site_identity) = self.former_identity else { return Ok(None) };
        let link = LinkColumns {
            link_integration_id: self.former_integration_id,
            external_id: self.former_external_id,
            external_url: self.former_external_url,
            external_status: self.former_external_status,
            external_modified_at: self.former_external_modified_at,
            external_sequence: self.former_external_sequence,
            external_version: self.former_external_version,
            base: self.former_base,
        };
        let link = present(link.read()?, "contents.former_integration_id")?;
        Ok(Some(FormerLink { site_identity, link }))
    }
}

/// The fields that sync, and what is searched in them. Owned, like every row that is written: a query without
/// lifetimes in its type compiles in a fraction of the time.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = contents, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct FieldColumns {
    title: String,
    title_search: String,
    slug: String,
    slug_search: String,
    status: &'static str,
    publish_at: Option<At>,
    featured_image_url: Option<String>,
    terms: JsonText,
    seo: JsonText,
    excerpt: String,
    html: String,
}

impl FieldColumns {
    fn of(fields: &ContentFields) -> Result<Self, StorageError> {
        Ok(Self {
            title: fields.title.clone(),
            title_search: fold(&fields.title),
            slug: fields.slug.clone(),
            slug_search: fold(&fields.slug),
            status: fields.status.as_str(),
            publish_at: At::maybe(fields.publish_at),
            featured_image_url: fields.featured_image_url.clone(),
            terms: JsonText::of(&fields.terms)?,
            seo: JsonText::of(&fields.seo)?,
            excerpt: fields.excerpt.clone(),
            html: fields.html.clone(),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = contents, treat_none_as_default_value = false)]
pub struct NewContentRow {
    account_id: i64,
    site_id: i64,
    content_type: String,
    deleted_at: Option<At>,
    pull_wanted: bool,
    sync_state: &'static str,
    failure_parked: bool,
    version: i64,
    created_at: At,
    updated_at: At,
    #[diesel(embed)]
    fields: FieldColumns,
    #[diesel(embed)]
    link: LinkColumns,
}

impl NewContentRow {
    pub fn new(content: &NewContent) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: content.account_id.get(),
            site_id: content.site_id.get(),
            content_type: content.content_type.clone(),
            deleted_at: At::maybe(content.deleted_at),
            pull_wanted: false,
            sync_state: content.sync_state().as_str(),
            failure_parked: false,
            version: 1,
            created_at: At(content.created_at),
            updated_at: At(content.created_at),
            fields: FieldColumns::of(&content.fields)?,
            link: LinkColumns::of(content.link.as_ref())?,
        })
    }
}

/// What an update writes.
#[derive(AsChangeset)]
#[diesel(table_name = contents, treat_none_as_null = true)]
pub struct ContentColumns {
    content_type: String,
    deleted_at: Option<At>,
    pull_wanted: bool,
    sync_state: &'static str,
    failure: Option<JsonText>,
    failure_parked: bool,
    updated_at: At,
    intent: Option<JsonText>,
    conflict: Option<JsonText>,
    #[diesel(embed)]
    fields: FieldColumns,
    #[diesel(embed)]
    link: LinkColumns,
    #[diesel(embed)]
    former: FormerLinkColumns,
}

impl ContentColumns {
    pub fn new(content: &Content) -> Result<Self, StorageError> {
        Ok(Self {
            content_type: content.content_type.clone(),
            deleted_at: At::maybe(content.deleted_at),
            pull_wanted: content.pull_wanted,
            sync_state: content.sync_state.as_str(),
            failure: JsonText::maybe(content.failure.as_ref())?,
            failure_parked: content.failure.as_ref().is_some_and(|failure| failure.parked),
            updated_at: At(content.updated_at),
            intent: JsonText::maybe(content.intent.as_ref())?,
            conflict: JsonText::maybe(content.conflict.as_ref())?,
            fields: FieldColumns::of(&content.fields)?,
            link: LinkColumns::of(content.link.as_ref())?,
            former: FormerLinkColumns::of(content.former_link.as_ref())?,
        })
    }
}
