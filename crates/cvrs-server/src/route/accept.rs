//! Media types: of bodies, and of replies.

use crate::intake::Media;
use crate::refusal::{Refusal, Result};
use axum::http::{HeaderMap, header};

/// A header's value as text; bytes that are none count as no value.
pub(super) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The media type of a body without its parameters, in lower case; a text must be UTF-8.
fn content_type(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = text(headers, header::CONTENT_TYPE) else { return Ok(None) };
    let mut parts = value.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    for parameter in parts {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
            && !["utf-8", "utf8", "us-ascii"]
                .iter()
                .any(|known| value.trim().trim_matches('"').eq_ignore_ascii_case(known))
        {
            return Err(Refusal::media_type("the text must be UTF-8"));
        }
    }
    Ok(Some(media).filter(|media| !media.is_empty()))
}

/// What an upload's body says it is. `may_lack`: without a word it is told by its content.
pub(super) fn media(headers: &HeaderMap, may_lack: bool, takes_json: bool) -> Result<Option<Media>> {
    let json = if takes_json { ", application/json" } else { "" };
    let refusal = || Refusal::media_type(format!("Content-Type must be text/plain or application/zip{json}"));
    match content_type(headers)? {
        None if may_lack => Ok(None),
        None => Err(refusal()),
        Some(name) if takes_json && name == "application/json" => Ok(Some(Media::Text)),
        Some(name) => Media::from_name(&name).map(Some).ok_or_else(refusal),
    }
}

/// Asks for a JSON body.
pub(super) fn wants_json_body(headers: &HeaderMap) -> Result<()> {
    match content_type(headers)?.as_deref() {
        Some("application/json") => Ok(()),
        _ => Err(Refusal::media_type("Content-Type must be application/json")),
    }
}

/// Whether a reply of that type is acceptable (RFC 9110, 12.5.1; the most specific range counts).
pub(super) fn accepts(headers: &HeaderMap, media: &str) -> bool {
    let (kind, _) = media.split_once('/').unwrap_or((media, ""));
    let mut ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if ranges.peek().is_none() {
        return true;
    }
    let mut best: Option<(u8, bool)> = None;
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';');
        let name = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_wanted = !parts.any(|parameter| {
            let weight = parameter.trim().strip_prefix("q=").or_else(|| parameter.trim().strip_prefix("Q="));
            weight.and_then(|weight| weight.trim().parse::<f32>().ok()).is_some_and(|weight| weight <= 0.0)
        });
        let rank = match name.split_once('/') {
            _ if name == media => 3,
            Some((range_kind, "*")) if range_kind == kind => 2,
            Some(("*", "*")) => 1,
            // Java's old client sends a lone star.
            None if name == "*" => 1,
            // An empty header says nothing.
            None if name.is_empty() => 1,
            _ => continue,
        };
        if best.is_none_or(|(known, _)| rank > known) {
            best = Some((rank, is_wanted));
        }
    }
    best.is_some_and(|(_, is_wanted)| is_wanted)
}

/// Asks that JSON is acceptable.
pub(super) fn wants_json(headers: &HeaderMap) -> Result<()> {
    if accepts(headers, "application/json") { Ok(()) } else { Err(Refusal::not_acceptable("application/json")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, header::HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (value, expected) in [
            ("application/json", true),
            ("text/html, application/*;q=0.1", true),
            ("*/*", true),
            ("*/*;q=0", false),
            ("application/json;q=0, */*", false),
            ("text/html", false),
            ("APPLICATION/JSON; charset=utf-8", true),
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", true),
        ] {
            assert_eq!(accepts(&with(header::ACCEPT, value), "application/json"), expected, "{value}");
        }
        assert!(accepts(&HeaderMap::new(), "application/json"));
    }

    #[test]
    fn bodies_are_text_or_zip() {
        let media = |value| media(&with(header::CONTENT_TYPE, value), false, false);
        assert_eq!(media("text/plain; charset=UTF-8"), Ok(Some(Media::Text)));
        assert_eq!(media("Application/ZIP"), Ok(Some(Media::Zip)));
        for other in ["text/plain; charset=utf-16", "application/json", "multipart/form-data; boundary=x", ""] {
            assert!(media(other).is_err(), "{other}");
        }
        assert!(super::media(&HeaderMap::new(), false, false).is_err());
        assert_eq!(super::media(&HeaderMap::new(), true, false), Ok(None));
        assert_eq!(super::media(&with(header::CONTENT_TYPE, "application/json"), false, true), Ok(Some(Media::Text)));
    }
}
