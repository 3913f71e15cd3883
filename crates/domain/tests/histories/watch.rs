//! What must hold. Every text that somebody writes is unlike all others, so that one that goes missing is seen.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use igny8_integration_domain::content::{Content, SyncState};
use igny8_integration_domain::id::ContentId;
use igny8_integration_domain::testing::SitePost;

use crate::world::World;

/// Both sides as they are.
pub struct Sight {
    contents: BTreeMap<ContentId, Content>,
    posts: BTreeMap<String, SitePost>,
}

/// What was seen on each side so far. A text that both sides had, or that somebody gave up, may be overwritten.
#[derive(Default)]
pub struct Watch {
    here: BTreeSet<String>,
    there: BTreeSet<String>,
}

fn texts_here(content: &Content) -> [&String; 2] {
    [&content.fields.title, &content.fields.html]
}

fn texts_there(post: &SitePost) -> [&String; 2] {
    [&post.title, &post.html]
}

impl Watch {
    /// Somebody decided that these texts may go.
    pub fn give_up(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            self.here.insert(text.clone());
            self.there.insert(text);
        }
    }

    pub async fn look(&mut self, world: &World) -> anyhow::Result<Sight> {
        let contents: BTreeMap<_, _> =
            world.contents().await?.into_iter().map(|content| (content.id, content)).collect();
        let posts: BTreeMap<_, _> =
            world.site.posts("post").into_iter().map(|post| (post.external_id(), post)).collect();
        self.here.extend(contents.values().flat_map(texts_here).cloned());
        self.there.extend(posts.values().flat_map(texts_there).cloned());
        Ok(Sight { contents, posts })
    }

    fn may_go<'t>(
        &self,
        what: &str,
        before: [&'t String; 2],
        after: Option<[&'t String; 2]>,
    ) -> anyhow::Result<()> {
        for (number, text) in before.into_iter().enumerate() {
            let stays = after.is_some_and(|after| after.get(number) == Some(&text));
            let known = self.here.contains(text) && self.there.contains(text);
            ensure!(stays || known, "{what}: {text} was lost");
        }
        Ok(())
    }

    /// A run overwrites, deletes and trashes only what the other side had seen.
    pub async fn nothing_is_lost(&mut self, before: &Sight, world: &World) -> anyhow::Result<()> {
        let after = self.look(world).await?;
        for (id, was) in &before.contents {
            let is = after.contents.get(id);
            let kept = is.filter(|is| is.deleted_at.is_none() || was.deleted_at.is_some());
            self.may_go(&format!("content {id}"), texts_here(was), kept.map(texts_here))?;
        }
        for (id, was) in &before.posts {
            let is = after.posts.get(id);
            ensure!(is.is_some(), "post {id} was deleted for good");
            let kept = is.filter(|is| !is.is_trashed() || was.is_trashed());
            self.may_go(&format!("post {id}"), texts_there(was), kept.map(texts_there))?;
        }
        Ok(())
    }

    /// One content is one post.
    pub fn nothing_is_doubled(world: &World) -> anyhow::Result<()> {
        let mut marked = BTreeSet::new();
        for post in world.site.posts("post") {
            let Some(marker) = post.marker else { continue };
            ensure!(marked.insert(marker), "content {marker} has two posts");
        }
        Ok(())
    }

    /// After everything has come to rest.
    pub async fn both_sides_agree(&mut self, world: &World) -> anyhow::Result<()> {
        let sight = self.look(world).await?;
        Self::nothing_is_doubled(world)?;
        let mut linked = BTreeSet::new();
        for content in sight.contents.values() {
            let link = content.link.as_ref();
            let post = link.and_then(|link| sight.posts.get(&link.external_id));
            linked.extend(link.map(|link| link.external_id.clone()));
            match (content.sync_state, content.deleted_at) {
                (SyncState::Conflict | SyncState::Unlinked, _) => {}
                (SyncState::InSync, Some(_)) => {
                    let gone = post.is_none_or(SitePost::is_trashed);
                    ensure!(gone, "content {} is deleted, its post is not", content.id);
                }
                (SyncState::InSync, None) => {
                    let same = post
                        .is_some_and(|post| !post.is_trashed() && texts_here(content) == texts_there(post));
                    ensure!(same, "content {} is said to be in sync: {content:?} {post:?}", content.id);
                }
                (state, _) => anyhow::bail!("content {} stays {state:?}: {content:?}", content.id),
            }
        }
        for post in sight.posts.values().filter(|post| !post.is_trashed()) {
            ensure!(linked.contains(&post.external_id()), "post {} has no content", post.id);
        }
        Ok(())
    }
}
