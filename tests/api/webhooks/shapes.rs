use anyhow::Context as _;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Pulled, at};
use crate::harness::{Backend, Message, Sender, Service};

#[rstest]
#[tokio::test]
async fn what_php_sends_for_a_real_post_is_applied(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let pulled = Pulled::on(backend).await?;
    let post = pulled.connected.some_post(1)?;
    let before = pulled.connected.content_of(post).await?;
    let status = json!({
        "post_id": post.to_string(), "post_status": "pending", "modified_gmt": at(-60)?.replace(['T', 'Z'], " ").trim(),
        "post_title": null, "post_url": false, "post_type": [], "content_id": null, "content_hash": [],
        "sequence": "7", "site_url": "", "integration_id": pulled.connected.integration.to_string(), "x": 1,
    });
    assert_eq!(pulled.told("status", &status).await?, "applied");
    let content = pulled.connected.content_of(post).await?;
    assert_eq!((&content["status"], &content["title"]), (&json!("review"), &before["title"]));

    let metadata = json!({
        "post_id": post.to_string(), "content_id": content["id"].to_string(), "sequence": 8, "site_url": false,
        "modified_gmt": at(-50)?.trim_end_matches('Z'),
        "metadata": {
            "seo": [], "categories": null, "tags": {}, "meta": [], "author": { "id": "7", "name": "Maria" }, "featured_image_url": false,
            "taxonomies": [], "title": "Told", "slug": null, "unknown": { "of": "any kind" },
        },
    });
    assert_eq!(pulled.told("metadata", &metadata).await?, "applied");
    let content = pulled.connected.content_of(post).await?;
    assert_eq!((&content["title"], &content["slug"]), (&json!("Told"), &before["slug"]));
    assert_eq!(content["featured_image_url"], Value::Null);
    let terms = content["terms"].as_array().context("terms")?;
    assert!(terms.iter().any(|term| term["taxonomy"] == "category"), "{terms:?}");

    // Larger than 32 bits; and a list whose gaps make PHP write an object.
    let unknown = json!({ "post_id": 3_000_000_000_i64, "post_status": "publish", "modified_gmt": at(-50)? });
    assert_eq!(pulled.told("status", &unknown).await?, "ignored not_tracked");
    let mut gaps = metadata;
    gaps["modified_gmt"] = json!(at(-40)?);
    gaps["sequence"] = json!(9);
    gaps["metadata"] = json!({
        "tags": { "0": { "name": "one" }, "2": { "name": "R&amp;D &eacute;", "slug": false } },
        "categories": [{ "id": "7", "name": "Noir", "taxonomy": "genre" }],
        "seo": { "title": null, "description": "told" },
    });
    assert_eq!(pulled.told("metadata", &gaps).await?, "applied");
    let content = pulled.connected.content_of(post).await?;
    let terms = content["terms"].as_array().context("terms")?;
    let tags = terms.iter().filter(|term| term["taxonomy"] == "post_tag");
    assert_eq!(tags.map(|term| &term["name"]).collect::<Vec<_>>(), ["one", "R&D é"]);
    assert!(terms.iter().any(|term| term["taxonomy"] == "genre" && term["name"] == "Noir"), "{terms:?}");
    assert_eq!((&content["seo"]["title"], &content["seo"]["description"]), (&json!(""), &json!("told")));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_right_is_named(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let sender = Sender::of(&service, &tenant)?;
    let good = json!({
        "post_id": 5, "post_status": "publish", "modified_gmt": at(0)?, "metadata": { "title": "T" },
    });
    let odd: Vec<(&str, &str, Value)> = vec![
        ("status", "post_id", json!(-1)),
        ("status", "post_id", json!(1.5)),
        ("status", "post_id", json!("abc")),
        ("status", "post_id", json!(0)),
        ("status", "post_id", json!(null)),
        ("status", "post_id", json!(9_007_199_254_740_992_i64)),
        ("status", "post_id", json!({ "id": 5 })),
        ("status", "modified_gmt", json!("0000-00-00 00:00:00")),
        ("status", "modified_gmt", json!("yesterday")),
        ("status", "modified_gmt", json!(null)),
        ("status", "modified_gmt", json!(1_700_000_000)),
        ("status", "post_status", json!("inherit")),
        ("status", "post_status", json!("")),
        ("status", "post_status", json!(false)),
        ("status", "post_title", json!(["a"])),
        ("status", "post_title", json!("a\u{0}b")),
        ("status", "content_id", json!(0)),
        ("status", "content_id", json!("x")),
        ("status", "integration_id", json!(true)),
        ("status", "sequence", json!(-1)),
        ("status", "sequence", json!(1.5)),
        ("status", "content_hash", json!({ "a": 1 })),
        ("status", "content_hash", json!("no hash")),
        ("status", "post_url", json!("javascript:alert(1)")),
        ("status", "post_url", json!("/only/a/path/")),
        ("status", "post_url", json!("https://user:secret@site.example/")),
        ("metadata", "metadata", json!(null)),
        ("metadata", "metadata", json!("text")),
    ];
    for (kind, field, value) in odd {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = sender.deliver(&Message::new(kind, &body)).await?;
        answer.names_fields(&[field]).map_err(|error| error.context(format!("{field} {value}")))?;
    }
    let inside: Vec<(&str, Value)> = vec![
        ("metadata.title", json!({ "title": 5 })),
        ("metadata.categories", json!({ "categories": "News" })),
        ("metadata.categories[0]", json!({ "categories": ["News"] })),
        ("metadata.tags[1].name", json!({ "tags": [{ "name": "a" }, { "slug": "b" }] })),
        ("metadata.taxonomies.genre[0].name", json!({ "taxonomies": { "genre": [{ "name": 5 }] } })),
        ("metadata.taxonomies.a\u{0}", json!({ "taxonomies": { "a\u{0}": [] } })),
        ("metadata.seo", json!({ "seo": "title" })),
        ("metadata.seo.title", json!({ "seo": { "title": {} } })),
        ("metadata.featured_image_url", json!({ "featured_image_url": 7 })),
        ("metadata.featured_image_url", json!({ "featured_image_url": "javascript:alert(1)" })),
        ("metadata.categories[0].id", json!({ "categories": [{ "id": "abc", "name": "News" }] })),
        ("metadata.author", json!({ "author": 5 })),
        ("metadata.author.id", json!({ "author": { "id": "x" } })),
        ("metadata.taxonomies", json!({ "tags": vec![json!({ "name": "a" }); 1001] })),
        ("metadata.meta", json!({ "meta": "text" })),
        ("metadata.meta", json!({ "meta": { "a": [{ "b": "a\u{0}" }] } })),
    ];
    for (field, metadata) in inside {
        let mut body = good.clone();
        body["metadata"] = metadata;
        let answer = sender.deliver(&Message::new("metadata", &body)).await?;
        answer.names_fields(&[field]).map_err(|error| error.context(field))?;
    }
    for text in ["", "{\"post_id\":5", "not json"] {
        let answer = sender.deliver(&Message::of_bytes("status", text.into())).await?;
        answer.problem(400, "malformed_json")?;
    }
    let all = sender.deliver(&Message::new("status", &json!({}))).await?;
    all.names_fields(&["modified_gmt", "post_id", "post_status"])?;
    sender.deliver(&Message::new("status", &json!([]))).await?.names_fields(&["body"])?;
    Ok(())
}
