//! How the operator calls and marks this server on its pages.

use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The largest logo, in bytes.
pub const LARGEST_LOGO: usize = 64 * 1024;

/// The longest name, in characters: it stands in titles and beside the mark.
pub const LONGEST_NAME: usize = 40;

/// A picture that browsers show.
#[derive(Debug, PartialEq, Eq)]
pub struct Logo {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
    /// Differs between pictures, so that browsers ask for another one.
    pub version: String,
}

impl Logo {
    /// Takes a picture for what its first bytes say. Fails with what is wrong.
    pub fn of(bytes: Vec<u8>) -> Result<Logo, String> {
        if bytes.len() > LARGEST_LOGO {
            return Err(format!("it has more than {} KiB", LARGEST_LOGO / 1024));
        }
        let media_type = media_type(&bytes).ok_or("it is no PNG, JPEG, WebP or SVG")?;
        let version = HEXLOWER.encode(&Sha256::digest(&bytes)[..4]);
        Ok(Logo { media_type, bytes, version })
    }
}

fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        text => is_svg(std::str::from_utf8(text).ok()?).then_some("image/svg+xml"),
    }
}

/// Returns whether the first element of a text is an `svg`, after declarations and comments.
fn is_svg(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = match rest {
            comment if comment.starts_with("<!--") => "-->",
            declaration if declaration.starts_with("<?") => "?>",
            doctype if doctype.starts_with("<!") => {
                let Some(after) = after_doctype(doctype) else { return false };
                rest = after.trim_start();
                continue;
            }
            element => return element.strip_prefix("<svg").is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '>', '/'])),
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
}

/// Returns what follows a document type. Drawing programs declare entities in it, between brackets.
fn after_doctype(text: &str) -> Option<&str> {
    let (before, after) = text.split_at(text.find(['[', '>'])?);
    if after.starts_with('>') {
        return after.strip_prefix('>');
    }
    after.match_indices(']').find_map(|(at, _)| text[before.len() + at + 1..].trim_start().strip_prefix('>'))
}

/// The logo as its file was last read. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SiteLogo(Arc<RwLock<Option<Arc<Logo>>>>);

impl SiteLogo {
    pub fn get(&self) -> Option<Arc<Logo>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, logo: Logo) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(logo));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        let kind = |bytes: &[u8]| Logo::of(bytes.to_vec()).map(|logo| logo.media_type).ok();
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(kind(b"RIFF1234WEBPVP8 "), Some("image/webp"));
        let declaring =
            "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\" [\n<!ENTITY ns_svg \"http://www.w3.org/2000/svg\">\n]>\n<svg>";
        let spaced = declaring.replace("]>", "]\n >");
        for svg in [declaring, &spaced, "<svg/>", "\u{feff}<?xml version=\"1.0\"?>\n<!-- <html> -->\n<!DOCTYPE svg>\n<svg xmlns=\"x\">"] {
            assert_eq!(kind(svg.as_bytes()), Some("image/svg+xml"), "{svg}");
        }
        for other in ["", "<html><svg/></html>", "<svgx>", "<!-- <svg>", "GIF89a", "svg"] {
            assert_eq!(kind(other.as_bytes()), None, "{other}");
        }
        assert!(Logo::of([b"<svg/>".to_vec(), vec![b' '; LARGEST_LOGO]].concat()).is_err());
    }
}
