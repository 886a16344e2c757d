//! A lane before hyper, for the two requests that come by the ten thousand: a publish, and a browser's handshake.
//!
//! A connection begins here. A request that is there whole and is as plain as nearly all of them are is answered at once,
//! in the task that has read it, by the same functions that a route would have asked. Everything else goes to hyper from
//! its first byte on, and the connection stays there: what is incomplete, chunked, pipelined with something else, of HTTP/1.0, for
//! another address, or wrong. So HTTP's many ways are hyper's alone, and what is refused is refused in one place.
//!
//! What always holds:
//! - **Nobody can tell the difference**: status, header fields, body, effect and counters are those of the way through
//!   hyper (`tests/relay/lane.rs` and `tests/commands/lane_counts.rs` try both).
//! - **Nothing is half answered**: a request is taken whole, or hyper gets all of it.
//! - **A connection at rest owns no buffer**: what is read lies in one buffer a thread until the turn is over.
//!
//! Why there is such a thing, and what it brought: `docs/decisions/0019-a-lane-before-hyper.md`.
//!
//! Reading order: [`head`] (which requests are plain), [`turn`] (what the bytes of a read
//! lead to), [`serve`] (the connection), [`patience`] (how hyper goes on counting the time that was waited here).

pub mod head;
pub mod patience;
pub mod serve;
pub mod turn;
