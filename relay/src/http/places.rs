//! Places for connections: so many in all, and so many for one client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderMap;
use parking_lot::Mutex;

use crate::http::address::{Client, TrustedProxies, is_private};
use crate::http::problem::{Code, Problem};
use crate::log::pace::Pace;

/// The places of a relay.
#[derive(Debug)]
pub struct Places {
    max: usize,
    max_per_client: usize,
    taken: AtomicUsize,
    by_client: Mutex<HashMap<Client, usize>>,
    proxies: TrustedProxies,
    refused: [AtomicU64; 2],
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// The relay has as many connections as it may.
    Full,
    /// The client has.
    ClientHasEnough,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Places>);

/// One of the places that a client may have, given back when it is dropped.
#[derive(Debug)]
pub struct Claim {
    places: Arc<Places>,
    client: Client,
}

/// What a connection holds for as long as it lasts.
#[derive(Debug)]
pub struct Seat {
    /// Its place.
    pub place: Place,
    /// Its client's claim, where that is limited.
    pub claim: Option<Claim>,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The other end of the connection.
    pub address: IpAddr,
    /// Whether that is a proxy that tells the client's address.
    pub is_trusted_proxy: bool,
}

impl Places {
    /// So many places in all, and so many for one client, 0 for as many as there are. Proxies tell of whom they speak.
    pub fn new(max: usize, max_per_client: usize, proxies: TrustedProxies) -> Self {
        let max_per_client = if max_per_client == 0 { usize::MAX } else { max_per_client };
        Self {
            max,
            max_per_client,
            taken: AtomicUsize::new(0),
            by_client: Mutex::default(),
            proxies,
            refused: Default::default(),
        }
    }

    /// What is known of a connection from this address.
    pub fn peer(&self, address: IpAddr) -> Peer {
        Peer { address, is_trusted_proxy: self.proxies.contains(address) }
    }

    /// Claims a place for a client that connects by itself. For those behind a trusted proxy, see
    /// [`claim_behind`](Self::claim_behind).
    ///
    /// # Errors
    /// When the client has as many as it may.
    pub fn claim_of(self: &Arc<Self>, peer: Peer) -> Result<Option<Claim>, NoPlace> {
        if peer.is_trusted_proxy { Ok(None) } else { self.claim(peer.address) }
    }

    /// Claims a place for a client that a proxy speaks for. Who connects by itself has claimed one already.
    ///
    /// # Errors
    /// When the client has as many as it may.
    pub fn claim_behind(self: &Arc<Self>, peer: Peer, headers: &HeaderMap) -> Result<Option<Claim>, NoPlace> {
        let client =
            Some(headers).filter(|_| peer.is_trusted_proxy).and_then(|headers| self.proxies.client(headers));
        client.map_or(Ok(None), |address| self.claim(address))
    }

    /// Connections that have a place.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Every reason for a refusal, and how many there were.
    pub fn each_refused(&self, mut tell: impl FnMut(&'static str, u64)) {
        for (reason, count) in ["full", "address"].into_iter().zip(&self.refused) {
            tell(reason, count.load(Ordering::Relaxed));
        }
    }

    /// Takes a place for a connection.
    ///
    /// # Errors
    /// When all are taken.
    pub fn take(self: &Arc<Self>) -> Result<Place, NoPlace> {
        let place = Place(Arc::clone(self));
        if self.taken.fetch_add(1, Ordering::Relaxed) < self.max {
            return Ok(place);
        }
        Err(self.full())
    }

    /// Private addresses have no limit, and need no claim.
    fn claim(self: &Arc<Self>, address: IpAddr) -> Result<Option<Claim>, NoPlace> {
        if is_private(address) {
            return Ok(None);
        }
        let client = Client::of(address);
        let mut by_client = self.by_client.lock();
        let taken = by_client.entry(client).or_default();
        if *taken < self.max_per_client {
            *taken += 1;
            return Ok(Some(Claim { places: Arc::clone(self), client }));
        }
        drop(by_client);
        Err(self.client_has_enough(address))
    }

    /// Counts a refusal for want of places, and says so now and then.
    pub fn full(&self) -> NoPlace {
        static PACE: Pace = Pace::new();
        if let Some(left_out) = PACE.turn() {
            tracing::warn!(left_out, "the relay has as many connections as it may (--max-sessions)");
        }
        self.refused(NoPlace::Full)
    }

    fn client_has_enough(&self, address: IpAddr) -> NoPlace {
        static PACE: Pace = Pace::new();
        if let Some(left_out) = PACE.turn() {
            let setting = "--max-connections-per-address";
            tracing::warn!(%address, left_out, setting, "an address has as many connections as it may");
        }
        self.refused(NoPlace::ClientHasEnough)
    }

    fn refused(&self, why: NoPlace) -> NoPlace {
        if let Some(count) = self.refused.get(why as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        why
    }
}

impl From<NoPlace> for Problem {
    fn from(why: NoPlace) -> Self {
        match why {
            NoPlace::Full => {
                let detail = "the relay has as many connections as it may";
                Self::new(Code::Unavailable, detail).retry_after(Duration::from_secs(1))
            }
            NoPlace::ClientHasEnough => {
                let detail = "your address has as many connections as it may";
                Self::new(Code::TooManyRequests, detail).retry_after(Duration::from_secs(10))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut by_client = self.places.by_client.lock();
        if let Some(taken) = by_client.get_mut(&self.client) {
            *taken -= 1;
            if *taken == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn places(max: usize, max_per_client: usize) -> Arc<Places> {
        Arc::new(Places::new(max, max_per_client, TrustedProxies::default()))
    }

    #[test]
    fn there_are_so_many_places_and_those_that_are_given_back() {
        let places = places(2, 0);
        let (first, _second) = (places.take().unwrap(), places.take().unwrap());
        assert_eq!(places.take().err(), Some(NoPlace::Full));
        assert_eq!(places.taken(), 2);
        drop(first);
        assert!(places.take().is_ok());
    }

    #[test]
    fn a_client_may_have_so_many_and_others_do_not_count() {
        let places = places(0, 2);
        let first = places.claim(ip("2001:db8::1")).unwrap();
        let _second = places.claim(ip("2001:db8::2")).unwrap();
        assert_eq!(places.claim(ip("2001:db8::3")).err(), Some(NoPlace::ClientHasEnough));
        assert!(places.claim(ip("2001:db8:0:1::1")).unwrap().is_some());
        drop(first);
        assert!(places.claim(ip("2001:db8::3")).is_ok());
        let mut refused = Vec::new();
        places.each_refused(|reason, count| refused.push((reason, count)));
        assert_eq!(refused, [("full", 0), ("address", 1)]);
    }

    #[test]
    fn private_addresses_have_no_limit_and_nobody_has_one_when_it_is_0() {
        let limited = places(0, 1);
        assert!((0..10).all(|_| limited.claim(ip("10.0.0.1")).is_ok_and(|claim| claim.is_none())));
        let unlimited = places(0, 0);
        let claims: Vec<_> = (0..10).map(|_| unlimited.claim(ip("203.0.113.7"))).collect();
        assert!(claims.iter().all(Result::is_ok));
    }

    #[test]
    fn nothing_is_remembered_of_a_client_that_is_gone() {
        let places = places(0, 1);
        drop(places.claim(ip("203.0.113.7")).unwrap());
        assert!(places.by_client.lock().is_empty());
    }
}
