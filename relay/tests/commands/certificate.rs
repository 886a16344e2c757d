//! What `relay serve` says and counts of its certificate's end.

use std::time::{Duration, SystemTime};

use super::metrics::{Counts, until};
use super::support::secure::{Authority, Folder};
use super::terminal::Logged;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const END: &str = "relay_tls_certificate_expires_timestamp_seconds";

fn days_until(end: f64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    (end - now.as_secs_f64()) / DAY.as_secs_f64()
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_told_and_one_that_takes_its_place_is_counted() {
    let authority = Authority::new();
    let folder = Folder::with(&authority.issue_for(10 * DAY + DAY / 2));
    let relay = Logged::serve(&folder.flags().each_ref().map(String::as_str)).await;
    let left = days_until(Counts::read(relay.operators).await.of(END));
    assert!((10.0..11.0).contains(&left), "{left} days");
    folder.put(&authority.issue_for(90 * DAY));
    until(relay.operators, "relay_tls_certificate_reloads_total{result=\"loaded\"}", 1.0).await;
    let left = days_until(Counts::read(relay.operators).await.of(END));
    assert!((89.0..90.5).contains(&left), "{left} days");
    let log = relay.end().await;
    assert_eq!(log.matches("WARN the certificate ends in 10 days: renew it").count(), 1, "{log}");
    assert_eq!(log.matches("the certificate ends").count(), 1, "{log}");
}
