use anyhow::ensure;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Pulled, outcome, status};
use crate::api::made;
use crate::harness::{Answer, Backend, Message, Sender, Service, now};

/// A service with a tenant whose site delivers; nothing is connected, so what is let through is ignored.
async fn sender(backend: Backend) -> anyhow::Result<(Service, Sender)> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let sender = Sender::of(&service, &tenant)?;
    Ok((service, sender))
}

/// The detail of a 401 for the signature.
fn refused(answer: &Answer) -> anyhow::Result<String> {
    let body = answer.problem(401, "invalid_signature")?;
    ensure!(answer.header("www-authenticate")?.starts_with("Bearer"), "{:?}", answer.headers);
    answer.header("date")?;
    Ok(body["detail"].as_str().unwrap_or_default().to_owned())
}

#[rstest]
#[tokio::test]
async fn a_signature_that_is_present_must_hold_over_the_exact_bytes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let (_service, sender) = sender(backend).await?;
    // As PHP writes it, down to the spaces and the line feed at its end.
    let text = "{\"post_id\":\"5\",\"post_status\":\"publish\",  \"modified_gmt\":\"2026-03-04 10:11:12\",\"post_url\":\"https:\\/\\/a.example\\/x\",\"t\":\"\\u00e9\\u001b\"} \n";
    let message = Message::of_bytes("status", text.into());
    assert_eq!(outcome(&sender.deliver(&message).await?)?, "ignored no_active_integration");

    let timestamp = now()?.to_string();
    let signed = sender.signature(&message.id, &timestamp, &message.body)?;
    let re_encoded = serde_json::from_slice::<serde_json::Value>(&message.body)?.to_string();
    for body in [re_encoded.as_str(), text.trim_end(), &text[..40], ""] {
        let changed = Message { body: body.as_bytes().to_vec(), ..message.clone() };
        let answer = sender.send(&changed, [Some(&message.id), Some(&timestamp), Some(&signed)]).await?;
        ensure!(refused(&answer)?.contains("exact body"), "{body}: {}", answer.text);
    }
    let other = sender.send(&message, [Some("msg_other"), Some(&timestamp), Some(&signed)]).await?;
    ensure!(refused(&other)?.contains("signature"), "{}", other.text);
    // One good one among others is enough, and of an unknown version none is read.
    let several = format!("v1,AAAA v1a,xyz {signed} v1,***");
    let fresh = Message { id: "msg_several".to_owned(), ..message.clone() };
    let good = sender.signature(&fresh.id, &timestamp, &fresh.body)?;
    let several = several.replace(&signed, &good);
    let answer = sender.send(&fresh, [Some(&fresh.id), Some(&timestamp), Some(&several)]).await?;
    assert_eq!(outcome(&answer)?, "ignored no_active_integration");
    let unknown = good.replace("v1,", "v2,");
    refused(&sender.send(&fresh, [Some(&fresh.id), Some(&timestamp), Some(&unknown)]).await?)?;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn one_header_without_the_others_and_a_time_that_is_off_are_refused_with_the_reason(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let (_service, sender) = sender(backend).await?;
    let message = Message::new("status", &status(5, "publish", 0)?);
    let timestamp = now()?.to_string();
    let signature = sender.signature(&message.id, &timestamp, &message.body)?;
    let all = [Some(message.id.as_str()), Some(timestamp.as_str()), Some(signature.as_str())];
    for (missing, name) in ["webhook-id", "webhook-timestamp", "webhook-signature"].iter().enumerate() {
        let mut headers = all;
        headers[missing] = None;
        ensure!(refused(&sender.send(&message, headers).await?)?.contains(name), "{name}");
    }
    for (ahead, word) in [(-420, "behind"), (420, "ahead"), (-86_400, "behind")] {
        let detail = refused(&sender.stamped(&message, ahead).await?)?;
        ensure!(detail.contains("timestamp") && detail.contains(word), "{detail}");
        let seconds = ahead.abs();
        ensure!(
            (seconds - 2..=seconds + 2).any(|seconds| detail.contains(&seconds.to_string())),
            "{detail} does not say by how much"
        );
    }
    for odd in ["soon", "", "-5", "1.5", "99999999999999999999", &format!("{timestamp}000")] {
        let signature = sender.signature(&message.id, odd, &message.body)?;
        let headers = [Some(message.id.as_str()), Some(odd), Some(signature.as_str())];
        ensure!(refused(&sender.send(&message, headers).await?)?.contains("timestamp"), "{odd}");
    }
    // Kept and sent again once the clock is right, it is taken, once.
    for ahead in [-290, 290] {
        let message = Message::new("status", &status(5, "publish", 0)?);
        assert_eq!(outcome(&sender.stamped(&message, ahead).await?)?, "ignored no_active_integration");
    }
    assert_eq!(outcome(&sender.deliver(&message).await?)?, "ignored no_active_integration");
    assert_eq!(outcome(&sender.deliver(&message).await?)?, "duplicate");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn the_same_body_without_a_signature_is_a_duplicate(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let (_service, sender) = sender(backend).await?;
    let message = Message::new("status", &status(5, "publish", 0)?);
    assert_eq!(outcome(&sender.send(&message, [None; 3]).await?)?, "ignored no_active_integration");
    assert_eq!(outcome(&sender.send(&message, [None; 3]).await?)?, "duplicate");
    let other = Message::new("status", &status(6, "publish", 0)?);
    assert_eq!(outcome(&sender.send(&other, [None; 3]).await?)?, "ignored no_active_integration");
    Ok(())
}

#[tokio::test]
async fn both_secrets_hold_while_one_is_rotated() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let senders = [Sender::of(&service, &tenant)?, Sender::of(&service, &tenant)?];
    for sender in &senders {
        let message = Message::new("status", &status(5, "publish", 0)?);
        assert_eq!(outcome(&sender.deliver(&message).await?)?, "ignored no_active_integration");
    }
    let site = tenant.site_id.to_string();
    service.run(&["site", "rotate-webhook-secret", &site, "--now", "--json"])?.json()?;
    for sender in &senders {
        refused(&sender.deliver(&Message::new("status", &status(5, "publish", 0)?)).await?)?;
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_site_whose_plugin_has_said_that_it_signs_is_not_believed_unsigned(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let sender = Sender::of(&service, &tenant)?;
    let push = format!("integrations/{}/update_site_structure/", made(&tenant).await?.body["id"]);
    let said = |signs: bool, timestamp: &str| {
        let plugin = json!({ "version": "1", "connection_enabled": true, "two_way_sync_enabled": true, "signs_webhooks": signs });
        json!({ "post_types": {}, "taxonomies": {}, "plugin": plugin, "timestamp": timestamp })
    };
    let unsigned = async |sender: &Sender| {
        sender.send(&Message::new("status", &status(987_654, "publish", 0)?), [None; 3]).await
    };
    // A person says it of a site, not the site.
    tenant.owner.post(&push, &said(true, "2026-03-04T10:00:00Z")).await?.expect(200)?;
    assert_eq!(outcome(&unsigned(&sender).await?)?, "ignored pull_queued");
    tenant.plugin.post(&push, &said(true, "2026-03-04T11:00:00Z")).await?.expect(200)?;
    ensure!(refused(&unsigned(&sender).await?)?.contains("not signed"));
    tenant.plugin.post(&push, &said(false, "2026-03-04T12:00:00Z")).await?.expect(200)?;
    tenant.owner.post(&push, &said(false, "2026-03-04T13:00:00Z")).await?.expect(200)?;
    refused(&unsigned(&sender).await?)?;
    // Nor does a new key help, with which nobody has connected.
    let rotated = service.run(&["site", "rotate-key", &tenant.site_id.to_string(), "--json"])?.json()?;
    let newer = sender.under(&tenant.plugin.bearer(rotated["api_key"].as_str().unwrap_or_default()));
    refused(&unsigned(&newer).await?)?;
    let signed = Message::new("status", &status(987_654, "trash", 0)?);
    assert_eq!(outcome(&newer.deliver(&signed).await?)?, "ignored not_tracked");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_large_delivery_is_taken_and_a_larger_one_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let pulled = Pulled::on(backend).await?;
    let post = pulled.connected.some_post(1)?;
    let large = |bytes: usize| -> anyhow::Result<Message> {
        let metadata = json!({ "meta": { "blob": "x".repeat(bytes) }, "excerpt": "small" });
        let mut body = status(post, "publish", -5)?;
        body["metadata"] = metadata;
        Ok(Message::new("metadata", &body))
    };
    assert_eq!(outcome(&pulled.sender.deliver(&large(4 * 1024 * 1024 - 1024)?).await?)?, "applied");
    pulled.sender.deliver(&large(4 * 1024 * 1024)?).await?.problem(413, "payload_too_large")?;
    let text = pulled.sender.plugin.request(Method::POST, "webhooks/wordpress/status").body("post_id=5");
    Answer::of(text).await?.problem(415, "unsupported_media_type")?;
    Ok(())
}
