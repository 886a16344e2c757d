//! Both ends of a connection through a proxy.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use faults::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long anything may take on a machine that has other things to do.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long something that must not happen is waited for.
const A_MOMENT: Duration = Duration::from_millis(150);

pub(crate) const ANYWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

pub(crate) struct Scene {
    pub(crate) proxy: Proxy,
    server: TcpListener,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let server = TcpListener::bind(ANYWHERE).await.unwrap();
        let proxy = Proxy::start(ANYWHERE, server.local_addr().unwrap(), 1).await.unwrap();
        Self { proxy, server }
    }

    /// A client's and the server's end of a new connection.
    pub(crate) async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = self.connect_alone().await;
        (client, self.accept().await)
    }

    /// The server's end of the next connection.
    pub(crate) async fn accept(&self) -> TcpStream {
        soon(self.server.accept()).await.unwrap().0
    }

    /// A client of which the server need not know.
    pub(crate) async fn connect_alone(&self) -> TcpStream {
        soon(TcpStream::connect(self.proxy.address())).await.unwrap()
    }
}

pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(DEADLINE, work).await.expect("it happens within the deadline")
}

pub(crate) async fn say(to: &mut TcpStream, text: &str) {
    soon(to.write_all(text.as_bytes())).await.unwrap();
}

/// The next bytes, as many as the text has.
pub(crate) async fn hears(end: &mut TcpStream, text: &str) {
    let mut heard = vec![0; text.len()];
    soon(end.read_exact(&mut heard)).await.unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), text);
}

/// How the stream ends: with nothing more to read, or an error.
pub(crate) async fn end_of(end: &mut TcpStream) -> Result<(), io::ErrorKind> {
    let mut rest = Vec::new();
    let ended = soon(end.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"", "nothing comes before the end");
    ended.map(drop).map_err(|error| error.kind())
}

/// Neither a byte nor an end comes for a moment.
pub(crate) async fn hears_nothing(end: &mut TcpStream) {
    let mut byte = [0];
    let heard = timeout(A_MOMENT, end.read(&mut byte)).await;
    assert!(heard.is_err(), "heard {heard:?}");
}
