//! Proof Key for Code Exchange (RFC 7636): proves that the client that redeems a code requested it.

use crate::base::secret;

/// The one method of a challenge.
pub const METHOD: &str = "S256";

/// Returns whether a text can be a verifier or a challenge: 43 to 128 unreserved characters (sections 4.1 and 4.2).
pub fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// Returns the challenge of a verifier (section 4.2).
pub fn challenge(verifier: &str) -> String {
    secret::digest(verifier)
}

/// Returns whether a challenge belongs to this verifier (section 4.6).
pub fn matches(challenge: &str, verifier: &str) -> bool {
    is_well_formed(verifier) && secret::equal(challenge, &self::challenge(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_made_of_the_verifier_as_rfc_7636_says() {
        let (verifier, challenge) = ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(super::challenge(verifier), challenge);
        assert!(matches(challenge, verifier) && !matches(challenge, challenge));
    }
}
