//! The `realtime-bench` command.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use realtime_bench::bare::serve::serve;
use realtime_bench::cli::{Cli, Command, How};
use realtime_bench::error::BenchError;
use realtime_bench::machine::describe::describe;
use realtime_bench::report::{json::json, table::table};
use realtime_bench::rounds::Rounds;
use realtime_bench::scenarios::scenario::Scenario;
use realtime_bench::servers::choice::Programs;
use realtime_bench::servers::server::Server;

fn main() -> ExitCode {
    // Servers inherit it. A limit that cannot be raised is told when it is reached.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let cli = Cli::parse();
    let done = match cli.command {
        Command::BareServer { listen } => {
            serve(listen, |address| print(&format!("listening on http://{address}\n"))).map(|()| 0)
        }
        ref command => measure(&command.scenarios(), &cli.how),
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            tell(&format!(
                "realtime-bench: {failed} of the measurements failed; what is above has the others\n"
            ));
            ExitCode::FAILURE
        }
        Err(error) => {
            tell(&format!("realtime-bench: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Returns how many servers failed in some scenario, each counted for each.
fn measure(scenarios: &[Box<dyn Scenario>], how: &How) -> Result<usize, BenchError> {
    let programs = Programs {
        relay: how.relay_bin.clone(),
        relay_flags: how.relay_flags.clone(),
        peers: how.peers.clone(),
        nchan: how.nchan.clone(),
        nats: how.nats.clone(),
    };
    let servers = how.servers.iter().map(|choice| choice.server(&programs));
    let servers: Vec<Box<dyn Server>> = servers.collect::<Result<_, _>>()?;
    let rounds = Rounds {
        count: how.rounds.into(),
        span: Duration::from_secs_f64(how.seconds),
        patience: Duration::from_secs(how.patience),
        server_cpu: how.server_cpu.clone(),
        load_cpu: how.load_cpu,
    };
    let machine = describe();
    if !how.json {
        print(&format!("{machine}; servers on core {:?}, load on core {}\n", how.server_cpu, how.load_cpu));
    }
    let mut comparisons = Vec::new();
    for scenario in scenarios {
        let comparison =
            rounds.compare(scenario.as_ref(), &servers, &mut |what| tell(&format!("{what}\n")))?;
        if !how.json {
            print(&format!("\n{}", table(&comparison)));
        }
        comparisons.push(comparison);
    }
    if how.json {
        print(&format!("{:#}\n", json(&machine, &comparisons)));
    }
    Ok(comparisons.iter().map(|comparison| comparison.failed().count()).sum())
}

/// What was asked for. A closed standard output is the reader's choice.
fn print(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// What happens meanwhile, and what went wrong.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
