//! Calls to the clearinghouse: what became of each, and when it may be made again.

use crate::body::Body;
use crate::error::{Error, Result};
use crate::identity::{Authorities, Identity};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ureq::http::{Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, SendBody};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// From so many bytes on a body waits for the word to go on, so that a refusal is read before all is sent.
const ASK_FIRST: u64 = 64 << 10;
/// How long that word is waited for; servers that do not know of it never send it.
const ASK_PATIENCE: Duration = Duration::from_secs(1);
/// The longest reply that is read, in bytes; an export is streamed instead.
const MAX_REPLY: u64 = 128 << 20;
/// The first pause before a call is made again; each one is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A service that asks to come back later than this is told to the user instead.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

/// Of what kind the failure of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// The service cannot be reached, or does not answer.
    Network,
    /// The service refuses or fails.
    Service,
    /// The service refuses who asks.
    Credentials,
}

/// A call that failed for good; the message is one line with cause and remedy.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// Its kind.
    pub kind: CallKind,
    /// The status of the reply, if there was one.
    pub status: Option<u16>,
    message: String,
}

impl CallError {
    pub(crate) fn new(kind: CallKind, message: impl Into<String>) -> Self {
        Self { kind, status: None, message: one_line(&message.into()) }
    }

    pub(crate) const fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// A text of somebody else's on one line of bounded length.
pub(crate) fn one_line(text: &str) -> String {
    let mut out: String = text.chars().take(1_000).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out.trim().to_owned()
}

/// How the clearinghouse is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base of its URLs, such as `https://clearinghouse.example`.
    pub url: String,
    /// The client's certificate.
    pub identity: Option<Identity>,
    /// Authorities that are trusted instead of the system's.
    pub authorities: Option<Authorities>,
    /// How long one reply is waited for.
    pub timeout: Duration,
    /// How often a call is made again.
    pub retries: u32,
    /// Set to stop soon.
    pub cancel: Arc<AtomicBool>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Attempt {
    Reply(Reply),
    /// The service has not got all of it, and so has done nothing.
    NotSent(Failure),
    /// The service may have done what was asked, or not.
    Unsure(Failure),
}

/// Why a call got no reply.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) cause: String,
    /// Whether the same would happen again.
    is_lasting: bool,
    is_about_identity: bool,
}

/// The way to one clearinghouse.
#[derive(Debug)]
pub struct Connection {
    agent: Agent,
    /// For replies that may take as long as they are long.
    streaming: Agent,
    /// Whether the service takes the question whether a body is welcome.
    asks_first: AtomicBool,
    base: String,
    host: String,
    retries: u32,
    cancel: Arc<AtomicBool>,
}

/// A call to be made.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) media: Option<&'static str>,
}

/// Counts bytes on their way out.
struct Counted<R> {
    inner: R,
    n: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.n += n as u64;
        Ok(n)
    }
}

/// Pauses between attempts: doubled each time, drawn between a half and the whole of it.
#[derive(Debug)]
pub(crate) struct Pauses {
    left: u32,
    next: Duration,
}

impl Pauses {
    /// The pause before the next attempt, if there is to be one.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        if retry_after.is_some_and(|wanted| wanted > LONGEST_RETRY_AFTER) {
            return None;
        }
        let pause = jittered(self.next);
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        Some(retry_after.map_or(pause, |wanted| wanted + pause / 4))
    }
}

/// Between a half and the whole of a pause.
pub(crate) fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() as u32;
    pause.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

