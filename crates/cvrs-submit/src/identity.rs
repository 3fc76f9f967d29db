//! The client's certificate, and the authorities that are trusted: PEM, PEM with a password, PKCS#12.

use crate::error::{Error, Result};
use crate::secret::Secret;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::path::Path;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts};
use zeroize::Zeroizing;

const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A client's certificate with its key. `Debug` shows nothing of them.
#[derive(Clone)]
pub struct Identity(ClientCert);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

fn fault(path: &Path, cause: impl fmt::Display) -> Error {
    Error::Identity { path: path.display().to_string(), cause: cause.to_string() }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    std::fs::read(path).map(Zeroizing::new).map_err(|error| fault(path, error))
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<Certificate<'static>>> {
    let chain: std::result::Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|_| fault(path, "not PEM; expected -----BEGIN CERTIFICATE-----"))?;
    if chain.is_empty() {
        return Err(fault(path, "holds no certificate; expected -----BEGIN CERTIFICATE-----"));
    }
    Ok(chain.iter().map(|der| Certificate::from_der(der).to_owned()).collect())
}

impl Identity {
    /// Reads a certificate with its chain and its key. Without a key's file, the certificate's is PKCS#12, or PEM with
    /// the key in it. The password opens a PKCS#12 file, or an encrypted key.
    ///
    /// # Errors
    /// Files that cannot be read or are of another kind, a password that is missing or wrong, and a key that does not
    /// belong to the certificate.
    pub fn open(cert: &Path, key: Option<&Path>, password: Option<&Secret>) -> Result<Self> {
        let bytes = read(cert)?;
        let (chain, key_der, key_path) = if is_pem(&bytes) {
            let key_path = key.unwrap_or(cert);
            let key_bytes = key.map_or_else(|| Ok(bytes.clone()), read)?;
            (certificates(cert, &bytes)?, private_key(key_path, &key_bytes, password)?, key_path)
        } else {
            let (chain, key_der) = from_pkcs12(cert, &bytes, password)?;
            (chain, key_der, cert)
        };
        let owned: Vec<CertificateDer<'static>> =
            chain.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
        rustls::sign::CertifiedKey::from_der(owned, key_der.clone_key(), &rustls::crypto::ring::default_provider())
            .map_err(|error| fault(key_path, format!("the key and the certificate do not fit: {error}")))?;
        let label = match &key_der {
            PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
            PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        // The HTTP library takes the kind of a key from PEM alone.
        let pem = pkcs8::der::pem::encode_string(label, pkcs8::LineEnding::LF, key_der.secret_der());
        let pem = Zeroizing::new(pem.map_err(|_| fault(key_path, "the key is damaged"))?);
        let key = PrivateKey::from_pem(pem.as_bytes()).map_err(|error| fault(key_path, error))?;
        Ok(Self(ClientCert::new_with_certs(&chain, key)))
    }

    pub(crate) fn client_cert(&self) -> ClientCert {
        self.0.clone()
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ")
}

fn private_key(path: &Path, pem: &[u8], password: Option<&Secret>) -> Result<PrivateKeyDer<'static>> {
    let text = std::str::from_utf8(pem).map_err(|_| fault(path, "not PEM; expected -----BEGIN PRIVATE KEY-----"))?;
    if let Some(at) = text.find(&format!("-----BEGIN {ENCRYPTED}-----")) {
        let Some(password) = password else {
            return Err(fault(path, "the key is encrypted; give its password with --cert-password-file"));
        };
        let end = format!("-----END {ENCRYPTED}-----");
        let until = text[at..].find(&end).map(|found| at + found + end.len());
        let block = &text[at..until.ok_or_else(|| fault(path, "the key is cut short"))?];
        let (_, document) = pkcs8::SecretDocument::from_pem(block).map_err(|_| fault(path, "the key is damaged"))?;
        let encrypted = pkcs8::EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
            .map_err(|_| fault(path, "the key is damaged"))?;
        let plain = encrypted.decrypt(password.reveal()).map_err(|_| {
            fault(path, "the key cannot be decrypted; check the password (openssl pkcs8 -topk8 -v2 aes-256-cbc makes one that can)")
        })?;
        return PrivateKeyDer::try_from(plain.as_bytes().to_vec()).map_err(|cause| fault(path, cause));
    }
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        let what = "the key is encrypted in OpenSSL's old way; openssl pkcs8 -topk8 -v2 aes-256-cbc makes one that can be read";
        return Err(fault(path, what));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| fault(path, "holds no key; expected -----BEGIN PRIVATE KEY-----"))
}

type Pair = (Vec<Certificate<'static>>, PrivateKeyDer<'static>);

fn from_pkcs12(path: &Path, bytes: &[u8], password: Option<&Secret>) -> Result<Pair> {
    let given = password.map_or("", Secret::reveal);
    let store = KeyStore::from_pkcs12(bytes, given, Pkcs12ImportPolicy::Relaxed).map_err(|_| {
        let remedy = match password {
            Some(_) => "check the password",
            None => "give its password with --cert-password-file",
        };
        fault(path, format!("neither PEM nor PKCS#12 that can be opened; {remedy}"))
    })?;
    let Some((_, chain)) = store.private_key_chain() else {
        return Err(fault(path, "the PKCS#12 file holds no key with a certificate"));
    };
    let certificates = chain.certs().iter().map(|cert| Certificate::from_der(cert.as_der()).to_owned()).collect();
    let key = PrivateKeyDer::try_from(chain.key().as_der().to_vec()).map_err(|cause| fault(path, cause))?;
    Ok((certificates, key))
}

/// Authorities whose certificates are trusted.
#[derive(Clone)]
pub struct Authorities(Vec<Certificate<'static>>);

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

impl Authorities {
    /// Reads a PEM file of certificates.
    ///
    /// # Errors
    /// A file that cannot be read or holds no certificate.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = read(path)?;
        certificates(path, &bytes).map(Self)
    }

    pub(crate) fn roots(&self) -> RootCerts {
        RootCerts::new_with_certs(&self.0)
    }
}
