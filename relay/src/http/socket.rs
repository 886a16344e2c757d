//! A client's socket as hyper sees it. hyper refuses what it cannot read with a bare status; here such a refusal
//! becomes a problem document, and a connection is closed so that its last answer arrives.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::http::places::Seat;
use crate::http::problem::{Code, Problem};
use crate::http::{refusal, untaken};
use crate::tls::stream::Stream;

/// How long a connection is read on after this side has closed, see [`Socket::poll_linger`].
const LINGER: Duration = Duration::from_secs(2);

/// Bytes that are read at once while lingering, to be thrown away.
const LINGER_BYTES: usize = 8 * 1024;

/// Whether an answer of ours is under way. What hyper writes while none is, is its own refusal.
#[derive(Debug, Default)]
pub struct Gate(AtomicU8);

const SHUT: u8 = 0;
const OPEN: u8 = 1;
const CLOSING: u8 = 2;

impl Gate {
    /// A request has come: its answer will be written.
    pub fn open(&self) {
        self.0.store(OPEN, Ordering::Relaxed);
    }

    /// The answer is complete: what has been written once it is flushed is all of it.
    pub fn closing(&self) {
        self.0.store(CLOSING, Ordering::Relaxed);
    }

    /// No answer is under way: what is written from now on until the next request is not ours.
    pub fn shut(&self) {
        self.0.store(SHUT, Ordering::Relaxed);
    }

    fn flushed(&self) {
        let _ = self.0.compare_exchange(CLOSING, SHUT, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn is_shut(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SHUT
    }
}

/// A socket and the gate before it.
#[derive(Debug)]
pub struct Socket {
    stream: Stream,
    gate: Arc<Gate>,
    seat: Seat,
    /// What was read already, and is to be read again.
    unread: Bytes,
    /// What is written in place of hyper's refusal.
    instead: Bytes,
    refused: Option<Code>,
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// A socket whose gate is to be opened for every request.
    pub fn new(stream: impl Into<Stream>, gate: Arc<Gate>, seat: Seat) -> Self {
        Self {
            stream: stream.into(),
            gate,
            seat,
            unread: Bytes::new(),
            instead: Bytes::new(),
            refused: None,
            stalled: None,
            lingering: None,
        }
    }

    /// The socket itself, what of it is to be read again, and the seat that it keeps for as long as it lasts.
    pub fn into_parts(self) -> (Stream, Bytes, Seat) {
        (self.stream, self.unread, self.seat)
    }

    /// Has what was read last read again, by whoever reads next.
    pub fn unread(&mut self, bytes: Bytes) {
        self.unread = bytes;
    }

    /// Writes a last answer when the socket is shut down.
    pub fn refuse(&mut self, problem: Problem) {
        self.refused = Some(problem.code());
        self.instead = refusal::answer(problem);
    }

    /// Why the client was refused without any route having been asked.
    pub const fn refused(&self) -> Option<Code> {
        self.refused
    }

    /// Fails a write for which the client has left no room for too long.
    fn watch_stall<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(untaken::PATIENCE))).as_mut().poll(cx));
        untaken::note();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Reads on until the client closes too, for a while: a socket that is closed with unread bytes is reset, which
    /// can cost the client the answer (RFC 9112 section 9.6).
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.lingering.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut bytes = [0; LINGER_BYTES];
        loop {
            let mut unread = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut unread));
            if read.is_err() || unread.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let length = self.unread.len().min(into.remaining());
            into.put_slice(&self.unread.split_to(length));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.gate.is_shut() {
            self.refuse(refusal::in_place_of(bytes));
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch_stall(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.gate.is_shut() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(cx, first.map_or(&[], |slice| slice));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch_stall(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.gate.flushed();
        while !self.instead.is_empty() {
            let Self { stream, instead, .. } = &mut *self;
            let written = Pin::new(stream).poll_write(cx, instead);
            let length = ready!(self.watch_stall(cx, written))?;
            self.instead.advance(length);
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch_stall(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(self.as_mut().poll_flush(cx))?;
            let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.watch_stall(cx, closed))?;
        }
        self.poll_linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::http::address::TrustedProxies;
    use crate::http::places::Places;

    async fn pair() -> (Socket, TcpStream, Arc<Gate>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let gate = Arc::new(Gate::default());
        let places = Arc::new(Places::new(1, 0, TrustedProxies::default()));
        let seat = Seat { place: places.take().unwrap(), claim: None };
        (Socket::new(listener.accept().await.unwrap().0, Arc::clone(&gate), seat), client, gate)
    }

    #[tokio::test]
    async fn what_is_written_while_no_answer_is_under_way_becomes_a_document() {
        let (mut socket, mut client, gate) = pair().await;
        gate.open();
        socket.write_all(b"an answer").await.unwrap();
        gate.closing();
        socket.write_all(b", all of it; ").await.unwrap();
        socket.flush().await.unwrap();
        socket.write_all(b"HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n").await.unwrap();
        let (_, read) = tokio::join!(socket.shutdown(), async {
            let mut read = String::new();
            client.read_to_string(&mut read).await.unwrap();
            drop(client);
            read
        });
        assert!(read.starts_with("an answer, all of it; HTTP/1.1 431 "), "{read}");
        assert!(read.ends_with('}') && read.contains("\"code\":\"head_too_large\""), "{read}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_of_its_answer_is_given_up() {
        let (mut socket, _client, gate) = pair().await;
        gate.open();
        let written = socket.write_all(&vec![0; 64 * 1024 * 1024]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
