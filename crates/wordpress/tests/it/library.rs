//! Posts that a scripted site keeps: made, found by their mark, changed at a version, trashed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::fake::{FakeSite, answer, list, ok, parameter, post, recorded, wp_error};

pub const POSTS: &str = "/wp-json/wp/v2/posts";

/// The posts of a site with the plugin. Clones share them.
#[derive(Clone, Default)]
pub struct Library(Arc<Mutex<BTreeMap<u64, Value>>>);

impl Library {
    /// On a site with the plugin that has no pages, books or terms.
    pub async fn on(site: &FakeSite) -> Self {
        let library = Self::default();
        let shared = [library.clone(), library.clone(), library.clone(), library.clone(), library.clone()];
        let [listed, made, read, changed, trashed] = shared;
        let item = r"^/wp-json/wp/v2/posts/\d+$";
        for (verb, place, respond) in [
            ("GET", "^/wp-json/wp/v2/posts$", Box::new(move |asked: &Request| listed.list(asked)) as Respond),
            ("POST", "^/wp-json/wp/v2/posts$", Box::new(move |asked: &Request| made.create(asked))),
            ("GET", item, Box::new(move |asked: &Request| read.get(asked))),
            ("POST", item, Box::new(move |asked: &Request| changed.update(asked))),
            ("DELETE", item, Box::new(move |asked: &Request| trashed.trash(asked))),
        ] {
            Mock::given(method(verb)).and(path_regex(place)).respond_with(respond).mount(&site.server).await;
        }
        for other in ["pages", "books", "categories", "tags", "genres"] {
            let place = format!("/wp-json/wp/v2/{other}");
            Mock::given(path(place)).respond_with(list(&[], 0)).mount(&site.server).await;
        }
        library
    }

    /// Makes so many posts.
    pub fn add(&self, count: u64) {
        for _ in 0..count {
            self.insert(&json!({"title": "Theirs", "status": "publish"}));
        }
    }

    pub fn titles(&self) -> Vec<String> {
        let posts = self.0.lock().unwrap();
        posts.values().map(|row| row["title"]["raw"].as_str().unwrap().to_owned()).collect()
    }

    /// An editor changes a post.
    pub fn edit(&self, id: u64, change: &Value) {
        self.change(id, change);
    }

    fn insert(&self, body: &Value) -> Value {
        let id = 1 + self.0.lock().unwrap().keys().last().copied().unwrap_or(0);
        let mut row = post(id);
        row["slug"] = json!("");
        row["date_gmt"] = json!("2020-01-01T00:00:00");
        row["content"] = json!({"raw": ""});
        row["excerpt"] = json!({"raw": ""});
        self.0.lock().unwrap().insert(id, row);
        self.change(id, body)
    }

    /// Applies what was sent, at a new version and a later second.
    fn change(&self, id: u64, body: &Value) -> Value {
        let mut posts = self.0.lock().unwrap();
        let row = posts.get_mut(&id).unwrap();
        for (name, value) in body.as_object().unwrap() {
            row[name] = match name.as_str() {
                "title" | "content" | "excerpt" => json!({ "raw": value }),
                _ => value.clone(),
            };
        }
        let number = row["change"].as_u64().unwrap_or(0) + 1;
        row["change"] = json!(number);
        row["igny8_version"] = json!(format!("v{id}-{number}"));
        row["modified_gmt"] = json!(format!("2099-01-01T00:{:02}:{:02}", number / 60, number % 60));
        row["link"] = json!(format!("https://shop.example/?p={id}"));
        row.clone()
    }

    fn list(&self, asked: &Request) -> ResponseTemplate {
        let number = |name: &str| parameter(asked, name).and_then(|text| text.parse::<usize>().ok());
        let mark = parameter(asked, "igny8_content_id");
        let included: Option<Vec<u64>> =
            parameter(asked, "include").map(|ids| ids.split(',').map(|id| id.parse().unwrap()).collect());
        let posts = self.0.lock().unwrap();
        let fitting: Vec<Value> = posts
            .iter()
            .filter(|(id, _)| included.as_ref().is_none_or(|ids| ids.contains(id)))
            .filter(|(_, row)| mark.as_deref().is_none_or(|mark| row["meta"]["igny8_content_id"] == mark))
            .map(|(_, row)| row.clone())
            .collect();
        let page = fitting.iter().skip(number("offset").unwrap_or(0)).take(number("per_page").unwrap_or(10));
        list(&page.cloned().collect::<Vec<Value>>(), fitting.len())
    }

    fn create(&self, asked: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        answer(201, &self.insert(&body))
    }

    fn get(&self, asked: &Request) -> ResponseTemplate {
        let found = self.0.lock().unwrap().get(&id_in(asked)).cloned();
        found.map_or_else(|| wp_error(404, "rest_post_invalid_id"), |row| ok(&row))
    }

    fn update(&self, asked: &Request) -> ResponseTemplate {
        let id = id_in(asked);
        let version = self.0.lock().unwrap().get(&id).map(|row| row["igny8_version"].clone());
        let expected = asked.headers.get("x-igny8-if-version").map(|version| version.to_str().unwrap());
        match version {
            None => wp_error(404, "rest_post_invalid_id"),
            Some(version) if expected.is_some_and(|expected| version != expected) => {
                answer(412, &recorded("version_mismatch"))
            }
            Some(_) => ok(&self.change(id, &serde_json::from_slice(&asked.body).unwrap())),
        }
    }

    fn trash(&self, asked: &Request) -> ResponseTemplate {
        ok(&self.change(id_in(asked), &json!({"status": "trash"})))
    }
}

type Respond = Box<dyn Fn(&Request) -> ResponseTemplate + Send + Sync>;

fn id_in(request: &Request) -> u64 {
    request.url.path().rsplit('/').next().unwrap().parse().unwrap()
}
