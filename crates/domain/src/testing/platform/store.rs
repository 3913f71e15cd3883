//! A site's tables and rules: what WordPress does with a request.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

use super::post::{SitePost, slug_of};
use super::trouble;
use crate::content::{ContentStatus, Field, FieldPatch, Term};
use crate::id::ContentId;
use crate::integration::Credentials;
use crate::ports::platform::{
    Changes, ExternalChange, ExternalItem, IdListing, ListPage, ListQuery, Lookup, Note, OnboardingChallenge,
    PlatformError, PlatformType, Written,
};
use crate::time::Timestamp;

/// Everything a site is.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) site_url: String,
    /// Now, by the site's clock, in whole seconds.
    pub(super) now: Timestamp,
    pub(super) types: BTreeMap<String, String>,
    pub(super) posts: BTreeMap<u64, SitePost>,
    pub(super) last_id: u64,
    pub(super) api_key: SecretString,
    pub(super) application_password: Option<(String, SecretString)>,
    pub(super) has_plugin: bool,
    pub(super) page_size: usize,
    pub(super) drops_frames: bool,
    pub(super) may_publish: bool,
    pub(super) holds_back: bool,
    /// The posts that listings show, where they do not show what there is.
    pub(super) cached: Option<BTreeMap<u64, SitePost>>,
    pub(super) closed_taxonomies: BTreeSet<String>,
    pub(super) default_category: Option<String>,
    /// Rows that are counted and never shown, by type.
    pub(super) hidden: BTreeMap<String, u64>,
    pub(super) lists_whole: bool,
    pub(super) tells_changes: bool,
    pub(super) lists_twice: bool,
}

type Answer<T> = Result<T, PlatformError>;

impl Store {
    pub(super) fn check_credentials(&self, credentials: &Credentials) -> Answer<()> {
        let is = |given: Option<&SecretString>, ours: &SecretString| {
            given.is_some_and(|given| given.expose_secret() == ours.expose_secret())
        };
        let by_key = self.has_plugin && is(credentials.api_key.as_ref(), &self.api_key);
        let by_password = self.application_password.as_ref().is_some_and(|(name, password)| {
            credentials.username.as_ref() == Some(name)
                && is(credentials.application_password.as_ref(), password)
        });
        if by_key || by_password {
            return Ok(());
        }
        let trouble = match (self.has_plugin, &credentials.application_password) {
            (true, None) => trouble("invalid_api_key", "the plugin refuses the key"),
            (false, None) => trouble("plugin_missing", "the plugin does not answer"),
            (_, Some(_)) => trouble("invalid_credentials", "the site refuses user name and password"),
        };
        Err(PlatformError::Unauthorized(trouble))
    }

    pub(super) fn prove(&self, challenge: &OnboardingChallenge) -> Answer<()> {
        if !self.has_plugin {
            let trouble = trouble("plugin_missing", "the plugin does not answer");
            return Err(PlatformError::Unauthorized(trouble));
        }
        if challenge.api_key.expose_secret() == self.api_key.expose_secret() {
            return Ok(());
        }
        let trouble = trouble("proof_failed", "the site could not prove that it holds the API key");
        Err(PlatformError::Unauthorized(trouble))
    }

    pub(super) fn content_types(&self) -> Vec<PlatformType> {
        let types = self.types.iter();
        types.map(|(name, label)| PlatformType { name: name.clone(), label: label.clone() }).collect()
    }

    /// The posts of a type as listings show them.
    fn listed<'s>(&'s self, content_type: &'s str) -> impl Iterator<Item = &'s SitePost> {
        let posts = self.cached.as_ref().unwrap_or(&self.posts);
        posts.values().filter(move |post| post.content_type == content_type)
    }

    fn of_type<'s>(&'s self, content_type: &'s str) -> impl Iterator<Item = &'s SitePost> {
        self.posts.values().filter(move |post| post.content_type == content_type)
    }

