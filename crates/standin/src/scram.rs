//! SCRAM-SHA-512's salted password (RFC 5802), which Kafka wants made by the client that sets a credential.

use sha2::{Digest, Sha512};

const BLOCK: usize = 128;

/// `Hi(password, salt, iterations)`: PBKDF2 with HMAC-SHA-512, one block.
pub fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 64] {
    let keyed = Keyed::new(password);
    let mut last = keyed.mac(&[salt, &1_u32.to_be_bytes()]);
    let mut result = last;
    for _ in 1..iterations {
        last = keyed.mac(&[&last]);
        for (byte, next) in result.iter_mut().zip(last) {
            *byte ^= next;
        }
    }
    result
}

/// HMAC-SHA-512 with its key already taken in, since thousands of rounds share it.
struct Keyed {
    inner: Sha512,
    outer: Sha512,
}

impl Keyed {
    fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        if key.len() > BLOCK {
            block[..64].copy_from_slice(&Sha512::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let padded = |pad: u8| Sha512::new_with_prefix(block.map(|byte| byte ^ pad));
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 64] {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update(part);
        }
        self.outer.clone().chain_update(inner.finalize()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Computed with another implementation: `hashlib.pbkdf2_hmac('sha512', password, salt, iterations)`.
    #[test]
    fn it_is_pbkdf2() {
        assert_eq!(
            hex(&salted_password(b"password", b"salt", 1)),
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"
        );
        assert_eq!(
            hex(&salted_password(b"password", b"salt", 4096)),
            "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5"
        );
        assert_eq!(
            hex(&salted_password(&[b'x'; 200], b"salt", 2)),
            "87c9db0b7c12b94bec5039ae603028ec5076234596401c3a2899f16dfe93479f2c3471672af152683f243d595ed1a7f3430ec13fda297c99e3989ea03d53f1cd"
        );
    }
}