impl Connection {
    /// Prepares calls; nothing is sent yet.
    ///
    /// # Errors
    /// A URL that is none, and certificates that do not fit.
    pub fn new(settings: &Settings) -> Result<Self> {
        let base = settings.url.trim_end_matches('/').to_owned();
        let bad = || Error::Settings(format!("{base}: not the URL of a clearinghouse; expected https://HOST[:PORT]"));
        let (scheme, rest) = base.split_once("://").ok_or_else(bad)?;
        let authority = rest.split('/').next().unwrap_or_default();
        if !matches!(scheme, "http" | "https") || authority.is_empty() || authority.contains('@') {
            return Err(bad());
        }
        let host = authority.to_owned();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = settings.authorities.as_ref().map_or(RootCerts::PlatformVerifier, Authorities::roots);
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(roots)
            .client_cert(settings.identity.as_ref().map(Identity::client_cert))
            .build();
        let build = |reply: Option<Duration>| {
            let config = Agent::config_builder()
                .tls_config(tls.clone())
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .allow_non_standard_methods(true)
                .user_agent(concat!("cvrs/", env!("CARGO_PKG_VERSION")))
                .accept("application/json")
                .accept_encoding("")
                // A connection that was left open may break unseen just when an upload has been sent on it.
                .max_idle_connections(0)
                .timeout_resolve(Some(CONNECT.min(settings.timeout)))
                .timeout_connect(Some(CONNECT.min(settings.timeout)))
                .timeout_await_100(Some(ASK_PATIENCE))
                .timeout_per_read(Some(settings.timeout))
                .timeout_per_write(Some(settings.timeout))
                .timeout_recv_response(Some(settings.timeout))
                .timeout_recv_body(reply);
            config.build().new_agent()
        };
        let (agent, streaming) = (build(Some(settings.timeout)), build(None));
        let (cancel, asks_first) = (Arc::clone(&settings.cancel), AtomicBool::new(true));
        Ok(Self { agent, streaming, asks_first, base, host, retries: settings.retries, cancel })
    }

    /// The base of its URLs.
    pub fn url(&self) -> &str {
        &self.base
    }

    pub(crate) fn pauses(&self) -> Pauses {
        Pauses { left: self.retries, next: FIRST_PAUSE }
    }

