//! Many deliveries at once, repeated and in no order, and a process that is killed among them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::harness::{Backend, Client, Message, Sender, Service, Site, Tenant, small_site};

const CLIENTS: usize = 16;

/// Every post's changes, as its plugin would tell them one by one.
const CHANGES: &str = "
    $posts = get_posts( array( 'numberposts' => 10, 'post_type' => 'post', 'orderby' => 'ID', 'order' => 'ASC' ) );
    $told  = array();
    $one   = function ( $kind, $post ) use ( &$told ) {
        clean_post_cache( $post );
        $now = Igny8_Bridge_Snapshot::of( $post );
        if ( 'status' === $kind ) {
            $body = Igny8_Bridge_Payload::status( $now );
        } else {
            $body = Igny8_Bridge_Payload::metadata( $now );
        }
        $told[] = array( $kind, array( 'sequence' => count( $told ) + 1 ) + $body );
    };
    for ( $round = 0; count( $told ) < COUNT; $round++ ) {
        foreach ( $posts as $nth => $post ) {
            switch ( ( $round + $nth ) % 5 ) {
                case 0:
                    wp_update_post( array( 'ID' => $post->ID, 'post_title' => \"Title $round\" ) );
                    $one( 'metadata', $post->ID );
                    break;
                case 1:
                    wp_update_post( array( 'ID' => $post->ID, 'post_status' => 0 === $round % 2 ? 'draft' : 'private' ) );
                    $one( 'status', $post->ID );
                    break;
                case 2:
                    wp_update_post( array( 'ID' => $post->ID, 'post_content' => \"<p>Body $round</p>\" ) );
                    $one( 'metadata', $post->ID );
                    break;
                case 3:
                    wp_set_post_tags( $post->ID, \"tag-$round\" );
                    wp_update_post( array( 'ID' => $post->ID, 'post_excerpt' => \"Excerpt $round\" ) );
                    $one( 'metadata', $post->ID );
                    break;
                default:
                    wp_trash_post( $post->ID );
                    $one( 'status', $post->ID );
                    wp_untrash_post( $post->ID );
                    $one( 'status', $post->ID );
            }
        }
    }
    return $told;
";

/// A site that was edited, what it told of that, and what was here before.
struct Edited {
    site: Site,
    key: String,
}

/// A service that pulled the site before it was edited.
struct Before {
    service: Service,
    tenant: Tenant,
    sender: Sender,
}

impl Edited {
    /// A site that anybody with this key may read; nothing is edited yet.
    async fn new() -> anyhow::Result<Self> {
        let (site, key) = (small_site().await?, "a-key-of-many-services-0123".to_owned());
        site.eval(&format!(
            "update_option( Igny8_Bridge_Options::API_KEY, '{key}' );
             update_option( Igny8_Bridge_Options::USER, get_user_by( 'login', 'igny8_editor' )->ID );"
        ))?;
        Ok(Self { site, key })
    }

    async fn pulled_by(&self, backend: Backend) -> anyhow::Result<Before> {
        let service = Service::on(backend).env("IGNY8_THROTTLE_WEBHOOK", "off").start().await?;
        let tenant = service.bootstrap("acme", &self.site.url)?;
        let integration = json!({
            "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": self.key },
        });
        let made = tenant.owner.post("integrations/", &integration).await?;
        let id = made.expect(201)?["id"].clone();
        let sync = format!("integrations/{id}/sync/");
        let request = tenant.owner.request(reqwest::Method::POST, &sync).header("prefer", "wait=30");
        let run = crate::harness::Answer::of(request.json(&json!({ "direction": "from_external" }))).await?;
        ensure!(run.expect(200)?["status"] == "succeeded", "{}", run.text);
        let sender = Sender::of(&service, &tenant)?;
        Ok(Before { service, tenant, sender })
    }

    /// Edits the site; what it would tell of that, in order.
    fn edit(&self, count: usize) -> anyhow::Result<Vec<Message>> {
        let told = self.site.eval(&CHANGES.replace("COUNT", &count.to_string()))?;
        let told = told.as_array().context("deliveries")?;
        told.iter()
            .map(|told| {
                let kind = if told[0] == "status" { "status" } else { "metadata" };
                Ok(Message::new(kind, &told[1]))
            })
            .collect()
    }
}

impl Before {
    /// All that syncs of every content, by post, once nothing waits to be pulled any more.
    async fn settled(&self) -> anyhow::Result<BTreeMap<String, Value>> {
        let owner = self.tenant.owner.at(self.service.origin())?;
        let deadline = Instant::now() + Duration::from_mins(2);
        loop {
            let contents = everything(&owner).await?;
            if contents.values().all(|content| content["sync_state"] == "in_sync") {
                return Ok(contents);
            }
            ensure!(Instant::now() < deadline, "{contents:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Its deliveries, at the address that the service has now.
    fn sender(&self) -> anyhow::Result<Sender> {
        Ok(self.sender.under(&self.sender.plugin.at(self.service.origin())?))
    }
}

/// What was answered, by delivery.
type Outcomes = HashMap<String, Vec<String>>;

/// Deliveries on their way from many clients at once.
struct Storm {
    clients: JoinSet<anyhow::Result<()>>,
    acknowledged: Arc<Mutex<Outcomes>>,
}

impl Storm {
    fn begin(sender: &Sender, messages: Vec<Message>) -> Self {
        let (waiting, acknowledged) = (Arc::new(Mutex::new(messages)), Arc::new(Mutex::default()));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(client(sender.clone(), Arc::clone(&waiting), Arc::clone(&acknowledged)));
        }
        Self { clients, acknowledged }
    }

    /// Until all were answered.
    async fn over(mut self) -> anyhow::Result<Outcomes> {
        while let Some(client) = self.clients.join_next().await {
            client??;
        }
        Ok(std::mem::take(&mut *self.acknowledged.lock().await))
    }

    /// Until so many were answered.
    async fn well_under_way(&self, enough: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.acknowledged.lock().await.len() < enough {
            ensure!(Instant::now() < deadline, "hardly any delivery is answered");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Until nobody goes on, each for whatever reason.
    async fn broken_off(mut self) -> Outcomes {
        while self.clients.join_next().await.is_some() {}
        std::mem::take(&mut *self.acknowledged.lock().await)
    }
}

async fn client(
    sender: Sender,
    waiting: Arc<Mutex<Vec<Message>>>,
    acknowledged: Arc<Mutex<Outcomes>>,
) -> anyhow::Result<()> {
    while let Some(message) = take(&waiting).await {
        let answer = sender.deliver(&message).await?;
        let outcome = answer.expect(200)?["outcome"].as_str().unwrap_or_default().to_owned();
        acknowledged.lock().await.entry(message.id).or_default().push(outcome);
    }
    Ok(())
}

async fn take(waiting: &Mutex<Vec<Message>>) -> Option<Message> {
    waiting.lock().await.pop()
}

/// Every content with its body, by post, without what differs from service to service.
async fn everything(owner: &Client) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut contents = BTreeMap::new();
    for deleted in [false, true] {
        let list = owner.get(&format!("content/?page_size=100&deleted={deleted}")).await?;
        for summary in list.expect(200)?["results"].as_array().context("results")? {
            let mut content = owner.get(&format!("content/{}/", summary["id"])).await?.expect(200)?.clone();
            let fields = content.as_object_mut().context("an object")?;
            for own in ["id", "site_id", "created_at", "updated_at"] {
                fields.remove(own);
            }
            let post = content["external_id"].as_str().context("a post")?.to_owned();
            contents.insert(post, content);
        }
    }
    Ok(contents)
}

/// In an order that looks like none, and is the same each time.
fn shuffled(mut messages: Vec<Message>) -> Vec<Message> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for at in (1..messages.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % (at as u64 + 1)).unwrap_or_default();
        messages.swap(at, other);
    }
    messages
}

#[tokio::test]
async fn a_storm_ends_like_the_same_deliveries_in_order_and_once() -> anyhow::Result<()> {
    let edited = Edited::new().await?;
    let ordered = edited.pulled_by(Backend::Sqlite).await?;
    let stormy = [edited.pulled_by(Backend::Sqlite).await?, edited.pulled_by(Backend::Postgres).await?];
    let messages = edited.edit(2_000)?;
    // A connection of its own: one that lay idle while the site was edited may be closed by now.
    let in_order = ordered.sender()?;
    for message in &messages {
        let answer = in_order.deliver(message).await?;
        let outcome = &answer.expect(200)?["outcome"];
        ensure!(outcome == "applied" || outcome == "stale", "{}", answer.text);
    }
    let expected = ordered.settled().await?;
    let repeated = messages.iter().step_by(10).cloned();
    let all = shuffled(messages.iter().cloned().chain(repeated).collect());
    assert!(all.len() >= 2_200);
    for before in stormy {
        let outcomes = Storm::begin(&before.sender()?, all.clone()).over().await?;
        assert_eq!(outcomes.len(), messages.len());
        for (nth, message) in messages.iter().enumerate() {
            let said = outcomes.get(&message.id).context("an outcome")?;
            let duplicates = said.iter().filter(|outcome| *outcome == "duplicate").count();
            assert_eq!((said.len(), duplicates), if nth % 10 == 0 { (2, 1) } else { (1, 0) }, "{said:?}");
        }
        assert_eq!(before.settled().await?, expected);
    }
    Ok(())
}

#[rstest::rstest]
#[tokio::test]
async fn a_kill_in_the_middle_loses_no_delivery_that_was_acknowledged(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let edited = Edited::new().await?;
    let ordered = edited.pulled_by(backend).await?;
    let mut killed = edited.pulled_by(backend).await?;
    let messages = edited.edit(200)?;
    let in_order = ordered.sender()?;
    for message in &messages {
        in_order.deliver(message).await?.expect(200)?;
    }
    let storm = Storm::begin(&killed.sender()?, shuffled(messages.clone()));
    storm.well_under_way(100).await?;
    killed.service.kill()?;
    let acknowledged = storm.broken_off().await;
    ensure!(acknowledged.len() < messages.len(), "it was killed too late");
    killed.service.restart()?;
    // The plugin sends again what it does not know to have arrived; here all of it.
    let again = Storm::begin(&killed.sender()?, shuffled(messages.clone())).over().await?;
    for id in acknowledged.keys() {
        assert_eq!(again.get(id).context("an outcome")?, &["duplicate"], "{id} was acknowledged and is lost");
    }
    assert_eq!(killed.settled().await?, ordered.settled().await?);
    Ok(())
}
