//! Connections: accepting them, TLS, limits on headers, and an orderly end.

use crate::intake::Limits;
use crate::route::Cut;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

/// How long running calls may take to end.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Why certificates cannot be used; nothing of a key is in it.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct TlsError {
    path: String,
    cause: String,
}

/// TLS with the server's certificate; with an authority for clients, they must show one of theirs.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fault = |cause: String| TlsError { path: path.display().to_string(), cause };
    let read: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))?.collect();
    let read = read.map_err(|error| fault(error.to_string()))?;
    if read.is_empty() { Err(fault("holds no certificate in PEM form".into())) } else { Ok(read) }
}

impl Tls {
    /// Reads PEM files: the server's chain, its key, and the authority that clients' certificates must come from.
    ///
    /// # Errors
    /// A file that cannot be read or is of another kind, and a key that does not belong to the certificate.
    pub fn open(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Self, TlsError> {
        let fault = |path: &Path, cause: String| TlsError { path: path.display().to_string(), cause };
        let chain = certificates(cert)?;
        let private = PrivateKeyDer::from_pem_file(key)
            .map_err(|_| fault(key, "holds no private key in PEM form without a password".into()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(cert, error.to_string()))?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(path)? {
                    roots.add(authority).map_err(|error| fault(path, error.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|error| fault(path, error.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, private).map_err(|error| fault(cert, error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

/// The reply was to be cut off.
#[derive(Debug)]
struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl std::error::Error for CutOff {}

/// Serves until `end`, then lets running calls finish: whether all of them did within two minutes.
///
/// # Errors
/// What the listener reports where no further connection can ever be accepted.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    limits: Limits,
    end: impl Future<Output = ()>,
) -> std::io::Result<bool> {
    let graceful = GracefulShutdown::new();
    let mut end = std::pin::pin!(end);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Mostly too many open files, which passes.
                tracing::warn!(cause = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, router, limits, watcher).await,
                Some(Tls(acceptor)) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => connection(stream, router, limits, watcher).await,
                    Ok(Err(error)) => tracing::info!(cause = %error, "a TLS handshake failed"),
                    Err(_) => tracing::info!("a TLS handshake took too long"),
                },
            }
        });
    }
    drop(listener);
    Ok(tokio::time::timeout(PATIENCE, graceful.shutdown()).await.is_ok())
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    limits: Limits,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move {
            let response: Response<Body> =
                router.call(request.map(Body::new)).await.unwrap_or_else(|never| match never {});
            // An error here breaks the connection without a byte of a reply.
            if response.extensions().get::<Cut>().is_some() { Err(CutOff) } else { Ok(response) }
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds))
        .max_buf_size(limits.header_bytes.max(8 * 1024))
        .half_close(true);
    let served = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await;
    if let Err(error) = served {
        tracing::debug!(cause = %error, "a connection ended early");
    }
}
