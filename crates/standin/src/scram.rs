//! SCRAM-SHA-512's salted password (RFC 5802). Kafka expects the client that sets a credential to compute it.

use ring::pbkdf2::{PBKDF2_HMAC_SHA512, derive};
use std::num::NonZeroU32;

/// `Hi(password, salt, iterations)`, which is PBKDF2 with HMAC-SHA-512 and one block of output.
pub fn salted_password(password: &[u8], salt: &[u8], iterations: NonZeroU32) -> [u8; 64] {
    let mut salted = [0; 64];
    derive(PBKDF2_HMAC_SHA512, iterations, salt, password, &mut salted);
    salted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn rounds(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).expect("at least one")
    }

    /// Computed with another implementation: `hashlib.pbkdf2_hmac('sha512', password, salt, iterations)`.
    #[test]
    fn it_is_pbkdf2() {
        assert_eq!(
            hex(&salted_password(b"password", b"salt", rounds(1))),
            "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"
        );
        assert_eq!(
            hex(&salted_password(b"password", b"salt", rounds(4096))),
            "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5"
        );
        assert_eq!(
            hex(&salted_password(&[b'x'; 200], b"salt", rounds(2))),
            "87c9db0b7c12b94bec5039ae603028ec5076234596401c3a2899f16dfe93479f2c3471672af152683f243d595ed1a7f3430ec13fda297c99e3989ea03d53f1cd"
        );
    }
}
