//! WebSocket (RFC 6455) for a server, without I/O: bytes in, messages out; messages in, bytes out.
//!
//! warp routes the request and answers it; from then on the bytes are ours, because warp's own WebSocket keeps a
//! large buffer for every connection and writes once per message (`docs/decisions/0002-own-the-socket.md`). Header
//! parsing and masking are soketto's.
//!
//! Autobahn's test suite is let loose on this room in `npm test`, by way of `examples/websocket-echo.rs`.
//!
//! Reading order: [`handshake`], [`reader`], [`writer`].

pub mod handshake;
pub mod reader;
pub mod writer;
