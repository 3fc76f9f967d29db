//! HTTPS, and clients that must show a certificate.

use crate::site::Site;
use cvrs_server::{Limits, Tls, router, serve};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

type Pair = CertifiedKey<KeyPair>;

/// Asks for `/healthz`: the reply, or nothing if the connection was refused.
async fn health(address: SocketAddr, server: &Pair, own: Option<&Pair>) -> Option<String> {
    let mut roots = RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let key = PrivateKeyDer::from_pem_slice(own.signing_key.serialize_pem().as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![CertificateDer::from(own.cert.der().to_vec())], key).unwrap()
        }
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.ok()?;
    Some(reply)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_of_the_authority_are_let_in() {
    let site = Site::new();
    let pair = || generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (server, client, stranger) = (pair(), pair(), pair());
    let put = |name: &str, text: String| -> PathBuf {
        let path = site.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (put("cert.pem", server.cert.pem()), put("key.pem", server.signing_key.serialize_pem()));
    let authority = put("authority.pem", client.cert.pem());
    assert!(Tls::open(&key, &key, None).is_err() && Tls::open(&cert, &cert, None).is_err());
    for authority in [None, Some(authority.as_path())] {
        let tls = Tls::open(&cert, &key, authority).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let router = router(Arc::clone(site.server.as_ref().unwrap()));
        let serving = tokio::spawn(serve(listener, router, Some(tls), Limits::default(), async {
            let _ = ended.await;
        }));
        let is_in = async |own| health(address, &server, own).await.is_some_and(|reply| reply.contains("UP"));
        assert!(is_in(Some(&client)).await);
        assert_eq!(is_in(None).await, authority.is_none());
        assert_eq!(is_in(Some(&stranger)).await, authority.is_none());
        end.send(()).unwrap();
        assert!(serving.await.unwrap().unwrap(), "all calls have ended");
    }
}
