//! Writing posts: only what changed, in WordPress's words.

use igny8_integration_domain::content::{ContentStatus, Field, FieldPatch, Term};
use igny8_integration_domain::id::{ContentId, SiteId};
use igny8_integration_domain::ports::platform::{Note, Written};
use reqwest::header::HeaderName;
use serde_json::{Map, Value, json};

use super::content_fields::{item_of, status_out};
use super::dates::write_gmt;
use super::lookups::Lookups;
use super::marker::{META, slug_marker};
use super::notes::{differences, is_planned, note};
use super::reading::post_fields;
use super::row::{Row, read_row};
use super::structure::{PostType, Taxonomy};
use super::terms::TermFinder;
use crate::site::{Failure, FailureKind, Reply, SiteClient};

/// The plugin refuses a write to a post that is no longer at this version.
const IF_VERSION: HeaderName = HeaderName::from_static("x-igny8-if-version");

pub(super) struct Writer<'w> {
    pub site: &'w SiteClient,
    pub lookups: &'w Lookups,
    pub kind: &'w PostType,
    pub taxonomies: &'w [Taxonomy],
    pub site_id: SiteId,
}

impl Writer<'_> {
    /// Makes a hidden draft with its marker. What would show it, date it or overwrite the marker is left for
    /// the update that follows: nothing is public before it is whole.
    pub async fn create(&self, content_id: ContentId, fields: &FieldPatch) -> Result<Written, Failure> {
        let mut pending = Vec::new();
        let mut now = fields.clone();
        let mut leave = |field: Field, now: &mut FieldPatch| {
            now.remove(field);
            pending.push(field);
        };
        if fields.status == Some(ContentStatus::Published) {
            leave(Field::Status, &mut now);
        }
        if matches!(fields.publish_at, Some(Some(_))) {
            // A draft that is made with a date counts as last changed at that date.
            leave(Field::PublishAt, &mut now);
        }
        now.status = None;
        now.publish_at = None;
        if !self.site.is_keyed() && fields.slug.is_some() {
            // Even an empty one: it takes the marker off, and WordPress makes one of the title.
            leave(Field::Slug, &mut now);
        }
        let (mut body, mut notes) = self.body(&now, None).await?;
        body.insert("status".to_owned(), json!("draft"));
        if self.site.is_keyed() {
            body.insert("meta".to_owned(), json!({ META: content_id.to_string() }));
        } else {
            body.insert("slug".to_owned(), json!(slug_marker(self.site_id, content_id)));
        }
        let reply = self.send(&self.kind.route, &body, &now, None).await?;
        let row = self.read(&reply)?;
        notes.extend(differences(&now, &row, reply.server_time()));
        let mut written = self.written(row, pending, notes).await;
        if written.item.marker == Some(content_id) {
            return Ok(written);
        }
        let what = "the site did not keep the mark by which a post is found again";
        if written.item.status != "draft" {
            return Err(Failure::new(FailureKind::Protocol, "marker_lost", what));
        }
        // It is the draft that was asked for all the same: refusing it would make another one the next time.
        written.notes.push(note("marker_lost", what));
        Ok(written)
    }

    /// Changes the fields that are there. `current` is the post as it was just read, where it was.
    pub async fn update(
        &self,
        id: &str,
        fields: &FieldPatch,
        expected: &str,
        current: Option<&Row>,
    ) -> Result<Written, Failure> {
        let (mut body, mut notes) = self.body(fields, current).await?;
        if let Some(status) = fields.status {
            body.insert("status".to_owned(), json!(status_out(status)));
        }
        set_date(&mut body, fields, current);
        let route = format!("{}/{id}", self.kind.route);
        if body.is_empty() {
            // Even an empty write moves the post's date of change.
            let query = vec![("context", "edit".to_owned()), ("_fields", post_fields(self.taxonomies, true))];
            let reply = self.site.read(&route, query).await?;
            return Ok(self.written(self.read(&reply)?, Vec::new(), notes).await);
        }
        let result = self.send(&route, &body, fields, Some(expected)).await;
        let reply = match result {
            // A contributor's post waits for somebody who may publish it.
            Err(failure) if failure.is_wp("rest_cannot_publish") => {
                body.insert("status".to_owned(), json!("pending"));
                notes.push(note(
                    "publish_not_allowed",
                    "the connected user may not publish: the post waits on the site as pending",
                ));
                self.send(&route, &body, fields, Some(expected)).await?
            }
            result => result?,
        };
        let row = self.read(&reply)?;
        let waits = notes.iter().any(|note| note.code == "publish_not_allowed");
        let found = differences(fields, &row, reply.server_time());
        notes.extend(found.into_iter().filter(|note| !waits || note.code != "not_published"));
        let held_back = row.status == "future"
            && fields.status == Some(ContentStatus::Published)
            && !is_planned(fields, reply.server_time());
        let pending = if held_back { vec![Field::Status] } else { Vec::new() };
        Ok(self.written(row, pending, notes).await)
    }

    /// Puts the post in the trash, never further.
    pub async fn trash(&self, id: &str, expected: &str) -> Result<Reply, Failure> {
        let route = format!("{}/{id}", self.kind.route);
        let headers = self.guard(Some(expected));
        self.site.delete(&route, vec![("_fields", post_fields(self.taxonomies, true))], &headers).await
    }

    /// What the site answered to a write, as the domain sees it. The write has arrived: names of terms that cannot
    /// be learnt now leave the terms unknown, and do not make it a failure.
    pub async fn written(&self, row: Row, pending: Vec<Field>, notes: Vec<Note>) -> Written {
        let rows = [row];
        if let Err(failure) = self.lookups.learn_terms(self.site, &rows, self.taxonomies).await {
            tracing::warn!(code = failure.code, "the terms of a post that was written could not be read");
        }
        self.lookups.learn_pictures(self.site, &rows).await;
        let [row] = rows;
        let item = item_of(&row, &self.kind.name, self.site_id, self.lookups);
        Written { item, pending, notes }
    }

    pub fn read(&self, reply: &Reply) -> Result<Row, Failure> {
        read_row(&reply.value, self.taxonomies).map(|row| row.read_at(reply.server_time())).map_err(|item| {
            let what = format!("the site's answer to a write cannot be read ({})", item.reason);
            Failure::new(FailureKind::Uncertain, "unexpected_answer", what)
        })
    }

    /// What is the same in a create and an update.
    async fn body(
        &self,
        fields: &FieldPatch,
        current: Option<&Row>,
    ) -> Result<(Map<String, Value>, Vec<Note>), Failure> {
        let (mut body, mut notes) = (Map::new(), Vec::new());
        let texts = [
            ("title", &fields.title),
            ("content", &fields.html),
            ("excerpt", &fields.excerpt),
            ("slug", &fields.slug),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                body.insert(name.to_owned(), json!(text));
            }
        }
        if let Some(terms) = &fields.terms {
            self.add_terms(&mut body, &mut notes, terms, current).await?;
        }
        if let Some(seo) = &fields.seo {
            if self.site.is_keyed() {
                body.insert("igny8_seo".to_owned(), json!(seo));
            } else if *seo != igny8_integration_domain::content::Seo::default() {
                notes.push(note("seo_needs_plugin", "SEO fields need the IGNY8 plugin on the site"));
            }
        }
        if matches!(fields.featured_image_url, Some(Some(_))) {
            notes.push(note("picture_not_sent", "the featured picture is not sent to the site"));
        }
        Ok((body, notes))
    }

    /// Sends the list of a taxonomy only where it differs from what the post has.
    async fn add_terms(
        &self,
        body: &mut Map<String, Value>,
        notes: &mut Vec<Note>,
        terms: &[Term],
        current: Option<&Row>,
    ) -> Result<(), Failure> {
        let finder = TermFinder { site: self.site, lookups: self.lookups };
        for taxonomy in self.taxonomies {
            let mut ids = Vec::new();
            for term in terms.iter().filter(|term| term.taxonomy == taxonomy.name) {
                let resolved =
                    finder.resolve(taxonomy, term).await.map_err(|failure| name_term(failure, term))?;
                ids.extend(resolved.id);
                notes.extend(resolved.note);
            }
            ids.sort_unstable();
            ids.dedup();
            let has = current.and_then(|row| row.terms.get(&taxonomy.name)).map(Vec::as_slice);
            if has.unwrap_or_default() != ids.as_slice() {
                body.insert(taxonomy.rest_base.clone(), json!(ids));
            }
        }
        let known = |term: &&Term| !self.taxonomies.iter().any(|taxonomy| taxonomy.name == term.taxonomy);
        for term in terms.iter().filter(known) {
            notes.push(note(
                "unknown_taxonomy",
                format!("the site has no taxonomy `{}` for the type `{}`", term.taxonomy, self.kind.name),
            ));
        }
        Ok(())
    }

    async fn send(
        &self,
        route: &str,
        body: &Map<String, Value>,
        fields: &FieldPatch,
        expected: Option<&str>,
    ) -> Result<Reply, Failure> {
        let query = vec![("context", "edit".to_owned()), ("_fields", post_fields(self.taxonomies, true))];
        let body = Value::Object(body.clone());
        let result = self.site.post(route, query, &body, &self.guard(expected)).await;
        result.map_err(|failure| name_rare_signs(failure, fields))
    }

    fn guard<'g>(&self, expected: Option<&'g str>) -> Vec<(HeaderName, &'g str)> {
        expected.filter(|_| self.site.is_keyed()).map(|version| (IF_VERSION, version)).into_iter().collect()
    }
}