    fn known_type(&self, content_type: &str) -> Answer<()> {
        if self.types.contains_key(content_type) {
            return Ok(());
        }
        Err(PlatformError::Rejected(trouble("unknown_type", "the site does not show this type")))
    }

    pub(super) fn count(&self, content_type: &str) -> Answer<u64> {
        self.known_type(content_type)?;
        let hidden = self.hidden.get(content_type).copied().unwrap_or_default();
        Ok(as_u64(self.listed(content_type).count()) + hidden)
    }

    pub(super) fn list(&self, query: &ListQuery) -> Answer<ListPage> {
        let total = self.count(&query.content_type)?;
        let last = match &query.cursor {
            None => 0,
            Some(cursor) => cursor.parse().map_err(|_| {
                PlatformError::Protocol(trouble("invalid_cursor", "the cursor is not one of this listing"))
            })?,
        };
        if query.ids.as_ref().is_some_and(|ids| ids.len() > 100) {
            return Err(PlatformError::Rejected(trouble("rest_invalid_param", "at most 100 ids")));
        }
        let asked = |post: &&SitePost| {
            query.modified_after.is_none_or(|after| post.modified_at > after)
                && query.ids.as_ref().is_none_or(|ids| ids.contains(&post.external_id()))
        };
        let matching: Vec<&SitePost> = self.listed(&query.content_type).filter(asked).collect();
        let narrowed = query.modified_after.is_some() || query.ids.is_some();
        let total = if narrowed { as_u64(matching.len()) } else { total };
        let shown = matching.into_iter().filter(|post| !post.hidden);
        let mut ahead = shown.filter(|post| post.id > last).peekable();
        let page: Vec<&SitePost> = ahead.by_ref().take(self.page_size).collect();
        let next = page.last().filter(|_| ahead.peek().is_some()).map(|post| post.external_id());
        let times = if self.lists_twice { 2 } else { 1 };
        let readable = page.iter().filter(|post| post.unreadable.is_none());
        let readable = std::iter::repeat_n(readable, times).flatten();
        Ok(ListPage {
            items: readable.map(|post| post.item(&self.site_url, query.metadata_only)).collect(),
            unreadable: page.iter().filter_map(|post| post.unreadable_item()).collect(),
            total: Some(total),
            server_time: Some(self.now),
            next,
        })
    }

    /// Only the plugin can tell.
    pub(super) fn changes(&self, content_types: &[String], after: Timestamp) -> Option<Changes> {
        let changed = content_types.iter().flat_map(|name| self.listed(name));
        let changed = changed.filter(|post| post.modified_at > after);
        let told = changed.map(|post| ExternalChange {
            external_id: post.external_id(),
            content_type: post.content_type.clone(),
            version: post.version(),
        });
        (self.has_plugin && self.tells_changes)
            .then(|| Changes { posts: told.collect(), server_time: Some(self.now) })
    }

    pub(super) fn list_ids(&self, content_type: &str) -> Answer<IdListing> {
        let total = self.count(content_type)?;
        let shown = self.listed(content_type).filter(|post| !post.hidden);
        let stamps = shown.map(SitePost::stamp).collect();
        Ok(IdListing { stamps, total, complete: self.lists_whole })
    }

    pub(super) fn get(&self, content_type: &str, external_id: &str) -> Answer<Lookup> {
        match self.of_type(content_type).find(|post| post.external_id() == external_id) {
            None => Ok(Lookup::Gone),
            Some(SitePost { hidden: true, .. }) => {
                Err(PlatformError::Forbidden(trouble("missing_capability", "the user may not see it")))
            }
            Some(SitePost { unreadable: Some((code, reason)), .. }) => {
                Err(PlatformError::Forbidden(trouble(code, reason)))
            }
            Some(post) => Ok(Lookup::Found(Box::new(self.shown(post)))),
        }
    }

