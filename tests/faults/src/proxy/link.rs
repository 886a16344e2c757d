//! One connection through the proxy: two sockets, two directions, and what is ordered for it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::timeout;

use super::counts::Counters;
use super::fault::{Direction, How};
use super::pump::{Pump, throw_away};
use super::weather::{Door, Weather};
use crate::random::Random;

/// How long an end may take to answer a FIN with its own.
const FAREWELL: Duration = Duration::from_secs(1);

/// Something for every connection to do now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Cut(How),
    HalfClose(Direction),
    Swallow,
}

/// What a connection lives in.
pub(super) struct Place {
    pub(super) to: SocketAddr,
    pub(super) weather: watch::Receiver<Weather>,
    pub(super) orders: broadcast::Receiver<Order>,
    pub(super) random: Random,
}

/// Serves one client until its connection ends, however that is.
pub(super) async fn serve(client: TcpStream, place: Place, counters: &Counters) {
    let _open = counters.open();
    let door = place.weather.borrow().door.clone();
    match door {
        Door::Open => carry(client, place, counters).await,
        Door::Refuses => {
            counters.refused();
            reset(&client);
        }
        Door::Swallows => swallow(client, None, place.orders).await,
        Door::Portal(html) => {
            let _ = timeout(FAREWELL, answer(client, &html)).await;
        }
    }
}

async fn carry(mut client: TcpStream, place: Place, counters: &Counters) {
    let Place { to, weather, mut orders, mut random } = place;
    let Ok(mut server) = TcpStream::connect(to).await else {
        counters.refused();
        return reset(&client);
    };
    // The proxy adds faults, not delays of its own (Nagle's algorithm).
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (half_up, half_down) = (Notify::new(), Notify::new());
    let mut pump = |direction, half_close| {
        let (weather, random) = (weather.clone(), Random::new(random.number()));
        Pump { direction, weather, half_close, counters, random }
    };
    let (up, down) = (pump(Direction::Up, &half_up), pump(Direction::Down, &half_down));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let carried =
        async { tokio::try_join!(up.run(from_client, to_server), down.run(from_server, to_client)) };
    let order = tokio::select! {
        // An error of one end is an error of the other.
        ended = carried => ended.err().map(|_| Order::Cut(How::Reset)),
        order = last_order(&mut orders, &half_up, &half_down) => Some(order),
    };
    match order {
        Some(Order::Cut(How::Reset)) => [&client, &server].into_iter().for_each(reset),
        Some(Order::Cut(How::Orderly)) => {
            tokio::join!(say_goodbye(client), say_goodbye(server));
        }
        Some(Order::Swallow) => swallow(client, Some(server), orders).await,
        Some(Order::HalfClose(_)) | None => {}
    }
}

/// Passes orders on to the pumps, up to the first that ends them.
async fn last_order(orders: &mut broadcast::Receiver<Order>, up: &Notify, down: &Notify) -> Order {
    loop {
        match orders.recv().await {
            Ok(Order::HalfClose(direction)) => {
                if direction.covers(Direction::Up) {
                    up.notify_one();
                }
                if direction.covers(Direction::Down) {
                    down.notify_one();
                }
            }
            Ok(order) => return order,
            // Orders were missed, or the proxy is gone.
            Err(_) => return Order::Cut(How::Reset),
        }
    }
}

/// Keeps a connection without carrying or telling anything, until it is cut or the proxy ends.
async fn swallow(client: TcpStream, server: Option<TcpStream>, mut orders: broadcast::Receiver<Order>) {
    let how = loop {
        match orders.recv().await {
            Ok(Order::Cut(how)) => break how,
            Ok(_) => {}
            Err(_) => break How::Reset,
        }
    };
    if how == How::Reset {
        reset(&client);
        server.iter().for_each(reset);
    }
}

/// Has the socket's close send RST.
fn reset(socket: &TcpStream) {
    // It fails on a socket that is gone already, which is what is wanted.
    let _ = socket.set_zero_linger();
}

/// FIN, and then whatever the other end still says, so that the kernel has no reason for a RST.
async fn say_goodbye(mut socket: TcpStream) {
    let _ = socket.shutdown().await;
    let _ = timeout(FAREWELL, throw_away(socket)).await;
}

async fn answer(mut client: TcpStream, html: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        html.len()
    );
    client.readable().await?;
    client.write_all(&[head.as_bytes(), html.as_bytes()].concat()).await?;
    say_goodbye(client).await;
    Ok(())
}
