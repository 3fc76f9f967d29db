//! Tokens: signed, so that they outlive a restart, and opaque to those who carry them.

mod limiter;

pub(crate) use limiter::Limiter;

use cvrs_api::limit::{REFRESH_SECONDS, TOKEN_SECONDS};
use cvrs_api::{Scopes, TokenResponse};
use ring::hmac;
use ring::rand::SecureRandom;
use std::fmt;
use std::io::{Read, Write};
use std::path::Path;

/// Whom a token speaks for, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The account that asked for it.
    pub(crate) client: String,
    /// The account that it works as: itself, or another one.
    pub(crate) acts_as: String,
    /// What it permits.
    pub(crate) scopes: Scopes,
    /// When the first token of its line was generated, in seconds.
    pub(crate) first: i64,
    /// When it ends, in seconds.
    pub(crate) ends: i64,
}

/// Why a token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// Not one of ours.
    Unknown,
    /// It was one.
    Expired,
}

/// Makes tokens and reads them.
pub(crate) struct Tokens(hmac::Key);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

/// Bytes in hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

impl Tokens {
    /// Signs with the key in a file, which is made if it is missing: 32 random bytes, mode 0600.
    #[expect(clippy::disallowed_methods, reason = "the key is kept in a file")]
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let mut key = [0; 32];
        match std::fs::File::open(path) {
            Ok(mut file) => file.read_exact(&mut key)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let random = ring::rand::SystemRandom::new();
                random.fill(&mut key).map_err(|_| std::io::Error::other("the system gives no random numbers"))?;
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut file = options.open(path)?;
                file.write_all(&key)?;
                file.sync_all()?;
            }
            Err(error) => return Err(error),
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// A token for an account that has shown its secret.
    pub(crate) fn generate(&self, client: &str, acts_as: &str, scopes: Scopes, now: i64) -> TokenResponse {
        let claims = Claims {
            client: client.to_owned(),
            acts_as: acts_as.to_owned(),
            scopes,
            first: now,
            ends: now + TOKEN_SECONDS,
        };
        self.sign(&claims)
    }

    /// A token in place of one that is still good.
    pub(crate) fn refresh(&self, token: &str, now: i64) -> Result<(Claims, TokenResponse), BadToken> {
        let claims = self.read(token, now)?;
        let ends = (now + TOKEN_SECONDS).min(claims.first + REFRESH_SECONDS);
        let claims = Claims { ends, ..claims };
        let token = self.sign(&claims);
        Ok((claims, token))
    }

    /// Whom a token speaks for.
    pub(crate) fn read(&self, token: &str, now: i64) -> Result<Claims, BadToken> {
        let (payload, tag) = token.split_once('.').ok_or(BadToken::Unknown)?;
        let (payload, tag) = from_hex(payload).zip(from_hex(tag)).ok_or(BadToken::Unknown)?;
        hmac::verify(&self.0, &payload, &tag).map_err(|_| BadToken::Unknown)?;
        let (client, acts_as, scopes, first, ends, _nonce): (String, String, u8, i64, i64, u128) =
            serde_json::from_slice(&payload).map_err(|_| BadToken::Unknown)?;
        if now >= ends {
            return Err(BadToken::Expired);
        }
        Ok(Claims { client, acts_as, scopes: Scopes::from_bits(scopes), first, ends })
    }

    fn sign(&self, claims: &Claims) -> TokenResponse {
        let Claims { client, acts_as, scopes, first, ends } = claims;
        // Two tokens are never the same, even if they permit the same until the same second.
        let nonce = uuid::Uuid::new_v4().as_u128();
        let payload = serde_json::to_vec(&(client, acts_as, scopes.bits(), first, ends, nonce)).unwrap_or_default();
        let tag = hmac::sign(&self.0, &payload);
        TokenResponse { token: format!("{}.{}", to_hex(&payload), to_hex(tag.as_ref())), expiration: *ends }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_api::Scope;

    fn tokens() -> (tempfile::TempDir, Tokens) {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(&folder.path().join("token.key")).unwrap();
        (folder, tokens)
    }

    #[test]
    fn a_token_lives_fifteen_minutes_and_outlives_a_restart() {
        let (folder, tokens) = tokens();
        let made = tokens.generate("a", "b", Scopes::of(&[Scope::Update]), 1000);
        assert_eq!(made.expiration, 1900);
        let again = Tokens::open(&folder.path().join("token.key")).unwrap();
        let claims = again.read(&made.token, 1899).unwrap();
        assert_eq!((claims.client.as_str(), claims.acts_as.as_str()), ("a", "b"));
        assert!(claims.scopes.has(Scope::Update) && !claims.scopes.has(Scope::Upload));
        assert_eq!(again.read(&made.token, 1900), Err(BadToken::Expired));
    }

    #[test]
    fn refreshing_ends_a_day_after_the_first_token() {
        let (_folder, tokens) = tokens();
        let mut token = tokens.generate("a", "a", Scopes::default(), 0);
        let mut now = 0;
        while token.expiration < REFRESH_SECONDS {
            now += 800;
            token = tokens.refresh(&token.token, now).unwrap().1;
        }
        assert_eq!(token.expiration, REFRESH_SECONDS);
        assert_eq!(tokens.refresh(&token.token, REFRESH_SECONDS), Err(BadToken::Expired));
    }

    #[test]
    fn a_token_that_was_touched_is_unknown() {
        let (_folder, tokens) = tokens();
        let token = tokens.generate("a", "a", Scopes::default(), 0).token;
        for at in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[at] = if touched[at] == b'0' { b'1' } else { b'0' };
            let touched = String::from_utf8(touched).unwrap();
            assert_eq!(tokens.read(&touched, 1), Err(BadToken::Unknown), "at {at}");
        }
        for other in ["", ".", "00.00", "ä.ö"] {
            assert_eq!(tokens.read(other, 1), Err(BadToken::Unknown));
        }
        let (_other_folder, others) = self::tokens();
        assert_eq!(others.read(&token, 1), Err(BadToken::Unknown));
    }
}
