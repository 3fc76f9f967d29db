//! Who gets in.

use crate::site::{Site, UPLOAD, entry, file};
use cvrs_api::TokenResponse;
use serde_json::json;

#[tokio::test]
async fn a_token_lives_fifteen_minutes_and_can_be_refreshed_until_then() {
    let site = Site::new();
    let made: TokenResponse = site.ask("a", site.secret("a"), &["UPLOAD"]).await.json();
    assert_eq!(made.expiration, site.now() + 900);
    site.pass(899);
    let refreshed = site.call("POST", "/v0/token/refresh", &[("authorization", &made.token)], "").await;
    assert_eq!(refreshed.json::<TokenResponse>().expiration, site.now() + 900);
    site.pass(1);
    let late = site.call("POST", "/v0/token/refresh", &[("authorization", &made.token)], "").await;
    assert!(late.refused(401).contains("expired"));
    assert!(site.send("POST", &made.token, "text/plain", file(&["A1"])).await.refused(401).contains("expired"));
}

#[tokio::test]
async fn wrong_credentials_and_scopes_are_told_apart() {
    let site = Site::new();
    for (id, secret) in [("a", "wrong"), ("nobody", site.secret("a"))] {
        assert_eq!(site.ask(id, secret, &["UPLOAD"]).await.refused(401), "clientID or clientSecret is wrong");
    }
    site.ask("a", site.secret("a"), &["EXPORT"]).await.refused(400);
    site.ask("check", site.secret("check"), &["UPLOAD", "DELETE"]).await.refused(403);
    let secret = site.secret("a");
    for body in [
        json!({"clientSecret": secret, "scopes": ["UPLOAD"]}),
        json!({"clientID": "a", "scopes": ["UPLOAD"]}),
        json!({"clientID": "a", "clientSecret": secret}),
        json!({"clientID": "a", "clientSecret": secret, "scopes": "UPLOAD"}),
        json!({"clientID": 1, "clientSecret": secret, "scopes": ["UPLOAD"]}),
        json!(["a"]),
    ] {
        let message = site.post("/v0/token/gen", "", &body).await.refused(400);
        assert!(!message.contains(secret), "{message}");
    }
    let quoteless = format!("{{clientID:a,clientSecret:{secret},scopes:[UPLOAD]}}");
    let json = [("content-type", "application/json")];
    assert!(!site.call("POST", "/v0/token/gen", &json, quoteless).await.refused(400).contains(secret));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    site.call("POST", "/v0/token/gen", &form, "{}").await.refused(415);
}

#[tokio::test]
async fn a_token_is_taken_bare_and_as_bearer_and_with_blanks_around() {
    let site = Site::new();
    let token = site.sender().await;
    for value in [token.clone(), format!("Bearer {token}"), format!("bearer  {token} "), format!(" {token} ")] {
        site.send("POST", &value, "text/plain", file(&[])).await.uploaded();
    }
    site.send("POST", &format!("Basic {token}"), "text/plain", file(&[])).await.refused(401);
    let none = site.call("POST", UPLOAD, &[("content-type", "text/plain")], file(&[])).await;
    none.refused(401);
    assert_eq!(none.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn one_may_work_for_another_only_if_the_account_says_so() {
    let site = Site::new();
    let ask = |id: &str, behalf: &str| json!({"clientID": id, "clientSecret": site.secret(id), "scopes": ["UPLOAD", "EXPORT_NON_REDACTED"], "onBehalfOfClientID": behalf});
    site.post("/v0/token/gen", "", &ask("a", "other")).await.refused(403);
    site.post("/v0/token/gen", "", &ask("other", "b")).await.refused(403);
    let answer = site.post("/v0/token/gen", "", &ask("other", "a")).await;
    let token = answer.json::<TokenResponse>().token;
    site.send("POST", &token, "text/plain", file(&["A1"])).await.uploaded();
    // It went to the jurisdiction of the account that was worked for.
    let own = site.sender().await;
    assert_eq!(site.export(&own, "CVRS_PROCESSED_NON_REDACTED").await.lines().count(), 2);
}

#[tokio::test]
async fn sixty_calls_a_minute_and_ten_failures() {
    let site = Site::new();
    for _ in 0..10 {
        site.ask("nobody", "x", &["UPLOAD"]).await.refused(401);
    }
    let locked = site.ask("nobody", "x", &["UPLOAD"]).await;
    locked.refused(429);
    assert_eq!(locked.headers["retry-after"], "60");
    let token = site.token("a", &["UPLOAD"]).await;
    for _ in 1..60 {
        assert_eq!(site.call("POST", "/v0/token/refresh", &[("authorization", &token)], "").await.status, 200);
    }
    site.call("POST", "/v0/token/refresh", &[("authorization", &token)], "").await.refused(429);
    site.ask("b", site.secret("b"), &["UPLOAD"]).await.json::<TokenResponse>();
    site.pass(61);
    site.token("a", &["UPLOAD"]).await;
}

#[tokio::test]
async fn a_revoked_account_is_out_at_once_and_a_new_one_in() {
    let mut site = Site::new();
    let token = site.sender().await;
    cvrs_server::revoke_client(&site.clients(), "other").unwrap();
    cvrs_server::revoke_client(&site.clients(), "a").unwrap();
    site.add(&entry("new", "GAA"));
    site.send("POST", &token, "text/plain", file(&["A1"])).await.refused(401);
    site.token("new", &["UPLOAD"]).await;
}

#[tokio::test]
async fn tokens_outlive_a_restart() {
    let mut site = Site::new();
    let token = site.sender().await;
    site.start();
    site.send("POST", &token, "text/plain", file(&["A1"])).await.uploaded();
}
