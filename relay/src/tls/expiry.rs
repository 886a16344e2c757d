//! When the certificate ends: as a gauge, and as a line in the log once that is near.

use std::time::{Duration, SystemTime};

use rustls::sign::CertifiedKey;

use super::gauge;

/// How long before its end a certificate is worth a word. Whoever renews by ACME does so 30 days before.
const NEAR: Duration = Duration::from_secs(14 * DAY.as_secs());

/// How often it is told that the end is near, or past.
const EVERY: Duration = DAY;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When the certificate in force ends, and when that was told.
#[derive(Debug, Default)]
pub struct Expiry {
    ends_at: Option<SystemTime>,
    told_at: Option<SystemTime>,
}

impl Expiry {
    /// Another certificate is in force.
    pub fn replace(&mut self, pair: &CertifiedKey) {
        *self = Self { ends_at: end_of(pair), told_at: None };
        if let Some(ends_at) = self.ends_at {
            gauge::note_end(ends_at);
        }
    }

    /// Says that the end is near, or past, if it is and has not been said for a day.
    pub fn tell(&mut self, now: SystemTime) {
        let Some(words) = self.words(now) else { return };
        tracing::warn!("{words}");
    }

    fn words(&mut self, now: SystemTime) -> Option<String> {
        let ends_at = self.ends_at.filter(|ends_at| *ends_at <= now + NEAR)?;
        let was_told = self.told_at.is_some_and(|told_at| now < told_at + EVERY);
        if was_told {
            return None;
        }
        self.told_at = Some(now);
        Some(match ends_at.duration_since(now) {
            Ok(left) => {
                let days = left.as_secs() / DAY.as_secs();
                format!(
                    "the certificate ends in {days} days: renew it, and the relay takes the new one by itself"
                )
            }
            Err(_) => {
                "the certificate has ended, and clients refuse it: renew it, and the relay takes the new one \
                       by itself"
                    .to_owned()
            }
        })
    }
}

/// When the relay's own certificate ends; `None` when it does not say so in a way that can be read, which is not for
/// the relay to judge: clients do.
fn end_of(pair: &CertifiedKey) -> Option<SystemTime> {
    let (_, certificate) = x509_parser::parse_x509_certificate(pair.cert.first()?).ok()?;
    let seconds = certificate.validity().not_after.timestamp();
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rustls::crypto::ring::default_provider;

    use super::*;

    fn days(number: u64) -> Duration {
        DAY * u32::try_from(number).unwrap()
    }

    fn ending(ends_at: Duration) -> CertifiedKey {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(1970, 1, 1);
        params.not_after = date_time_ymd(1970, 1, 1) + ends_at;
        let certificate = params.self_signed(&key).unwrap();
        let der = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
        CertifiedKey::from_der(vec![certificate.der().clone()], der, &default_provider()).unwrap()
    }

    #[test]
    fn the_end_of_a_certificate_is_told_once_a_day_when_it_is_near() {
        let mut expiry = Expiry::default();
        let at = |days: u64, hours: u64| {
            SystemTime::UNIX_EPOCH + self::days(days) + Duration::from_secs(3600 * hours)
        };
        assert_eq!(expiry.words(at(0, 0)), None, "there is none yet");
        expiry.replace(&ending(days(20_100)));
        assert_eq!(expiry.words(at(20_085, 0)), None);
        assert!(expiry.words(at(20_086, 1)).unwrap().contains("ends in 13 days"));
        assert_eq!(expiry.words(at(20_087, 0)), None);
        assert!(expiry.words(at(20_087, 1)).unwrap().contains("ends in 12 days"));
        assert!(expiry.words(at(20_100, 1)).unwrap().contains("has ended"));
        expiry.replace(&ending(days(20_200)));
        assert_eq!(expiry.words(at(20_100, 2)), None);
        expiry.replace(&ending(days(20_101)));
        assert!(expiry.words(at(20_100, 3)).is_some(), "another one is another matter");
    }
}
