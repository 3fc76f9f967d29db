//! The connection to a PostgreSQL database under TLS, and what of its address says how.
//!
//! `sslmode` and `sslrootcert` mean what they mean to PostgreSQL's own programs:
//!
//! | sslmode | encrypted | certificate | name in it |
//! | --- | --- | --- | --- |
//! | `disable` | no | | |
//! | `prefer` (default) | if the server can | not looked at | |
//! | `require` | yes | not looked at, unless `sslrootcert` is given | |
//! | `verify-ca` | yes | of an authority that is trusted | not looked at |
//! | `verify-full` | yes | of an authority that is trusted | the host's |
//!
//! Trusted is the file that `sslrootcert` names, or without one (or with `system`) what the machine trusts.

use postgres::Socket;
use postgres::config::{Host, SslMode};
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Where systems keep what they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// How a connection is made.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: postgres::Config,
    /// Absent where nothing is encrypted.
    pub(super) tls: Option<MakeTls>,
}

/// What an address says of certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Nothing,
    Chain,
    ChainAndName,
}

impl Address {
    /// Reads an address. No part of it is in what is said of a fault, since a password may be.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (rest, mode) = without(url, "sslmode");
        let (rest, root) = without(&rest, "sslrootcert");
        let mut config: postgres::Config = rest
            .parse()
            .map_err(|_| "the address is not of the form postgres://USER:PASSWORD@HOST:PORT/NAME".to_owned())?;
        let (ssl_mode, look) = match (mode.as_deref(), &root) {
            (Some("disable"), _) => (SslMode::Disable, Look::Nothing),
            (None | Some("prefer"), _) => (SslMode::Prefer, Look::Nothing),
            (Some("require"), None) => (SslMode::Require, Look::Nothing),
            // As the authors of PostgreSQL have it: a file of authorities is there to be used.
            (Some("require"), Some(_)) | (Some("verify-ca"), _) => (SslMode::Require, Look::Chain),
            (Some("verify-full"), _) => (SslMode::Require, Look::ChainAndName),
            (Some(_), _) => return Err("sslmode is disable, prefer, require, verify-ca or verify-full".to_owned()),
        };
        // A socket on this machine is not encrypted, whatever is asked for.
        let is_local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        let ssl_mode = if is_local { SslMode::Disable } else { ssl_mode };
        config.ssl_mode(ssl_mode);
        let tls = match ssl_mode {
            SslMode::Disable => None,
            _ => Some(MakeTls::new(look, root.as_deref())?),
        };
        Ok(Self { config, tls })
    }

    pub(super) fn connect(&self) -> Result<postgres::Client, postgres::Error> {
        match &self.tls {
            None => self.config.connect(postgres::NoTls),
            Some(tls) => self.config.connect(tls.clone()),
        }
    }
}

/// An address without a parameter, and what the parameter says.
fn without(url: &str, name: &str) -> (String, Option<String>) {
    let Some((before, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut value = None;
    let kept: Vec<&str> = query
        .split('&')
        .filter(|part| match part.split_once('=').filter(|(key, _)| *key == name) {
            Some((_, text)) => {
                value = Some(decoded(text));
                false
            }
            None => true,
        })
        .collect();
    let query = kept.join("&");
    (if query.is_empty() { before.to_owned() } else { format!("{before}?{query}") }, value)
}

/// Text with its %XX read.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The authorities that are trusted.
fn roots(path: Option<&str>) -> Result<RootCertStore, String> {
    let named = path.filter(|path| *path != "system");
    let path = match named {
        Some(path) => path,
        None => SYSTEM
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .ok_or("this machine has no list of authorities where it is looked for; name one with sslrootcert=FILE")?,
    };
    let fault = |cause: String| format!("{path}: {cause}");
    let read = CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in read {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        match roots.add(certificate) {
            Err(error) if named.is_some() => return Err(fault(error.to_string())),
            // Lists of systems hold old ones that are no use.
            _ => {}
        }
    }
    if roots.is_empty() { Err(fault("holds no certificate in PEM form".to_owned())) } else { Ok(roots) }
}

/// Looks at the server's certificate as far as asked.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        // The name is looked at last: where only it is wrong, the chain is right.
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Makes connections under TLS.
#[derive(Clone)]
pub(super) struct MakeTls(Arc<ClientConfig>);

impl MakeTls {
    fn new(look: Look, root: Option<&str>) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = match look {
            Look::Nothing => None,
            Look::Chain | Look::ChainAndName => {
                let builder =
                    WebPkiServerVerifier::builder_with_provider(Arc::new(roots(root)?), Arc::clone(&provider));
                Some(builder.build().map_err(|error| error.to_string())?)
            }
        };
        let verifier = Verifier { provider: Arc::clone(&provider), chain, checks_name: look == Look::ChainAndName };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

impl MakeTlsConnect<Socket> for MakeTls {
    type Stream = Encrypted;
    type TlsConnect = Connect;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, InvalidDnsNameError> {
        Ok(Connect { config: Arc::clone(&self.0), name: ServerName::try_from(host.to_owned())? })
    }
}

/// One connection to be made.
pub(super) struct Connect {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for Connect {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        let connecting = tokio_rustls::TlsConnector::from(self.config).connect(self.name, socket);
        Box::pin(async move { Ok(Encrypted(connecting.await?)) })
    }
}

/// A connection that is made.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(url: &str) -> String {
        Address::parse(url).map(drop).expect_err("a fault")
    }

    #[test]
    fn an_address_says_how_far_the_server_is_looked_at() {
        let mode = |url: &str| {
            let address = Address::parse(url).expect("an address");
            (address.config.get_ssl_mode(), address.tls.is_some())
        };
        assert_eq!(mode("postgres://a@h/x"), (SslMode::Prefer, true));
        assert_eq!(mode("postgres://a@h/x?sslmode=disable"), (SslMode::Disable, false));
        assert_eq!(mode("postgres://a@h/x?application_name=y&sslmode=require"), (SslMode::Require, true));
        assert_eq!(mode("postgres://a@%2Ftmp/x?sslmode=require"), (SslMode::Disable, false));
        assert!(fault("postgres://a:hush@h/x?sslmode=verify").starts_with("sslmode is"));
        assert!(fault("postgres://a:hush@[bad").starts_with("the address is not of the form"));
        let told = fault("postgres://a:hush@h/x?sslmode=verify-full&sslrootcert=%2Fno%2Fsuch.pem");
        assert!(told.starts_with("/no/such.pem: ") && !told.contains("hush"), "{told}");
    }

    #[test]
    fn parameters_are_taken_out_wherever_they_stand() {
        let (url, value) = without("postgres://h/x?a=b&sslmode=require&c=d", "sslmode");
        assert_eq!((&url[..], value.as_deref()), ("postgres://h/x?a=b&c=d", Some("require")));
        let (url, value) = without("postgres://h/x?sslrootcert=a%20b%zz%", "sslrootcert");
        assert_eq!((&url[..], value.as_deref()), ("postgres://h/x", Some("a b%zz%")));
        assert_eq!(without("postgres://h/x", "sslmode"), ("postgres://h/x".to_owned(), None));
    }
}
