//! Checks of the certificate: whether the key belongs to it, when it ends, and whether it is for the public host.

use std::ops::Range;
use std::path::Path;

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use ureq::tls::{PemItem, parse_pem};

use crate::base::time::Time;
use crate::http::certificate::Certificate;
use crate::model::finding::{Finding, span};

const CHECK: &str = "certificate";

/// How long before its end, in seconds, a certificate should have been renewed; one that is valid for a short time, in its last third.
const RENEWED_BEFORE: i64 = 21 * 24 * 3600;
const LAST_PART: i64 = 3;

/// Looks at the first certificate in a file, and at the file of its key. Clients look for the name of `host`, if it is known.
pub fn check(file: &Path, key: &Path, host: Option<&str>, now: Time) -> Finding {
    let shown = file.display();
    if let Err(why) = Certificate::read(file, key) {
        return Finding::problem(CHECK, why, "name a certificate and the key that belongs to it with --tls-cert and --tls-key");
    }
    let read = std::fs::read(file).map_err(|error| error.to_string()).and_then(|pem| first_in(&pem));
    let (der, valid) = match read {
        Err(why) => return Finding::problem(CHECK, format!("cannot read {shown}: {why}"), "name a file in PEM with --tls-cert"),
        Ok(found) => found,
    };
    let (from, end) = (valid.start, valid.end);
    let left = end.seconds() - now.seconds();
    let text = format!("{shown} ends on {end}, in {}", span(left));
    match host {
        _ if end <= now => Finding::problem(CHECK, format!("{shown} ended on {end}"), "renew it: browsers and clients refuse it"),
        _ if from > now => Finding::problem(CHECK, format!("{shown} is not valid before {from}"), "check the clock, or get another one"),
        Some(host) if !is_for(&der, host) => {
            Finding::problem(CHECK, format!("{shown} is not for {host}, the host of the public URL"), "get one that has this name")
        }
        _ if left < RENEWED_BEFORE.min((end.seconds() - from.seconds()) / LAST_PART) => {
            Finding::problem(CHECK, text, "renew it, and see why that was not done by itself")
        }
        _ => Finding::ok(CHECK, text),
    }
}

/// Returns the first certificate in a file, in DER, and when it is valid.
fn first_in(pem: &[u8]) -> Result<(Vec<u8>, Range<Time>), String> {
    let first = parse_pem(pem).find_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate.der().to_vec()),
        _ => None,
    });
    first.and_then(|der| validity(&der).map(|valid| (der, valid))).ok_or_else(|| "there is no certificate in it".to_owned())
}

/// Returns whether clients accept the certificate for this host. For what is no host, there is nothing to look for.
fn is_for(der: &[u8], host: &str) -> bool {
    let Ok(name) = ServerName::try_from(host) else { return true };
    ParsedCertificate::try_from(&CertificateDer::from(der)).is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
}

/// Returns when a certificate in DER is valid (RFC 5280 section 4.1).
fn validity(der: &[u8]) -> Option<Range<Time>> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (_, certificate, _) = element(der)?;
    let (_, signed, _) = element(certificate)?;
    // The version, if it is there, the serial number, the algorithm and the issuer come before.
    let skipped = if signed.first() == Some(&VERSION) { 4 } else { 3 };
    let rest = (0..skipped).try_fold(signed, |rest, _| element(rest).map(|(_, _, rest)| rest))?;
    let (tag, both, _) = element(rest)?;
    let (from_kind, from, rest) = element(both)?;
    let (end_kind, end, _) = element(rest)?;
    let text = |text| std::str::from_utf8(text).ok();
    (tag == SEQUENCE).then_some(time(from_kind, text(from)?)?..time(end_kind, text(end)?)?)
}

/// Returns the tag and the content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80).filter(|(digits, _)| digits.len() <= 4)?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// Reads `YYMMDDHHMMSSZ` (UTCTime) or `YYYYMMDDHHMMSSZ` (GeneralizedTime).
fn time(kind: u8, text: &str) -> Option<Time> {
    const UTC_TIME: u8 = 0x17;
    let whole = match kind {
        UTC_TIME if text < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => text.to_owned(),
    };
    let part = |from: usize, to: usize| whole.get(from..to);
    let (date, clock) = ([part(0, 4)?, part(4, 6)?, part(6, 8)?].join("-"), [part(8, 10)?, part(10, 12)?, part(12, 14)?].join(":"));
    Time::parse(&format!("{date}T{clock}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_certificate_are_read_and_what_is_none_is_told() {
        assert_eq!(time(0x17, "300102030405Z").map(|time| time.to_string()).as_deref(), Some("2030-01-02T03:04:05Z"));
        assert_eq!(time(0x18, "20520102030405Z").map(|time| time.to_string()).as_deref(), Some("2052-01-02T03:04:05Z"));
        for bad in [&[][..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 0x02, 0x30, 0x00], &[0x30, 0xff]] {
            assert_eq!(validity(bad), None);
        }
    }
}
