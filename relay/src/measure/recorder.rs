//! The recorder: who collects what is counted through the `metrics` facade. A process has one.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::measure::scrape;
use crate::{http, identity, log, permission, session, store, tls};

/// Upper bounds of a time's buckets, in seconds: from what a permission handler takes to the longest deadline.
const SECONDS: [f64; 12] = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// The process's recorder, installed at the first call. Without it, counting does nothing.
pub fn install() -> PrometheusHandle {
    HANDLE.get_or_init(start).clone()
}

fn start() -> PrometheusHandle {
    let times = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new();
    #[expect(clippy::expect_used, reason = "it fails only for an empty list of buckets")]
    let recorder = builder.set_buckets_for_metric(times, &SECONDS).expect("buckets").build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!(
            "something else in this process records metrics: some of the relay's will be missing"
        );
    }
    scrape::describe();
    http::untaken::describe();
    identity::gauge::describe();
    log::lines::describe();
    session::ends::describe();
    session::relief::describe();
    permission::gauge::describe();
    store::gauge::describe();
    tls::gauge::describe();
    handle
}