    pub(super) fn find_by_marker(&self, content_type: &str, id: ContentId) -> Option<ExternalItem> {
        self.of_type(content_type).find(|post| post.marker == Some(id)).map(|post| self.shown(post))
    }

    fn shown(&self, post: &SitePost) -> ExternalItem {
        post.item(&self.site_url, false)
    }

    pub(super) fn create(
        &mut self,
        content_type: &str,
        content_id: ContentId,
        fields: &FieldPatch,
    ) -> Answer<Written> {
        self.known_type(content_type)?;
        let is_empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
        if is_empty(&fields.title) && is_empty(&fields.html) && is_empty(&fields.excerpt) {
            let trouble = trouble("empty_content", "content, title and excerpt are empty");
            return Err(PlatformError::Rejected(trouble));
        }
        let mut pending = Vec::new();
        if fields.status == Some(ContentStatus::Published) {
            pending.push(Field::Status);
        }
        if matches!(fields.publish_at, Some(Some(_))) {
            pending.push(Field::PublishAt);
        }
        if !self.has_plugin && fields.slug.is_some() {
            pending.push(Field::Slug);
        }
        let mut now = fields.clone();
        for field in [Field::Status, Field::PublishAt].into_iter().chain(pending.iter().copied()) {
            now.remove(field);
        }
        let mut post = SitePost::draft(content_type, "");
        post.html.clear();
        post.marker = Some(content_id);
        let id = self.insert(post);
        let notes = self.write(id, &now)?;
        self.written(id, pending, notes)
    }

    pub(super) fn update(
        &mut self,
        content_type: &str,
        external_id: &str,
        fields: &FieldPatch,
        expected: &str,
    ) -> Answer<Written> {
        let post = self.writable(content_type, external_id)?;
        let id = post.id;
        check_version(post, expected)?;
        check_lock(post, self.has_plugin)?;
        let notes = if fields.is_empty() { Vec::new() } else { self.write(id, fields)? };
        let held_back = notes.iter().any(|note| note.code == "not_published");
        self.written(id, held_back.then_some(Field::Status).into_iter().collect(), notes)
    }

    pub(super) fn trash(&mut self, content_type: &str, external_id: &str, expected: &str) -> Answer<Written> {
        let post = self.writable(content_type, external_id)?;
        let id = post.id;
        if !post.is_trashed() {
            check_version(post, expected)?;
            check_lock(post, self.has_plugin)?;
            let now = self.now;
            self.change(id, |post| {
                post.put_in_trash();
                post.modified_at = now;
            });
        }
        self.written(id, Vec::new(), Vec::new())
    }

    fn writable(&self, content_type: &str, external_id: &str) -> Answer<&SitePost> {
        let is_it = |post: &&SitePost| post.content_type == content_type && post.external_id() == external_id;
        self.posts.values().find(is_it).ok_or_else(gone)
    }

    fn written(&self, id: u64, pending: Vec<Field>, notes: Vec<Note>) -> Answer<Written> {
        let post = self.posts.get(&id).ok_or_else(gone)?;
        Ok(Written { item: self.shown(post), pending, notes })
    }

    /// Applies what was sent as WordPress would, and says what it did not take as it was.
    fn write(&mut self, id: u64, fields: &FieldPatch) -> Answer<Vec<Note>> {
        let now = self.now;
        let mut notes = Vec::new();
        let mut post = self.posts.get(&id).cloned().ok_or_else(gone)?;
        post.take(fields);
        if self.drops_frames && post.filter() {
            notes.push(note("content_filtered", "the site dropped parts of a text"));
        }
        post.schedule(fields, now);
        notes.extend(self.judge_publishing(&mut post, fields));
        if let Some(slug) = &fields.slug {
            post.slug.clone_from(slug);
            if !self.has_plugin {
                post.marker = None;
            }
        }
        if fields.terms.is_some() && self.drop_closed_terms(&mut post) {
            notes.push(note("term_not_allowed", "the connected user may not make a term"));
        }
        self.settle(&mut post);
        if fields.slug.as_ref().is_some_and(|slug| !slug.is_empty() && post.slug != *slug) {
            notes.push(note("slug_changed", "the site gave the post another slug"));
        }
        post.modified_at = now;
        self.posts.insert(id, post);
        Ok(notes)
    }

