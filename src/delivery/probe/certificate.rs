//! As much of an X.509 certificate as there is to tell about it (RFC 5280, section 4.1): until when it is valid, and who has
//! signed it. Nothing is verified here.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The beginning of its time.
    pub not_before: Timestamp,
    /// The end of its time.
    pub not_after: Timestamp,
    /// The common name of whoever has signed it.
    pub issuer: Option<String>,
    /// Whether it names itself as that.
    pub self_signed: bool,
}

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, which holds the version.
const VERSION: u8 = 0xa0;
/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

impl Certificate {
    /// Reads a certificate in DER; none where it is none.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut outer = Values(Values(der).take(SEQUENCE)?);
        let mut signed = Values(outer.take(SEQUENCE)?);
        if signed.peek() == Some(VERSION) {
            signed.take(VERSION)?;
        }
        signed.take(INTEGER)?;
        signed.take(SEQUENCE)?;
        let issuer = signed.take(SEQUENCE)?;
        let mut validity = Values(signed.take(SEQUENCE)?);
        let subject = signed.take(SEQUENCE)?;
        Some(Self {
            not_before: validity.time()?,
            not_after: validity.time()?,
            issuer: common_name(issuer),
            self_signed: issuer == subject,
        })
    }
}

fn common_name(name: &[u8]) -> Option<String> {
    let mut names = Values(name);
    while let Some(set) = names.take(SET) {
        let mut attribute = Values(Values(set).take(SEQUENCE)?);
        if attribute.take(OBJECT_IDENTIFIER)? == COMMON_NAME {
            let (_, text) = attribute.any()?;
            let text = String::from_utf8_lossy(text);
            return Some(text.chars().filter(|letter| !letter.is_control()).take(80).collect());
        }
    }
    None
}

/// Values of DER, one after the other.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The contents of the next value, which has to have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        (self.peek()? == tag).then(|| self.any())?.map(|(_, contents)| contents)
    }

    /// The tag and the contents of the next value.
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let bytes;
            (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if bytes.is_empty() || bytes.len() > 4 {
                return None;
            }
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        }
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    fn time(&mut self) -> Option<Timestamp> {
        let (tag, text) = self.any()?;
        let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
        let text = match tag {
            // Years of two digits are those from 1950 to 2049 (RFC 5280, section 4.1.2.5.1).
            UTC_TIME if text.get(..2)?.parse::<u8>().ok()? >= 50 => format!("19{text}"),
            UTC_TIME => format!("20{text}"),
            GENERALIZED_TIME => text.to_owned(),
            _ => return None,
        };
        let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
        time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn made(year: i32, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2020, 2, 29);
        parameters.not_after = rcgen::date_time_ymd(year, 12, 31);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "An Authority");
        change(&mut parameters);
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_is_read_whatever_its_form_of_time() {
        for year in [2021, 2049, 2050, 2090] {
            let read = Certificate::read(&made(year, |_| {})).unwrap();
            assert_eq!(read.not_before.to_string(), "2020-02-29T00:00:00Z");
            assert_eq!(read.not_after.to_string(), format!("{year}-12-31T00:00:00Z"));
            assert_eq!((read.issuer.as_deref(), read.self_signed), (Some("An Authority"), true));
        }
    }

    #[test]
    fn one_that_another_has_signed_names_it() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.distinguished_name.push(rcgen::DnType::OrganizationName, "Of It");
        authority.distinguished_name.push(rcgen::DnType::CommonName, "The\u{1b} One");
        let issuer = rcgen::Issuer::new(authority, key);
        let own = rcgen::KeyPair::generate().unwrap();
        let signed = rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
        let read = Certificate::read(signed.der()).unwrap();
        assert_eq!((read.issuer.as_deref(), read.self_signed), (Some("The One"), false));
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_panic(at in 0_usize..600, byte: u8, cut in 0_usize..600) {
            let mut der = made(2030, |_| {});
            let length = der.len();
            der[at % length] = byte;
            let _ = Certificate::read(&der);
            let _ = Certificate::read(&der[..cut % length]);
        }

        #[test]
        fn nor_are_bytes_that_are_no_certificate(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Certificate::read(&bytes);
        }
    }
}
