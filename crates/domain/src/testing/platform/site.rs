//! A test's hands on a scripted site: its editor, its administrator, and its bad luck.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::{SubsecRound as _, TimeDelta};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::fault::{Fault, Faults, Moment};
use super::store::Store;
use super::{Call, CallKind, SitePost};
use crate::integration::SiteUrl;
use crate::ports::Clock as _;
use crate::ports::platform::PlatformError;
use crate::testing::{FixedClock, held};
use crate::time::Timestamp;

/// The key that a new site's plugin accepts.
const API_KEY: &str = "scripted-site-key";

/// A WordPress site in memory. Clones share it. It has the types `post` and `page` and the plugin, and pages of 100.
#[derive(Clone)]
pub struct ScriptedSite(Arc<Inner>);

struct Inner {
    url: SiteUrl,
    clock: Arc<FixedClock>,
    store: Mutex<Store>,
    skew: Mutex<TimeDelta>,
    faults: Mutex<Faults>,
    calls: Mutex<Vec<Call>>,
    state: Mutex<Value>,
    away: Mutex<Option<(Timestamp, PlatformError)>>,
}

impl ScriptedSite {
    /// An empty site at an address, whose clock follows `clock`.
    pub fn new(url: SiteUrl, clock: Arc<FixedClock>) -> Self {
        let types = [("post", "Posts"), ("page", "Pages")];
        let store = Store {
            site_url: url.as_str().to_owned(),
            now: clock.now().trunc_subsecs(0),
            types: types.map(|(name, label)| (name.to_owned(), label.to_owned())).into(),
            posts: BTreeMap::new(),
            last_id: 0,
            api_key: API_KEY.into(),
            application_password: None,
            has_plugin: true,
            page_size: 100,
            drops_frames: false,
            may_publish: true,
            holds_back: false,
            cached: None,
            closed_taxonomies: BTreeSet::new(),
            default_category: None,
            hidden: BTreeMap::new(),
            lists_whole: true,
            tells_changes: true,
            lists_twice: false,
        };
        Self(Arc::new(Inner {
            state: Mutex::new(json!({ "api": format!("{url}/wp-json/") })),
            url,
            clock,
            store: Mutex::new(store),
            skew: Mutex::new(TimeDelta::zero()),
            faults: Mutex::default(),
            calls: Mutex::default(),
            away: Mutex::default(),
        }))
    }

    /// A copy of it as it is now, with its posts and keys, at another address.
    #[must_use]
    pub fn copy_to(&self, url: SiteUrl) -> Self {
        let store = Store { site_url: url.as_str().to_owned(), ..self.with_store(|store| store.clone()) };
        let copy = Self::new(url, self.0.clock.clone());
        copy.with_store(|own| *own = store);
        copy
    }

    /// Its address.
    pub fn url(&self) -> &SiteUrl {
        &self.0.url
    }

    /// The site's own time, in whole seconds as its `Date` has it.
    pub fn now(&self) -> Timestamp {
        (self.0.clock.now() + *held(&self.0.skew)).trunc_subsecs(0)
    }

    fn with_store<T>(&self, act: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = held(&self.0.store);
        store.now = self.now();
        act(&mut store)
    }

    /// Makes a post (its id and time are the site's to give) and gives its id.
    pub fn add(&self, post: SitePost) -> String {
        self.with_store(|store| store.insert(post)).to_string()
    }

    /// Makes so many public posts of a type, titled `Post 1` and on, and gives their ids.
    pub fn add_many(&self, content_type: &str, count: usize) -> Vec<String> {
        let posts = (1..=count).map(|number| SitePost::published(content_type, &format!("Post {number}")));
        posts.map(|post| self.add(post)).collect()
    }

    /// An editor changes a post, which moves its date of change.
    pub fn edit(&self, external_id: &str, change: impl FnOnce(&mut SitePost)) {
        self.with_store(|store| {
            let now = store.now;
            store.change(number(external_id), |post| {
                change(post);
                post.modified_at = now;
            });
        });
    }

    /// Something changes a post and leaves its date of change alone, as WordPress does with terms, meta fields and a
    /// scheduled post that goes public.
    pub fn edit_quietly(&self, external_id: &str, change: impl FnOnce(&mut SitePost)) {
        self.with_store(|store| store.change(number(external_id), change));
    }

    /// An editor puts a post in the trash.
    pub fn trash(&self, external_id: &str) {
        self.edit(external_id, SitePost::put_in_trash);
    }

    /// An editor takes a post out of the trash: a draft.
    pub fn untrash(&self, external_id: &str) {
        self.edit(external_id, SitePost::untrash);
    }

