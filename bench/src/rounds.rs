//! Rounds: every scenario on every server, in turns, so that a machine that changes its mind changes it for all.

use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::load::crowd::Crowd;
use crate::load::waiter::Waits;
use crate::machine::cores;
use crate::machine::others::{QUIET_CORES, wait_until_quiet};
use crate::report::comparison::Comparison;
use crate::report::figure::Figure;
use crate::scenarios::meter::OTHERS;
use crate::scenarios::scenario::Scenario;
use crate::servers::process::Running;
use crate::servers::server::Server;
use crate::wire::payload::Payload;

/// How rounds are done.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// How many.
    pub count: usize,
    /// How long each measures.
    pub span: Duration,
    /// How long each scenario may wait for others to leave the machine alone.
    pub patience: Duration,
    /// The server's cores, most often one.
    pub server_cpu: Vec<usize>,
    /// The load's core.
    pub load_cpu: usize,
}

impl Rounds {
    /// Does a scenario on each server, round by round; each time with a server that has just been started.
    ///
    /// A server that fails takes no further part, which the comparison tells; the others go on.
    ///
    /// # Errors
    /// The last one's, with the scenario in front, once every server has failed.
    pub fn compare(
        &self,
        scenario: &dyn Scenario,
        servers: &[Box<dyn Server>],
        progress: &mut dyn FnMut(&str),
    ) -> Result<Comparison, BenchError> {
        let names = servers.iter().map(|server| server.name()).collect();
        let mut comparison = Comparison::new(scenario.title(), self.count, names);
        let mut patience = self.patience;
        for round in 1..=self.count {
            for (column, server) in servers.iter().enumerate() {
                if comparison.has_failed(column) {
                    continue;
                }
                progress(&format!("{}: round {round}, {}", scenario.title(), server.name()));
                match self.undisturbed(scenario, server.as_ref(), &mut patience) {
                    Ok(figures) => comparison.add(column, figures),
                    Err(error) => {
                        comparison.fail(column, error.to_string());
                        if comparison.failed().count() == servers.len() {
                            return Err(error);
                        }
                        progress(&format!("{error}; the others go on"));
                    }
                }
            }
        }
        Ok(comparison)
    }

    /// A round that others did not disturb, while there is patience for that; whatever comes then.
    fn undisturbed(
        &self,
        scenario: &dyn Scenario,
        server: &dyn Server,
        patience: &mut Duration,
    ) -> Result<Vec<Figure>, BenchError> {
        loop {
            *patience = wait_until_quiet(*patience);
            let began = Instant::now();
            let figures = self.once(scenario, server)?;
            if patience.is_zero() || !is_disturbed(&figures) {
                return Ok(figures);
            }
            *patience = patience.saturating_sub(began.elapsed());
        }
    }

    fn once(&self, scenario: &dyn Scenario, server: &dyn Server) -> Result<Vec<Figure>, BenchError> {
        let running = Running::start(server, &self.server_cpu)?;
        let figures = cores::on(&[self.load_cpu], || {
            let dialect = server.dialect(Payload::of_bytes(scenario.payload_bytes()));
            let mut crowd = Crowd::new(running.address(), dialect, self.waits(scenario))?;
            scenario.run(&running, &mut crowd, self.span)
        })?;
        let in_scenario = |error| BenchError::Server {
            server: server.name().to_owned(),
            why: format!("{}: {error}", scenario.title()),
        };
        let figures = figures.map_err(in_scenario)?;
        running.stop().map_err(in_scenario)?;
        Ok(figures)
    }

    /// The load stays awake where that takes nothing from anybody.
    fn waits(&self, scenario: &dyn Scenario) -> Waits {
        let has_its_core = !self.server_cpu.contains(&self.load_cpu);
        if has_its_core && !scenario.leaves_room() { Waits::Awake } else { Waits::Asleep }
    }
}

fn is_disturbed(figures: &[Figure]) -> bool {
    figures.iter().any(|figure| figure.name == OTHERS && figure.value > QUIET_CORES)
}
