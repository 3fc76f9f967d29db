//! The way to a clearinghouse, from options and environment: shared by all commands of the client.

use crate::args::Connect;
use crate::fault::{Fault, Result};
use crate::interrupt;
use cvrs_api::Scope;
use cvrs_engine::Control;
use cvrs_submit::{Authorities, Connection, Credentials, Identity, Secret, Settings, Tokens};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is needed to call a clearinghouse.
pub(crate) struct Line {
    pub(crate) connection: Connection,
    credentials: Credentials,
}

impl Line {
    /// Reads credentials and certificates; nothing is sent yet.
    pub(crate) fn open(args: &Connect) -> Result<Self> {
        let control = Arc::new(Control::default());
        interrupt::watch(&control);
        Self::with_control(args, &control)
    }

    pub(crate) fn with_control(args: &Connect, control: &Arc<Control>) -> Result<Self> {
        let needed = |what: &str| Fault::usage(format!("{what} is needed"));
        let url = args.url.clone().filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| needed("--url BASE (or CVRS_URL)"))?;
        let client_id = args.client_id.clone().filter(|id| !id.is_empty());
        let client_id = client_id.ok_or_else(|| needed("--client-id ID (or CVRS_CLIENT_ID)"))?;
        let password = password(args)?;
        let identity = args.cert.as_deref().map(|cert| Identity::open(cert, args.key.as_deref(), password.as_ref()));
        let settings = Settings {
            url,
            identity: identity.transpose()?,
            authorities: args.ca.as_deref().map(Authorities::open).transpose()?,
            timeout: Duration::from_secs(args.timeout),
            retries: args.retries,
            cancel: cancel(control),
        };
        let connection = Connection::new(&settings)?;
        let credentials = Credentials { client_id, secret: secret(args)?, on_behalf_of: args.on_behalf_of.clone() };
        Ok(Self { connection, credentials })
    }

    /// Tokens for these scopes.
    pub(crate) fn tokens(&self, scopes: &[Scope]) -> Tokens<'_> {
        Tokens::new(&self.connection, self.credentials.clone(), scopes)
    }

    /// The account in ledgers and receipts: with the one that it works for.
    pub(crate) fn client(&self) -> String {
        match &self.credentials.on_behalf_of {
            Some(other) => format!("{} for {other}", self.credentials.client_id),
            None => self.credentials.client_id.clone(),
        }
    }
}

/// The control's flag, in a form that the client takes.
fn cancel(control: &Arc<Control>) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let (weak, control) = (Arc::downgrade(&flag), Arc::clone(control));
    std::thread::spawn(move || {
        while let Some(flag) = weak.upgrade() {
            if control.cancel.load(Ordering::Relaxed) {
                flag.store(true, Ordering::Relaxed);
                return;
            }
            drop(flag);
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    flag
}

fn read_secret(path: &Path, option: &str) -> Result<Secret> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.map_err(|error| Fault::file(format!("{option} {}: {error}", path.display())))?;
    let secret = Secret::new(text);
    if secret.is_empty() {
        return Err(Fault::usage(format!("{option} {}: it is empty", path.display())));
    }
    Ok(secret)
}

fn secret(args: &Connect) -> Result<Secret> {
    if args.secret_stdin {
        return read_secret(Path::new("-"), "--secret-stdin");
    }
    if let Some(path) = &args.secret_file {
        return read_secret(path, "--secret-file");
    }
    let secret = std::env::var("CVRS_CLIENT_SECRET").ok().map(Secret::new).filter(|secret| !secret.is_empty());
    secret.ok_or_else(|| Fault::usage("a secret is needed: --secret-file FILE, --secret-stdin or CVRS_CLIENT_SECRET"))
}

fn password(args: &Connect) -> Result<Option<Secret>> {
    if let Some(path) = &args.cert_password_file {
        return read_secret(path, "--cert-password-file").map(Some);
    }
    Ok(std::env::var("CVRS_CERT_PASSWORD").ok().map(Secret::new).filter(|password| !password.is_empty()))
}
