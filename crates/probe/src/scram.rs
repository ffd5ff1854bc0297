//! SCRAM as a client computes it (RFC 5802), for SHA-256 and SHA-512. Pure: it makes messages from messages.

use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

/// More iterations than any broker asks for. A peer must not keep this client busy.
const MOST_ITERATIONS: u32 = 1_000_000;

/// The hash of a mechanism.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScramHash {
    Sha256,
    Sha512,
}

impl ScramHash {
    fn parts(self) -> (pbkdf2::Algorithm, hmac::Algorithm, &'static digest::Algorithm) {
        match self {
            Self::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256, &digest::SHA256),
            Self::Sha512 => (pbkdf2::PBKDF2_HMAC_SHA512, hmac::HMAC_SHA512, &digest::SHA512),
        }
    }
}

/// A nonce of 24 characters.
///
/// # Errors
/// If the system has no random numbers.
pub(crate) fn nonce() -> Result<String, String> {
    let mut bytes = [0; 18];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system has no random numbers".to_owned())?;
    Ok(base64(&bytes))
}

/// The client's first message without its header.
pub(crate) fn first(user: &str, nonce: &str) -> String {
    format!("n={},r={nonce}", user.replace('=', "=3D").replace(',', "=2C"))
}

/// The client's last message, from the server's first one.
///
/// # Errors
/// What is wrong with the server's message.
pub(crate) fn last(hash: ScramHash, password: &str, first: &str, server_first: &str) -> Result<String, String> {
    let field = |name: &str| {
        let found = server_first.split(',').find_map(|part| part.strip_prefix(name));
        found.ok_or_else(|| format!("the broker's SCRAM message has no {name}..."))
    };
    let (nonce, salt, iterations) = (field("r=")?, field("s=")?, field("i=")?);
    let own = first.rsplit_once("r=").map_or("", |(_, nonce)| nonce);
    if !nonce.starts_with(own) || nonce == own {
        return Err("the broker's SCRAM nonce does not continue the client's".to_owned());
    }
    let iterations = iterations.parse::<u32>().ok().filter(|count| *count <= MOST_ITERATIONS).and_then(NonZeroU32::new);
    let iterations = iterations.ok_or("the broker's SCRAM message has no usable number of iterations")?;
    let salt = base64_decode(salt).ok_or("the broker's SCRAM salt is not Base64")?;
    let (pbkdf2, hmac, digest) = hash.parts();
    let mut salted = vec![0; digest.output_len()];
    pbkdf2::derive(pbkdf2, iterations, &salt, password.as_bytes(), &mut salted);
    let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac, key), text);
    let client_key = sign(&salted, b"Client Key");
    let stored_key = digest::digest(digest, client_key.as_ref());
    let without_proof = format!("c=biws,r={nonce}");
    let signature = sign(stored_key.as_ref(), format!("{first},{server_first},{without_proof}").as_bytes());
    let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(key, sign)| key ^ sign).collect();
    Ok(format!("{without_proof},p={}", base64(&proof)))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let six = (bits >> (18 - 6 * at)) & 63;
            text.push(if at <= chunk.len() { char::from(ALPHABET[six as usize]) } else { '=' });
        }
    }
    text
}

fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut have) = (Vec::new(), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = ALPHABET.iter().position(|one| *one == byte)?;
        bits = (bits << 6) | u32::try_from(six).ok()?;
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push(u8::try_from((bits >> have) & 255).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    #[test]
    fn the_example_of_the_standard() {
        let first = first("user", "rOprNGfwEbeRWgbNEkqO");
        let server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = last(ScramHash::Sha256, "pencil", &first, server).expect("a message");
        assert_eq!(
            last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
    }

    #[test]
    fn a_server_that_makes_no_sense_is_refused() {
        let first = first("a=b,c", "nonce");
        assert_eq!(first, "n=a=3Db=2Cc,r=nonce");
        for (server, words) in [
            ("r=nonce1,s=AA==", "no i="),
            ("r=other,s=AA==,i=4096", "nonce"),
            ("r=nonce,s=AA==,i=4096", "nonce"),
            ("r=nonce1,s=AA==,i=0", "iterations"),
            ("r=nonce1,s=AA==,i=4000000000", "iterations"),
            ("r=nonce1,s=A*==,i=4096", "Base64"),
        ] {
            let error = last(ScramHash::Sha512, "x", &first, server).expect_err(server);
            assert!(error.contains(words), "{server}: {error}");
        }
    }

    #[test]
    fn base64_is_read_as_it_is_written() {
        for text in ["", "a", "ab", "abc", "abcd"] {
            assert_eq!(base64_decode(&base64(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(base64(b"abcd"), "YWJjZA==");
    }
}
