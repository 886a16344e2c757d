//! `faults proxy`: see [`faults::proxy`].

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use faults::proxy::{Proxy, control};
use tokio::net::TcpListener;

/// What it is given.
#[derive(Args)]
pub(crate) struct ProxyArgs {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where its connections lead
    #[arg(long)]
    to: SocketAddr,
    /// Where it takes orders; always on this machine
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    control_port: u16,
    /// Spreads the jitter of delays
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs a proxy until standard input ends.
pub(crate) async fn run(args: ProxyArgs) -> Result<ExitCode, Box<dyn Error>> {
    let proxy = Arc::new(Proxy::start(args.listen, args.to, args.seed).await?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.control_port)).await?;
    println!("{}", serde_json::json!({ "proxy": proxy.address(), "control": listener.local_addr()? }));
    let (mut starter, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    tokio::select! {
        () = control::serve(listener, proxy) => {}
        // Whoever started it has ended, or wants it to end.
        ended = tokio::io::copy(&mut starter, &mut nowhere) => drop(ended?),
    }
    Ok(ExitCode::SUCCESS)
}
