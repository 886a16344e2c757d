//! The commands of the `relay` binary: what a person or a script runs at a terminal.
//!
//! What holds in this room:
//!
//! - **Data to standard output, words to standard error.** What a pipe carries on is never mixed with messages.
//! - **Exit codes**: 0 for success, 1 for what failed or was refused, 2 for a command line that is not right.
//! - Each command is a **pure core**, tested by itself, and a small `run` around it.
//!
//! Reading order: [`failure`] and [`output`] (how a command ends), [`address`] and [`channel`] (what is written at
//! the command line), [`dial`] and [`trust`] (how a relay is reached), then the commands: [`serve`] with [`handed`],
//! [`descriptors`], [`signals`] and [`notify`], [`publish`] with [`request`], [`subscribe`] with [`follow`],
//! [`line`](mod@line), [`transport`] and [`lines`], [`token`], [`config`], [`check`] and [`expect`] with [`script`], [`completions`].

pub mod address;
pub mod channel;
pub mod check;
pub mod completions;
pub mod config;
pub mod descriptors;
pub mod dial;
pub mod expect;
pub mod failure;
pub mod follow;
pub mod handed;
pub mod line;
pub mod lines;
pub mod notify;
pub mod output;
pub mod publish;
pub mod request;
pub mod script;
pub mod serve;
pub mod signals;
pub mod subscribe;
pub mod token;
pub mod transport;
pub mod trust;
