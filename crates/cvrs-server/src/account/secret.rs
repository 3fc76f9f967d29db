//! Secrets at rest: argon2id, and nothing that could be turned back.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::SecureRandom;
use std::fmt;

/// 19 MiB, two passes, one lane: what OWASP asks at least.
fn argon() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// The hash of a secret for a file of clients.
///
/// # Errors
/// If the system has no random numbers.
pub fn hash_secret(secret: &str) -> Result<String, String> {
    argon().hash_password(secret.as_bytes()).map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// A new secret: 256 random bits in 64 letters and digits.
///
/// # Errors
/// If the system has no random numbers.
pub fn new_secret() -> Result<String, String> {
    let mut bytes = [0; 32];
    ring::rand::SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gives no random numbers".to_owned())?;
    Ok(crate::token::to_hex(&bytes))
}

/// What a secret is compared with. `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct Verifier(String);

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl Verifier {
    /// From a hash in the form of the PHC, which must be argon2id.
    pub(crate) fn from_hash(hash: &str) -> Result<Self, &'static str> {
        let parsed =
            PasswordHash::new(hash).map_err(|_| "secret_hash is no hash in PHC form; `cvrs client add` makes one")?;
        if parsed.algorithm.as_str() != "argon2id" || parsed.hash.is_none() {
            return Err("secret_hash is not argon2id; `cvrs client add` makes one");
        }
        Ok(Self(hash.to_owned()))
    }

    /// From a secret.
    pub(crate) fn from_secret(secret: &str) -> Result<Self, String> {
        hash_secret(secret).map(Self)
    }

    /// Whether that is the secret. Takes some 20 ms whatever the answer.
    pub(crate) fn matches(&self, secret: &str) -> bool {
        PasswordHash::new(&self.0).is_ok_and(|hash| argon().verify_password(secret.as_bytes(), &hash).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_hash_and_no_other() {
        let secret = new_secret().unwrap();
        let verifier = Verifier::from_hash(&hash_secret(&secret).unwrap()).unwrap();
        assert!(verifier.matches(&secret));
        assert!(!verifier.matches(&secret[1..]) && !verifier.matches(""));
    }

    #[test]
    fn other_hashes_are_refused() {
        for hash in
            ["", "secret", "$2b$12$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"]
        {
            assert!(Verifier::from_hash(hash).is_err(), "{hash}");
        }
    }
}
