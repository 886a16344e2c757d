//! One question to the backend, over pooled connections.

use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use tokio::time::timeout;

use super::super::question::{Question, Unavailability};
use super::super::text::printable;
use super::address::BackendAddress;
use super::reply::{self, Outcome};
use super::request;
use super::settings::WebhookSettings;
use super::signature::{self, Secret};
use crate::outbound::{body, client, reason::reason};

/// The backend, ready to be asked.
#[derive(Debug)]
pub struct Backend {
    client: Client,
    address: BackendAddress,
    secret: Option<Secret>,
    timeout: Duration,
}

impl Backend {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// When the certificates that the system trusts cannot be loaded.
    pub fn new(settings: &WebhookSettings) -> Result<Self, reqwest::Error> {
        Ok(Self {
            client: client::client(settings.address.endpoint(), settings.max_in_flight.get() as usize)?,
            address: settings.address.clone(),
            secret: settings.secret.clone(),
            timeout: settings.timeout,
        })
    }

    /// Asks, and comes back with what was answered within the deadline.
    pub async fn ask(&self, question: &Question) -> Outcome {
        let request_id = uuid::Uuid::new_v4().to_string();
        let body = request::body(question, &request_id);
        tracing::debug!(channel = %question.channel, request_id, "asking the permissions backend");
        timeout(self.timeout, self.exchange(&body)).await.unwrap_or(Outcome::Silent(Unavailability::NoAnswer))
    }

    async fn exchange(&self, body: &str) -> Outcome {
        match self.send(body).await {
            Ok(response) => read(response).await,
            Err(error) => Outcome::Silent(Unavailability::Unreachable(printable(&reason(&error)))),
        }
    }

    /// Sends it, once more when the connection broke before anything came back: the backend may have closed one that
    /// was at rest just when the question left. Asking twice does no harm.
    async fn send(&self, body: &str) -> Result<Response, reqwest::Error> {
        match self.post(body).await {
            Err(error) if !error.is_connect() => self.post(body).await,
            sent => sent,
        }
    }

    async fn post(&self, body: &str) -> Result<Response, reqwest::Error> {
        let mut request = self
            .client
            .post(self.address.endpoint().clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_owned());
        if let Some(secret) = &self.secret {
            request = request.header(signature::HEADER, signature::sign(secret, SystemTime::now(), body));
        }
        request.send().await
    }
}

async fn read(response: Response) -> Outcome {
    let status = response.status();
    match body::read(response, reply::MAX_BYTES).await {
        Ok(body) => reply::read(status, &body),
        Err(why) => {
            let what =
                format!("the permissions backend answered {}, but {}", status.as_u16(), printable(&why));
            Outcome::Answered(Unavailability::BadReply(what).into())
        }
    }
}
