//! Echoes WebSocket messages, through the very code with which the relay reads and writes them: the server that a
//! conformance suite for RFC 6455 is let loose on (`tests/websocket`).
//!
//! Listens on a free port of loopback, prints `listening on http://ADDR`, and runs until it is killed.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Shutdown};

use bytes::{Bytes, BytesMut};
use http_body_util::Empty;
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use realtime_hub::joined::HEADROOM_BYTES;
use realtime_relay::websocket::reader::{Flow, Incoming, Reader};
use realtime_relay::websocket::{handshake, writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The suite's largest message is 16 MiB.
const MAX_MESSAGE_BYTES: usize = 17 * 1024 * 1024;

const READ_BYTES: usize = 64 * 1024;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "whoever starts it reads the address from standard output")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(async move {
            let service = service_fn(|request| async { Ok::<_, Infallible>(answer(request)) });
            // A client that breaks off is what the suite does; there is nothing to report.
            let _ =
                http1::Builder::new().serve_connection(TokioIo::new(socket), service).with_upgrades().await;
        });
    }
}

fn answer(request: Request<Body>) -> Response<Empty<Bytes>> {
    let Ok(response) = handshake::answer(request.headers()) else {
        let mut refusal = Response::new(Empty::new());
        *refusal.status_mut() = StatusCode::UPGRADE_REQUIRED;
        return refusal;
    };
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
        if let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() {
            // The client may break off at any time.
            let _ = echo(parts.io.into_inner(), parts.read_buf.to_vec()).await;
        }
    });
    response
}

/// Echoes until either side closes.
async fn echo(mut socket: TcpStream, first: Vec<u8>) -> io::Result<()> {
    let mut reader = Reader::new(MAX_MESSAGE_BYTES);
    let mut buffer = first;
    loop {
        let (answers, flow) = answers_to(&mut reader, &mut buffer);
        for answer in answers {
            socket.write_all(&answer).await?;
        }
        if flow.is_break() {
            return farewell(socket).await;
        }
        buffer.resize(READ_BYTES, 0);
        let length = socket.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        buffer.truncate(length);
    }
}

fn answers_to(reader: &mut Reader, bytes: &mut [u8]) -> (Vec<Bytes>, Flow) {
    let mut answers = Vec::new();
    let fed = reader.feed(bytes, &mut |incoming| {
        let flow = if matches!(incoming, Incoming::Close(_)) { Flow::Break(()) } else { Flow::Continue(()) };
        answers.extend(answer_to(&incoming));
        flow
    });
    let flow = fed.unwrap_or_else(|violation| {
        answers.push(writer::close(violation.close_code(), &violation.to_string()));
        Flow::Break(())
    });
    (answers, flow)
}

fn answer_to(incoming: &Incoming<'_>) -> Option<Bytes> {
    match incoming {
        // The way that the relay's messages take: encoded with room in front, which the header then fills.
        Incoming::Text(text) => {
            let mut frame = BytesMut::zeroed(HEADROOM_BYTES);
            frame.extend_from_slice(text.as_bytes());
            Some(writer::text_in_place(frame))
        }
        Incoming::Binary(data) => Some(writer::binary(data)),
        Incoming::Ping(data) => Some(writer::pong(data)),
        Incoming::Part | Incoming::Pong => None,
        Incoming::Close(Some(code)) => Some(writer::close(*code, "")),
        Incoming::Close(None) => Some(writer::close_without_code()),
    }
}

/// Closes this side, and waits for the other one to close.
async fn farewell(mut socket: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&socket).shutdown(Shutdown::Write)?;
    let mut ignored = [0; 256];
    while socket.read(&mut ignored).await? > 0 {}
    Ok(())
}
