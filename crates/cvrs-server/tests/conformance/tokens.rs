//! Token calls.

use crate::case::{Case, json, same};
use crate::site::{SCOPES, Site, file};
use serde_json::{Value, json as object};

fn ask(name: &str, status: u16, body: impl Into<Vec<u8>>) -> Case {
    Case::new(format!("token {name}"), "POST", "/v0/token/gen", status).media("application/json").body(body)
}

pub(crate) fn cases(site: &Site) -> Vec<Case> {
    let (client, secret) = (site.client.as_str(), site.secret(&site.client));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = object!({"clientID": client, "clientSecret": secret, "scopes": ["UPLOAD"]});
        change(&mut body);
        body.to_string()
    };
    let mut cases = vec![
        ask("right", 200, with(&|_| {})).look(|answer| {
            let body = json(answer)?;
            let names = crate::case::names(&body);
            if names != ["expiration", "token"] || !body["expiration"].is_i64() || !body["token"].is_string() {
                return Err("a token has two fields".into());
            }
            // Seconds, and not milliseconds: before the year 2100.
            let expiration = body["expiration"].as_i64().unwrap_or_default();
            if expiration < 4_102_444_800 { Ok(()) } else { Err("the expiration is not in seconds".into()) }
        }),
        ask("right with every scope", 200, with(&|body| body["scopes"] = object!(SCOPES))),
        ask("right with a field that nobody knows", 200, with(&|body| body["x"] = object!(1))),
        ask("on behalf of null", 200, with(&|body| body["onBehalfOfClientID"] = Value::Null)),
        ask("with a wrong secret", 401, with(&|body| body["clientSecret"] = object!("wrong"))),
        ask("of an unknown client", 401, with(&|body| body["clientID"] = object!(uuid::Uuid::new_v4().to_string()))),
        ask(
            "on behalf of another that is not allowed",
            403,
            with(&|body| {
                body["onBehalfOfClientID"] = object!(uuid::Uuid::new_v4().to_string());
            }),
        ),
        ask("with quoteless JSON", 400, format!("{{clientID:{client},clientSecret:{secret},scopes:[UPLOAD]}}")),
        ask("with an empty body", 400, ""),
        ask("with half a body", 400, &with(&|_| {}).as_bytes()[..20]),
        ask("with an array", 400, "[]"),
        ask("with a text", 400, "\"UPLOAD\""),
        ask("as a form", 415, "clientID=x").media("application/x-www-form-urlencoded"),
        ask("with bytes that are no text", 400, &b"{\"clientID\":\"\xFF\xFE\"}"[..]),
        Case::new("token accepting HTML alone", "POST", "/v0/token/gen", 406)
            .media("application/json")
            .header("Accept", "text/html")
            .body(with(&|_| {})),
        Case::new("refresh without a token", "POST", "/v0/token/refresh", 401),
        Case::new("refresh with a strange token", "POST", "/v0/token/refresh", 401).token("00.00"),
        Case::new("refresh right", "POST", "/v0/token/refresh", 200).token(&site.full()).look(|answer| {
            let body = json(answer)?;
            same("names", &object!(crate::case::names(&body)), object!(["expiration", "token"]))
        }),
    ];
    cases.iter_mut().filter(|case| case.name == "token as a form").for_each(|case| {
        case.headers.retain(|(_, value)| value != "application/json");
    });
    for field in ["clientID", "clientSecret", "scopes"] {
        cases.push(ask(
            &format!("without {field}"),
            400,
            with(&|body| {
                body.as_object_mut().expect("an object").remove(field);
            }),
        ));
        for wrong in [object!(1), Value::Null, object!({"a": 1}), object!(true)] {
            cases.push(ask(&format!("with {field} as {wrong}"), 400, with(&|body| body[field] = wrong.clone())));
        }
    }
    for scope in ["EXPORT", "VALIDATE", "upload", "UPLOAD ", ""] {
        cases.push(ask(&format!("with the scope {scope:?}"), 400, with(&|body| body["scopes"] = object!([scope]))));
    }
    cases.push(ask("with a scope as a number", 400, with(&|body| body["scopes"] = object!(["UPLOAD", 1]))));
    cases.push(ask("with scopes as a text", 400, with(&|body| body["scopes"] = object!("UPLOAD"))));
    if site.is_ours() {
        let of = |client: &str, scopes: &[&str], behalf: Option<&str>| {
            let secret = site.secret(client);
            object!({"clientID": client, "clientSecret": secret, "scopes": scopes, "onBehalfOfClientID": behalf})
                .to_string()
        };
        cases.push(ask("with a scope that is not provisioned", 403, of("sender", &["UPLOAD", "DELETE"], None)));
        cases.push(ask("on behalf of another that allows it", 200, of("stranger", &["UPLOAD"], Some("full"))));
        cases.push(ask("on behalf of a client that works for it", 403, of("full", &["UPLOAD"], Some("stranger"))));
        cases.push(ask("on behalf of itself", 200, of("full", &["UPLOAD"], Some("full"))));
    }
    cases
}

