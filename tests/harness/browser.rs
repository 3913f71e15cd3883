//! An administrator's browser: keeps cookies, reads forms, sends them.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use reqwest::Method;

use super::http::{Answer, Client};
use super::wordpress::{Person, Site};

pub struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub async fn signed_in(site: &Site, person: &Person) -> anyhow::Result<Self> {
        let mut browser = Self { http: Client::anonymous(&site.url)?, cookies: BTreeMap::new() };
        browser.get("/wp-login.php").await?;
        let form = [("log", &*person.user), ("pwd", &*person.password), ("testcookie", "1")];
        let answer = browser.submit("/wp-login.php", &form).await?;
        ensure!(answer.status == 302, "the log-in was refused: {}", answer.status);
        Ok(browser)
    }

    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, None).await
    }

    pub async fn submit(&mut self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let mut body = reqwest::Url::parse("http://form.invalid/")?;
        body.query_pairs_mut().extend_pairs(form);
        self.send(Method::POST, path, Some(body.query().unwrap_or_default().to_owned())).await
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> anyhow::Result<Answer> {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, path).header("cookie", cookies.join("; "));
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = Answer::of(request).await?;
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }
}

/// The nonce of the form on a page that is sent to `action`.
pub fn nonce(page: &str, action: &str) -> anyhow::Result<String> {
    let form = page.split("<form").find(|form| form.contains(action)).context("there is such a form")?;
    let (_, after) = form.split_once("name=\"_wpnonce\" value=\"").context("the form has a nonce")?;
    Ok(after.split('"').next().unwrap_or_default().to_owned())
}