    /// An editor deletes a post for good: nothing of it is left.
    pub fn delete(&self, external_id: &str) {
        self.with_store(|store| store.posts.remove(&number(external_id)));
    }

    /// Publishes scheduled posts whose time has come; their date of change stays.
    pub fn run_schedule(&self) {
        self.with_store(|store| {
            let now = store.now;
            let due = |post: &&mut SitePost| post.status == "future" && post.date <= Some(now);
            store.posts.values_mut().filter(due).for_each(|post| "publish".clone_into(&mut post.status));
        });
    }

    /// A post as it is now.
    pub fn post(&self, external_id: &str) -> Option<SitePost> {
        self.with_store(|store| store.posts.get(&number(external_id)).cloned())
    }

    /// Every post of a type, by id, trash included.
    pub fn posts(&self, content_type: &str) -> Vec<SitePost> {
        self.with_store(|store| {
            store.posts.values().filter(|post| post.content_type == content_type).cloned().collect()
        })
    }

    /// Somebody opens a post in the editor, or leaves it.
    pub fn set_locked(&self, external_id: &str, locked: bool) {
        self.edit_quietly(external_id, |post| post.locked = locked);
    }

    /// Makes a post one that is listed but can't be read, for a reason, or readable again.
    pub fn set_unreadable(&self, external_id: &str, why: Option<(&str, &str)>) {
        let why = why.map(|(code, reason)| (code.to_owned(), reason.to_owned()));
        self.edit_quietly(external_id, |post| post.unreadable = why);
    }

    /// Counts the posts that fit, and neither lists nor shows them to the connected user; the others are shown.
    pub fn set_hides(&self, hides: impl Fn(&SitePost) -> bool) {
        self.with_store(|store| store.posts.values_mut().for_each(|post| post.hidden = hides(post)));
    }

    /// Shows one more type.
    pub fn add_type(&self, name: &str, label: &str) {
        self.with_store(|store| store.types.insert(name.to_owned(), label.to_owned()));
    }

    /// How many items a page of a listing has.
    pub fn set_page_size(&self, size: usize) {
        self.with_store(|store| store.page_size = size.max(1));
    }

    /// Counts so many rows of a type that it never shows.
    pub fn set_hidden(&self, content_type: &str, rows: u64) {
        self.with_store(|store| store.hidden.insert(content_type.to_owned(), rows));
    }

    /// Whether a listing of ids is whole.
    pub fn set_lists_whole(&self, whole: bool) {
        self.with_store(|store| store.lists_whole = whole);
    }

    /// Whether a page of a listing shows each post twice.
    pub fn set_lists_twice(&self, twice: bool) {
        self.with_store(|store| store.lists_twice = twice);
    }

    /// Whether the connected user's frames are dropped from bodies, and the ampersands of titles and excerpts escaped.
    pub fn set_drops_frames(&self, drops: bool) {
        self.with_store(|store| store.drops_frames = drops);
    }

    /// Whether the connected user may publish; what it sends to go out waits as pending otherwise.
    pub fn set_may_publish(&self, may: bool) {
        self.with_store(|store| store.may_publish = may);
    }

    /// Whether a plugin schedules for the next day what is to go out now.
    pub fn set_holds_back(&self, holds: bool) {
        self.with_store(|store| store.holds_back = holds);
    }

    /// From now on listings and totals show the posts as they are now, as behind a cache that nothing gets past; or
    /// they show again what there is. A single post is always shown as it is.
    pub fn set_caches_listings(&self, caches: bool) {
        self.with_store(|store| store.cached = caches.then(|| store.posts.clone()));
    }

    /// Every call until then, by the site's clock, is answered so.
    pub fn set_away(&self, until: Timestamp, answer: PlatformError) {
        *held(&self.0.away) = Some((until, answer));
    }

    /// The connected user may not make terms of this taxonomy; those that a post has may be used.
    pub fn close_taxonomy(&self, taxonomy: &str) {
        self.with_store(|store| store.closed_taxonomies.insert(taxonomy.to_owned()));
    }

    /// The category that a post gets where it has none.
    pub fn set_default_category(&self, name: Option<&str>) {
        self.with_store(|store| store.default_category = name.map(ToOwned::to_owned));
    }

    /// How far the site's clock is ahead.
    pub fn set_clock_skew(&self, skew: TimeDelta) {
        *held(&self.0.skew) = skew;
    }

    /// The key that the plugin accepts.
    pub fn api_key(&self) -> SecretString {
        self.with_store(|store| store.api_key.clone())
    }

