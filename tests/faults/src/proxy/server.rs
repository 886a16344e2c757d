//! The proxy: a listener, the weather, and the connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::counts::{Counters, Counts};
use super::fault::Fault;
use super::link::{Order, Place, serve};
use super::weather::Weather;
use crate::random::Random;

/// Orders that a connection may be behind with; one that is further behind is cut.
const MAX_ORDERS: usize = 64;

/// A TCP proxy with faults on demand. Dropped, it ends, and every connection with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    to: watch::Sender<SocketAddr>,
    weather: watch::Sender<Weather>,
    orders: broadcast::Sender<Order>,
    counters: Arc<Counters>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens, and leads every connection to `to`. The seed spreads the jitter of delays.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(listen: SocketAddr, to: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (weather, _) = watch::channel(Weather::default());
        let (orders, _) = broadcast::channel(MAX_ORDERS);
        let (to, destination) = watch::channel(to);
        let counters = Arc::new(Counters::start());
        let arrivals = Arrivals { listener, destination, weather: weather.clone(), orders: orders.clone() };
        let task = tokio::spawn(arrivals.accept(Arc::clone(&counters), Random::new(seed)));
        Ok(Self { address, to, weather, orders, counters, task })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes something go wrong, besides what is wrong already. Lasting faults last until [`Proxy::heal`].
    pub fn apply(&self, fault: &Fault) {
        self.weather.send_modify(|weather| weather.take(fault));
        let order = match fault {
            Fault::Cut { how } => Order::Cut(*how),
            Fault::HalfClose { direction } => Order::HalfClose(*direction),
            Fault::BlackHole => Order::Swallow,
            _ => return,
        };
        // An error means that there is no connection.
        let _ = self.orders.send(order);
    }

    /// Ends every lasting fault. What was cut, half-closed or swallowed stays so.
    pub fn heal(&self) {
        self.weather.send_replace(Weather::default());
    }

    /// Leads new connections elsewhere.
    pub fn lead_to(&self, to: SocketAddr) {
        self.to.send_replace(to);
    }

    /// What it has seen so far.
    pub fn counts(&self) -> Counts {
        self.counters.counts()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The task owns the connections.
        self.task.abort();
    }
}

struct Arrivals {
    listener: TcpListener,
    destination: watch::Receiver<SocketAddr>,
    weather: watch::Sender<Weather>,
    orders: broadcast::Sender<Order>,
}

impl Arrivals {
    async fn accept(self, counters: Arc<Counters>, mut random: Random) {
        let mut links = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = links.join_next() => continue,
            };
            // What fails is one connection, or descriptors are short: then the next one is as good.
            let Ok((client, _)) = accepted else {
                tokio::task::yield_now().await;
                continue;
            };
            counters.arrived();
            let place = Place {
                to: *self.destination.borrow(),
                weather: self.weather.subscribe(),
                orders: self.orders.subscribe(),
                random: Random::new(random.number()),
            };
            let counters = Arc::clone(&counters);
            links.spawn(async move { serve(client, place, &counters).await });
        }
    }
}
