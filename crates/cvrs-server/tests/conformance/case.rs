//! One call and what must come of it.

use crate::site::Site;
use cvrs_testkit::http::Answer;
use serde_json::Value;

pub(crate) type Look = Box<dyn Fn(&Answer) -> Result<(), String> + Send + Sync>;

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// Any of these.
    pub(crate) status: Vec<u16>,
    pub(crate) look: Option<Look>,
}

impl Case {
    pub(crate) fn new(name: impl Into<String>, method: &'static str, path: impl Into<String>, status: u16) -> Self {
        Self {
            name: name.into(),
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            status: vec![status],
            look: None,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", token)
    }

    pub(crate) fn media(self, media: &str) -> Self {
        self.header("Content-Type", media)
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn or(mut self, status: u16) -> Self {
        self.status.push(status);
        self
    }

    pub(crate) fn look(mut self, look: impl Fn(&Answer) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.look = Some(Box::new(look));
        self
    }

    pub(crate) fn call(&self, site: &Site) -> Result<Answer, String> {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // A length that is only said: no body follows.
        let said = headers.iter().any(|(name, _)| *name == "Content-Length");
        let answer = if said {
            site.http.raw((site.http.head(self.method, &self.path, &headers) + "\r\n").as_bytes())
        } else {
            site.http.call(self.method, &self.path, &headers, &self.body)
        };
        answer.map_err(|error| error.to_string())
    }

    pub(crate) fn run(&self, site: &Site, known: &[(&str, u16, &str)]) -> Result<(), String> {
        let answer = self.call(site)?;
        let difference = known.iter().find(|(name, ..)| self.name.contains(name) && site.is_ours());
        if let Some((_, status, why)) = difference {
            return if answer.status == *status { Ok(()) } else { Err(format!("no longer so: {why}; {answer:?}")) };
        }
        if !self.status.contains(&answer.status) {
            return Err(format!("{:?} expected, got {answer:?}", self.status));
        }
        if answer.status >= 400 {
            refusal(&answer, &self.path)?;
        }
        self.look.as_ref().map_or(Ok(()), |look| look(&answer).map_err(|error| format!("{error}; {answer:?}")))
    }
}

/// The form that all refusals have.
fn refusal(answer: &Answer, path: &str) -> Result<(), String> {
    let body: Value = serde_json::from_slice(&answer.body).map_err(|error| format!("{error}: {answer:?}"))?;
    let keys: Vec<&str> = body.as_object().map_or(Vec::new(), |object| object.keys().map(String::as_str).collect());
    let is_formed = ["timestamp", "status", "error", "message", "path"].iter().all(|key| keys.contains(key))
        && body["status"] == answer.status
        && body["path"] == path.split('?').next().unwrap_or_default()
        && body["message"].as_str().is_some_and(|message| !message.is_empty());
    if is_formed { Ok(()) } else { Err(format!("the refusal has another form: {answer:?}")) }
}

pub(crate) fn json(answer: &Answer) -> Result<Value, String> {
    if answer.header("content-type").is_none_or(|media| !media.starts_with("application/json")) {
        return Err("the reply is not application/json".into());
    }
    serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
}

/// Whether two things are the same, in words.
pub(crate) fn same(what: &str, found: &Value, expected: impl Into<Value>) -> Result<(), String> {
    let expected = expected.into();
    if *found == expected { Ok(()) } else { Err(format!("{what}: {expected} expected, found {found}")) }
}

/// The names of an object, sorted.
pub(crate) fn names(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default();
    names.sort();
    names
}