    /// Who may not publish leaves a post that waits; a plugin may hold one back that is meant to go out.
    fn judge_publishing(&self, post: &mut SitePost, fields: &FieldPatch) -> Option<Note> {
        if fields.status != Some(ContentStatus::Published) {
            return None;
        }
        if !self.may_publish {
            "pending".clone_into(&mut post.status);
            return Some(note("publish_not_allowed", "the connected user may not publish"));
        }
        if self.holds_back && post.status == "publish" {
            "future".clone_into(&mut post.status);
            post.date = Some(self.now + TimeDelta::days(1));
            return Some(note("not_published", "the site did not publish the post at once"));
        }
        None
    }

    /// Takes away terms that would have to be made where that is not allowed; says whether there were any.
    fn drop_closed_terms(&self, post: &mut SitePost) -> bool {
        let before = post.terms.len();
        let exists = |term: &Term| self.posts.values().any(|post| post.terms.contains(term));
        post.terms.retain(|term| !self.closed_taxonomies.contains(&term.taxonomy) || exists(term));
        post.terms.len() < before
    }

    /// What WordPress gives a post by itself: a slug once it is public, a category where it has none.
    pub(super) fn settle(&self, post: &mut SitePost) {
        // Drafts may share a slug; once it is public it is a post's own.
        if matches!(post.status.as_str(), "publish" | "private" | "future") {
            let wanted = if post.slug.is_empty() { slug_of(&post.title) } else { post.slug.clone() };
            post.slug = self.free_slug(post, &wanted);
        }
        let lacks_category = !post.terms.iter().any(|term| term.taxonomy == "category");
        if let Some(name) = self.default_category.as_ref().filter(|_| lacks_category) {
            post.terms.push(Term { taxonomy: "category".to_owned(), name: name.clone(), slug: None });
        }
    }

    /// The slug, with a number where another post of the type has it.
    fn free_slug(&self, post: &SitePost, wanted: &str) -> String {
        let is_taken = |slug: &str| {
            self.of_type(&post.content_type).any(|other| other.id != post.id && other.slug == slug)
        };
        if wanted.is_empty() || !is_taken(wanted) {
            return wanted.to_owned();
        }
        let numbered = (2..).map(|number: u64| format!("{wanted}-{number}"));
        numbered.into_iter().find(|slug| !is_taken(slug)).unwrap_or_default()
    }

    /// Gives a post an id and a time, and keeps it.
    pub(super) fn insert(&mut self, mut post: SitePost) -> u64 {
        self.last_id += 1;
        post.id = self.last_id;
        post.modified_at = self.now;
        self.settle(&mut post);
        self.posts.insert(post.id, post);
        self.last_id
    }

    pub(super) fn change(&mut self, id: u64, change: impl FnOnce(&mut SitePost)) {
        if let Some(post) = self.posts.get_mut(&id) {
            change(post);
        }
    }
}

fn check_version(post: &SitePost, expected: &str) -> Answer<()> {
    if post.version() == expected {
        return Ok(());
    }
    Err(PlatformError::Conflict(trouble("version_mismatch", "the post changed since it was read")))
}

/// Only the plugin looks at the editor's lock.
fn check_lock(post: &SitePost, has_plugin: bool) -> Answer<()> {
    if post.locked && has_plugin {
        return Err(PlatformError::Locked(trouble("post_locked", "somebody is editing the post")));
    }
    Ok(())
}

fn gone() -> PlatformError {
    PlatformError::NotFound(trouble("rest_post_invalid_id", "there is no such post"))
}

fn note(code: &str, message: &str) -> Note {
    Note { code: code.to_owned(), message: message.to_owned() }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