    /// Waits, unless it is told to stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn pause(&self, pause: Duration) -> Result<()> {
        let end = Instant::now() + pause;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    /// Fails if it was told to stop.
    pub(crate) fn check(&self) -> Result<()> {
        if self.cancel.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Makes a call once.
    pub(crate) fn attempt(&self, call: &Call<'_>, body: Option<&mut Body>) -> Result<Attempt> {
        let Some(body) = body else {
            return Ok(match self.open(&self.agent, call, SendBody::none(), None) {
                Ok(response) => read_reply(response),
                Err(error) => judge(&error, true),
            });
        };
        let len = body.len();
        loop {
            let mut reader = Counted { inner: body.reader().map_err(Error::Temporary)?, n: 0 };
            let opened = self.open(&self.agent, call, SendBody::from_reader(&mut reader), Some(len));
            let is_sent = reader.n >= len;
            return Ok(match opened {
                // Something on the way does not know the question; nothing was sent then.
                Ok(response) if response.status().as_u16() == 417 && self.asks_first.swap(false, Ordering::Relaxed) => {
                    continue;
                }
                Ok(response) => read_reply(response),
                Err(error) => judge(&error, is_sent),
            });
        }
    }

    /// Makes a call once, up to the head of the reply.
    fn open(
        &self,
        agent: &Agent,
        call: &Call<'_>,
        body: SendBody<'_>,
        len: Option<u64>,
    ) -> std::result::Result<Response<ureq::Body>, ureq::Error> {
        let mut request = Request::builder().method(call.method.clone()).uri(format!("{}{}", self.base, call.path));
        if let Some(token) = call.token {
            request = request.header("Authorization", token);
        }
        if let Some(media) = call.media {
            request = request.header("Content-Type", media);
        }
        if let Some(len) = len {
            request = request.header("Content-Length", len);
            if len >= ASK_FIRST && self.asks_first.load(Ordering::Relaxed) {
                request = request.header("Expect", "100-continue");
            }
        }
        agent.run(request.body(body)?)
    }

    /// Makes a call that may be repeated without harm, as often as it takes within the limit on retries.
    pub(crate) fn call(&self, call: &Call<'_>, mut body: Option<&mut Body>) -> Result<Reply> {
        let mut pauses = self.pauses();
        loop {
            self.check()?;
            let (error, retry_after) = match self.attempt(call, body.as_deref_mut())? {
                Attempt::Reply(reply) if matches!(reply.status, 429 | 502..=504) => {
                    (self.refused(&reply), reply.retry_after)
                }
                Attempt::Reply(reply) => return Ok(reply),
                Attempt::NotSent(failure) | Attempt::Unsure(failure) => {
                    if failure.is_lasting {
                        return Err(self.failed(&failure).into());
                    }
                    (self.failed(&failure), None)
                }
            };
            match pauses.next(retry_after) {
                Some(pause) => self.pause(pause)?,
                None => return Err(error.into()),
            }
        }
    }

    /// The same, up to the head of a reply whose body is streamed.
    pub(crate) fn stream(&self, call: &Call<'_>, body: &[u8]) -> Result<Streamed> {
        let mut pauses = self.pauses();
        loop {
            self.check()?;
            let mut reader = body;
            let len = Some(body.len() as u64);
            let opened = self.open(&self.streaming, call, SendBody::from_reader(&mut reader), len);
            let (error, retry_after) = match opened {
                Ok(response) if response.status().is_success() => {
                    return Ok(Streamed::Body(Box::new(
                        response.into_body().into_with_config().limit(u64::MAX).reader(),
                    )));
                }
                Ok(response) => match read_reply(response) {
                    Attempt::Reply(reply) if matches!(reply.status, 429 | 502..=504) => {
                        (self.refused(&reply), reply.retry_after)
                    }
                    Attempt::Reply(reply) => return Ok(Streamed::Reply(reply)),
                    Attempt::NotSent(failure) | Attempt::Unsure(failure) => (self.failed(&failure), None),
                },
                Err(error) => match judge(&error, true) {
                    Attempt::NotSent(failure) | Attempt::Unsure(failure) if !failure.is_lasting => {
                        (self.failed(&failure), None)
                    }
                    Attempt::NotSent(failure) | Attempt::Unsure(failure) => return Err(self.failed(&failure).into()),
                    Attempt::Reply(reply) => return Ok(Streamed::Reply(reply)),
                },
            };
            match pauses.next(retry_after) {
                Some(pause) => self.pause(pause)?,
                None => return Err(error.into()),
            }
        }
    }

    /// What a call without a reply is told as.
    pub(crate) fn failed(&self, failure: &Failure) -> CallError {
        let (host, cause) = (&self.host, &failure.cause);
        if failure.is_about_identity {
            let message = format!("{host} refuses the client's certificate: {cause}; check --cert and --key");
            return CallError::new(CallKind::Credentials, message);
        }
        CallError::new(CallKind::Network, format!("{host}: {cause}"))
    }

    /// What a reply that is a refusal is told as.
    pub(crate) fn refused(&self, reply: &Reply) -> CallError {
        let host = &self.host;
        let said = reply.message();
        let (kind, what) = match reply.status {
            401 => (CallKind::Credentials, "refuses the credentials"),
            403 => (CallKind::Credentials, "does not permit this"),
            404 => (CallKind::Service, "does not know what was asked for; check the URL and the id"),
            413 => (CallKind::Service, "finds the upload too large; lower --max-bytes"),
            429 => (CallKind::Service, "gets too many calls of this client; try again in a minute"),
            502..=504 => (CallKind::Service, "is unavailable; try again later"),
            300..=399 => (CallKind::Service, "points elsewhere; check the URL"),
            500.. => (CallKind::Service, "has failed"),
            _ => (CallKind::Service, "refuses the call"),
        };
        let status = reply.status;
        let said = if said.is_empty() { said } else { format!(": {said}") };
        CallError::new(kind, format!("{host} {what} ({status}{said})")).with_status(status)
    }
}

/// A reply whose body is read bit by bit, or a refusal.
pub(crate) enum Streamed {
    Body(Box<dyn Read + Send>),
    Reply(Reply),
}

impl Failure {
    /// Whether the same would happen again.
    pub(crate) const fn is_lasting(&self) -> bool {
        self.is_lasting
    }
}

impl Reply {
    /// What the body of a refusal says, if it says anything.
    pub(crate) fn message(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let said = json.as_ref().and_then(|json| json.get("message").or_else(|| json.get("error"))?.as_str());
        match (said, &json) {
            (Some(said), _) => one_line(said),
            // A page for people says nothing in one line.
            (None, None) if !text.trim_start().starts_with('<') => {
                one_line(&text.chars().take(200).collect::<String>())
            }
            _ => String::new(),
        }
    }
}

fn read_reply(response: Response<ureq::Body>) -> Attempt {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = header("retry-after").and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    match response.into_body().into_with_config().limit(MAX_REPLY).read_to_vec() {
        Ok(body) => Attempt::Reply(Reply { status, retry_after, body }),
        Err(error) => judge(&error, true),
    }
}

/// What the failure of a call means, given whether all of its body was handed to the network.
fn judge(error: &ureq::Error, is_sent: bool) -> Attempt {
    let mut is_lasting = false;
    let mut is_about_identity = false;
    let mut is_before = false;
    let cause = match error {
        ureq::Error::HostNotFound => {
            is_before = true;
            "no such host; check the URL and the network".to_owned()
        }
        ureq::Error::ConnectionFailed => {
            is_before = true;
            "no connection; check the URL and the network".to_owned()
        }
        ureq::Error::ConnectProxyFailed(cause) => {
            is_before = true;
            format!("the proxy makes no connection ({cause}); check the proxy variables")
        }
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            is_before = true;
            "no connection within the time allowed; check the URL and the network".to_owned()
        }
        ureq::Error::Timeout(_) => "no answer within the time allowed; --timeout allows more".to_owned(),
        ureq::Error::Tls(cause) => {
            (is_before, is_lasting) = (true, true);
            (*cause).to_owned()
        }
        ureq::Error::Rustls(cause) => {
            (is_before, is_lasting) = (true, true);
            tls_cause(cause, &mut is_about_identity)
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl => {
            (is_before, is_lasting) = (true, true);
            "the URL or the proxy's is none; check both".to_owned()
        }
        ureq::Error::BodyExceedsLimit(_) => {
            is_lasting = true;
            "the reply is longer than any should be".to_owned()
        }
        ureq::Error::Io(error) => {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            if let Some(cause) = inner {
                // A refused certificate of ours is told only when the reply is read.
                let is_refusal = !matches!(cause, rustls::Error::General(_));
                (is_before, is_lasting) = (is_refusal, is_refusal);
                tls_cause(cause, &mut is_about_identity)
            } else {
                use io::ErrorKind;
                is_before = matches!(
                    error.kind(),
                    ErrorKind::ConnectionRefused
                        | ErrorKind::HostUnreachable
                        | ErrorKind::NetworkUnreachable
                        | ErrorKind::AddrNotAvailable
                        | ErrorKind::NetworkDown
                );
                match error.kind() {
                    ErrorKind::ConnectionRefused => {
                        "connection refused; check the URL, and that the service runs".into()
                    }
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                        "the connection broke".to_owned()
                    }
                    _ => error.to_string(),
                }
            }
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            "the answer is not HTTP; check the URL (https or http?)".to_owned()
        }
        other => other.to_string(),
    };
    let failure = Failure { cause: one_line(&cause), is_lasting, is_about_identity };
    if is_before || !is_sent { Attempt::NotSent(failure) } else { Attempt::Unsure(failure) }
}

fn tls_cause(error: &rustls::Error, is_about_identity: &mut bool) -> String {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(cause) => {
            format!("its certificate is not trusted ({cause}); name its authority with --ca")
        }
        rustls::Error::AlertReceived(
            alert @ (Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied),
        ) => {
            *is_about_identity = true;
            format!("{alert:?}")
        }
        other => format!("no TLS connection ({other}); check the URL"),
    }
}