fn field(answer: &cvrs_testkit::http::Answer, name: &str) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    json(answer).unwrap()[name].clone()
}

/// 15 minutes from each refresh; not after the token has ended.
pub(crate) fn a_refreshed_token_works(site: &Site) {
    let body = object!({"clientID": site.client, "clientSecret": site.secret(&site.client), "scopes": ["UPLOAD"]});
    let made = site.ask(&body);
    let (token, ends) = (field(&made, "token"), field(&made, "expiration").as_i64().unwrap());
    let token = token.as_str().unwrap();
    let refresh = |token: &str| site.http.call("POST", "/v0/token/refresh", &[("Authorization", token)], b"").unwrap();
    if !site.is_ours() {
        let refreshed = refresh(token);
        assert!(field(&refreshed, "expiration").as_i64().unwrap() >= ends);
        return;
    }
    site.pass(600);
    let refreshed = refresh(token);
    assert_eq!(field(&refreshed, "expiration").as_i64().unwrap(), ends + 600);
    site.pass(300);
    assert_eq!(refresh(token).status, 401);
    let new = field(&refreshed, "token");
    let sent = |token: &str| {
        site.upload("POST", "/v0/upload/cvrs/batch", token, "text/plain", file(&[&site.id()]).as_bytes()).status
    };
    assert_eq!((sent(token), sent(new.as_str().unwrap())), (401, 200));
    // A day after the first one there is no further one.
    let mut token = new.as_str().unwrap().to_owned();
    let first = ends - 900;
    let mut now = first + 900;
    loop {
        let answer = refresh(&token);
        if answer.status == 401 {
            break;
        }
        assert!(field(&answer, "expiration").as_i64().unwrap() <= first + 86_400);
        field(&answer, "token").as_str().unwrap().clone_into(&mut token);
        site.pass(800);
        now += 800;
        assert!(now <= first + 86_400 + 800, "a token was refreshed for longer than a day");
    }
    assert!(now >= first + 86_400, "refreshing ended after {} s", now - first);
}

/// The sixty-first call of a minute is refused, and says when to come again.
pub(crate) fn sixty_calls_a_minute(site: &Site) {
    let token = site.token_of("complete", &["UPLOAD"]);
    site.pass(61);
    let refresh = || site.http.call("POST", "/v0/token/refresh", &[("Authorization", &token)], b"").unwrap();
    for call in 0..60 {
        assert_eq!(refresh().status, 200, "call {call}");
    }
    let answer = refresh();
    assert_eq!(answer.status, 429, "{answer:?}");
    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    site.pass(seconds);
    assert_eq!(refresh().status, 200);
}

/// Ten failures in a minute lock a client for a minute, with the right secret too.
pub(crate) fn ten_failures_lock(site: &Site) {
    let ask = |secret: &str| site.ask(&object!({"clientID": "redacted", "clientSecret": secret, "scopes": ["UPLOAD"]}));
    for _ in 0..10 {
        assert_eq!(ask("wrong").status, 401);
    }
    let answer = ask(site.secret("redacted"));
    assert_eq!(answer.status, 429, "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    site.pass(60);
    assert_eq!(ask(site.secret("redacted")).status, 200);
}
