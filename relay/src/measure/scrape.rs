//! What is read when somebody asks: the rooms' own counts, put into the recorder, and all of it as text.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::http::counters::HttpCounters;
use crate::http::places::Places;
use crate::measure::process;
use crate::ready::Readiness;
use crate::session::sessions::Sessions;
use crate::store;

const BUILD: &str = "relay_build_info";
const STARTED: &str = "process_start_time_seconds";
const READY: &str = "relay_ready";
const TASKS: &str = "relay_tasks";
const CONNECTIONS: &str = "relay_connections";
const CONNECTIONS_REFUSED: &str = "relay_connections_refused_total";
const SESSIONS: &str = "relay_sessions";
const MAX_SESSIONS: &str = "relay_sessions_limit";
const SESSIONS_STARTED: &str = "relay_sessions_started_total";
const SESSIONS_ENDED: &str = "relay_sessions_ended_total";
const SUBSCRIPTIONS: &str = "relay_subscriptions";
const CHANNELS: &str = "relay_channels";
const PUBLISHED: &str = "relay_messages_published_total";
const DELIVERED: &str = "relay_messages_delivered_total";
const DELIVERED_BYTES: &str = "relay_delivered_bytes_total";
const RECOVERIES: &str = "relay_recoveries_total";
const HISTORY: &str = "relay_history_bytes";
const MAX_HISTORY: &str = "relay_history_limit_bytes";
const OUTBOXES: &str = "relay_outbox_bytes";
const MAX_MEMORY: &str = "relay_memory_limit_bytes";
const QUESTIONS_OPEN: &str = "relay_permission_questions_open";
const REQUESTS: &str = "relay_http_requests_total";

/// Tells the recorder what these mean.
pub fn describe() {
    process::describe();
    describe_gauge!(BUILD, "Always 1; the label has the relay's version.");
    describe_gauge!(STARTED, "When the relay was started, in seconds since 1970.");
    describe_gauge!(READY, "Whether the relay is ready (1) or not (0); GET /readyz says why not.");
    describe_gauge!(TASKS, "Tasks that have not ended.");
    describe_gauge!(CONNECTIONS, "Open connections, those of sessions and those of HTTP.");
    describe_counter!(
        CONNECTIONS_REFUSED,
        "Connections refused, because the relay is full or the address has enough."
    );
    describe_gauge!(SESSIONS, "Clients that are connected.");
    describe_gauge!(MAX_SESSIONS, "Clients that may be connected at once.");
    describe_counter!(SESSIONS_STARTED, "Clients that have connected.");
    describe_counter!(
        SESSIONS_ENDED,
        "Sessions that have ended, by the name of the close code, or how else."
    );
    describe_gauge!(SUBSCRIPTIONS, "Subscriptions that are running.");
    describe_gauge!(CHANNELS, "Channels and resources that have readers or a history.");
    describe_counter!(PUBLISHED, "Messages accepted.");
    describe_counter!(DELIVERED, "Messages handed to subscribers, each as often as there were subscribers.");
    describe_counter!(DELIVERED_BYTES, "Bytes of the frames in which they were handed over.");
    describe_counter!(
        RECOVERIES,
        "Subscriptions with a position, by whether all that was missed could be delivered."
    );
    describe_gauge!(HISTORY, "Memory that the channels' histories hold.");
    describe_gauge!(MAX_HISTORY, "Memory that they may hold.");
    describe_gauge!(OUTBOXES, "Bytes that wait for clients, each outbox counted in full.");
    describe_gauge!(MAX_MEMORY, "Memory that histories and what waits for clients may have together.");
    describe_gauge!(QUESTIONS_OPEN, "Permission questions that wait for an answer.");
    describe_counter!(
        REQUESTS,
        "Requests of HTTP, by operation and by the problem code of the answer, or ok."
    );
}

/// What can be measured of a relay.
pub struct Measured {
    /// The recorder.
    pub recorder: PrometheusHandle,
    /// Sessions and channels.
    pub sessions: Arc<Sessions>,
    /// Connections.
    pub places: Arc<Places>,
    /// Requests.
    pub requests: Arc<HttpCounters>,
    /// Whether the relay is ready.
    pub readiness: Arc<Readiness>,
    /// Sessions at once.
    pub max_sessions: usize,
    /// Bytes that all channels may keep.
    pub max_history_bytes: usize,
    /// When the relay was started.
    pub started_at: SystemTime,
}

impl Measured {
    /// Everything, in the text format of Prometheus (version 0.0.4).
    pub fn to_text(&self) -> String {
        self.read_relay();
        self.read_sessions();
        self.read_channels();
        self.requests.each(|operation, outcome, count| {
            counter!(REQUESTS, "operation" => operation, "outcome" => outcome).absolute(count);
        });
        process::read();
        self.recorder.render()
    }

    fn read_relay(&self) {
        gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        gauge!(STARTED).set(self.started_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
        // Whoever asks is served by a task, so there is a runtime.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            gauge!(TASKS).set(runtime.metrics().num_alive_tasks() as f64);
        }
        gauge!(READY).set(if self.readiness.why_not().is_none() { 1.0 } else { 0.0 });
    }

    fn read_sessions(&self) {
        gauge!(CONNECTIONS).set(self.places.taken() as f64);
        self.places.each_refused(|reason, count| {
            counter!(CONNECTIONS_REFUSED, "reason" => reason).absolute(count);
        });
        let registry = &self.sessions.registry;
        gauge!(SESSIONS).set(registry.len() as f64);
        gauge!(MAX_SESSIONS).set(self.max_sessions as f64);
        counter!(SESSIONS_STARTED).absolute(registry.begun());
        registry.ends.each(|reason, count| {
            counter!(SESSIONS_ENDED, "reason" => reason).absolute(count);
        });
        gauge!(OUTBOXES).set(registry.waiting_bytes() as f64);
        gauge!(MAX_MEMORY).set(self.sessions.max_memory_bytes as f64);
        gauge!(QUESTIONS_OPEN).set(self.sessions.permission.open() as f64);
    }

    fn read_channels(&self) {
        let totals = self.sessions.broker.totals();
        gauge!(SUBSCRIPTIONS).set(totals.subscriptions as f64);
        gauge!(CHANNELS).set(totals.channels as f64);
        counter!(PUBLISHED).absolute(totals.published);
        counter!(DELIVERED).absolute(totals.delivered);
        counter!(DELIVERED_BYTES).absolute(totals.delivered_bytes);
        counter!(RECOVERIES, "result" => "whole").absolute(totals.recovered);
        counter!(RECOVERIES, "result" => "refused").absolute(totals.not_recovered);
        gauge!(HISTORY).set(totals.history_bytes as f64);
        gauge!(MAX_HISTORY).set(self.max_history_bytes as f64);
        if let Some(status) = self.sessions.broker.store_status() {
            store::gauge::note_status(&status);
        }
    }
}