    /// The plugin is given another key: what is sent with the old one is refused from now on.
    pub fn set_api_key(&self, key: &str) {
        self.with_store(|store| store.api_key = key.into());
    }

    /// A user gets an application password.
    pub fn set_application_password(&self, username: &str, password: &str) {
        self.with_store(|store| {
            store.application_password = Some((username.to_owned(), password.into()));
        });
    }

    /// Installs the plugin or takes it away: without it there is no key, no lock, and the marker is the slug.
    pub fn set_plugin(&self, installed: bool) {
        self.with_store(|store| store.has_plugin = installed);
    }

    /// Whether the plugin is there.
    pub fn has_plugin(&self) -> bool {
        self.with_store(|store| store.has_plugin)
    }

    /// Whether the plugin tells in one answer what changed.
    pub fn set_tells_changes(&self, tells: bool) {
        self.with_store(|store| store.tells_changes = tells);
    }

    /// What the adapter remembers of the site.
    pub fn platform_state(&self) -> Value {
        held(&self.0.state).clone()
    }

    /// Changes what the adapter remembers.
    pub fn set_platform_state(&self, state: Value) {
        *held(&self.0.state) = state;
    }

    /// The next call of a kind goes wrong, once.
    pub fn fail_next(&self, kind: CallKind, fault: Fault) {
        held(&self.0.faults).plan(Some(kind), 0, Some(1), fault);
    }

    /// The `nth` call of a kind from now on (the next is the first) goes wrong, once.
    pub fn fail_nth(&self, kind: CallKind, nth: u32, fault: Fault) {
        held(&self.0.faults).plan(Some(kind), nth.saturating_sub(1), Some(1), fault);
    }

    /// So many calls of a kind go wrong.
    pub fn fail_times(&self, kind: CallKind, times: u32, fault: Fault) {
        held(&self.0.faults).plan(Some(kind), 0, Some(times), fault);
    }

    /// Every call of a kind goes wrong until [`ScriptedSite::heal`]; every call at all where it is none.
    pub fn fail_always(&self, kind: Option<CallKind>, fault: Fault) {
        held(&self.0.faults).plan(kind, 0, None, fault);
    }

    /// Something happens on the site just before the next call of a kind is judged: an editor saves between a read and
    /// the write that follows it.
    pub fn before_next(&self, kind: CallKind, act: impl FnOnce(&Self) + Send + 'static) {
        held(&self.0.faults).interrupt(kind, Moment::Before, Box::new(act));
    }

    /// Something happens once the next call of a kind that goes well had its effect, before its caller learns of it.
    pub fn after_next(&self, kind: CallKind, act: impl FnOnce(&Self) + Send + 'static) {
        held(&self.0.faults).interrupt(kind, Moment::After, Box::new(act));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        held(&self.0.faults).clear();
    }

    /// Every call so far, in order, those that failed too.
    pub fn calls(&self) -> Vec<Call> {
        held(&self.0.calls).clone()
    }

    /// How many calls of a kind.
    pub fn count(&self, kind: CallKind) -> usize {
        held(&self.0.calls).iter().filter(|call| call.kind == kind).count()
    }

    /// How many calls that write.
    pub fn writes(&self) -> usize {
        held(&self.0.calls).iter().filter(|call| call.kind.is_write()).count()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        held(&self.0.calls).clear();
    }

    /// Answers a call: notes it, lets what is planned happen, and acts.
    pub(super) async fn answer<T>(
        &self,
        call: Call,
        act: impl FnOnce(&mut Store) -> Result<T, PlatformError> + Send,
    ) -> Result<T, PlatformError> {
        let kind = call.kind;
        held(&self.0.calls).push(call);
        self.interrupt(kind, Moment::Before);
        let away = held(&self.0.away).clone().filter(|(until, _)| self.now() < *until);
        if let Some((_, error)) = away {
            return Err(error);
        }
        let fault = held(&self.0.faults).strike(kind);
        let Some(fault) = fault else {
            let answered = self.with_store(act);
            self.interrupt(kind, Moment::After);
            return answered;
        };
        if fault.happens {
            // What comes of it is what the caller does not learn.
            let _ = self.with_store(act);
        }
        match fault.answer {
            Some(error) => Err(error),
            None => std::future::pending().await,
        }
    }

    fn interrupt(&self, kind: CallKind, moment: Moment) {
        let interruption = held(&self.0.faults).interruption(kind, moment);
        if let Some(interruption) = interruption {
            interruption(self);
        }
    }
}

/// Ids on the site are numbers; nothing has the id 0.
fn number(external_id: &str) -> u64 {
    external_id.parse().unwrap_or_default()
}