/// A date is sent where it changed and never otherwise. Null takes back a planned date: it means "now" to a post
/// that goes out, and "none" to a draft. Any other post keeps its date, which nobody planned.
fn set_date(body: &mut Map<String, Value>, fields: &FieldPatch, current: Option<&Row>) {
    let is_public = |row: &Row| matches!(row.status.as_str(), "publish" | "private");
    let planned = current.is_some_and(|row| !is_public(row) && row.planned_date().is_some());
    match fields.publish_at {
        Some(Some(at)) => body.insert("date_gmt".to_owned(), json!(write_gmt(at))),
        Some(None) if planned => body.insert("date".to_owned(), Value::Null),
        _ => None,
    };
}

/// Old tables hold no sign beyond Unicode's first 65,536: an emoji or a rare Han sign.
fn name_rare_signs(mut failure: Failure, fields: &FieldPatch) -> Failure {
    if failure.code == "database_cannot_store" {
        let texts = [("title", &fields.title), ("html", &fields.html), ("excerpt", &fields.excerpt)];
        let rare =
            |text: &Option<String>| text.as_ref().is_some_and(|text| text.chars().any(|c| c > '\u{ffff}'));
        let named: Vec<&str> = texts.iter().filter(|(_, text)| rare(text)).map(|(name, _)| *name).collect();
        if !named.is_empty() {
            failure.what = format!(
                "the site's database cannot store an emoji or rare sign in {} (its tables are not utf8mb4)",
                named.join(", ")
            );
        }
    }
    failure
}

fn name_term(mut failure: Failure, term: &Term) -> Failure {
    if failure.kind == FailureKind::Rejected {
        failure.what = format!("the site cannot take the term `{}`: {}", term.name, failure.what);
    }
    failure
}
