//! Two relays that are held to each other.

use realtime_relay::app::Relay;

use super::answers::{Answer, exchange, without_epoch};
use super::requests::for_hyper;
use crate::support::{Stream, connect, relay, say_hello};

/// Two relays to which the same is done, once through the lane and once through hyper.
pub(crate) struct Two(pub(crate) [Relay; 2]);

impl Two {
    pub(crate) async fn start(flags: [&[&str]; 2]) -> Self {
        Self([relay(flags[0]).await, relay(flags[1]).await])
    }

    /// Has the first relay answer some pieces and the second others, and compares. `wanted` is how many answers there are,
    /// where the connection goes on behind them.
    pub(crate) async fn agree(
        &self,
        pieces: [&[&[u8]]; 2],
        wanted: Option<usize>,
        what: &str,
    ) -> Vec<Answer> {
        let mut all = Vec::new();
        for (relay, pieces) in self.0.iter().zip(pieces) {
            let mut stream = connect(relay).await;
            let answers = exchange(&mut stream, pieces, wanted).await;
            all.push(answers.into_iter().map(without_epoch).collect());
        }
        let [lane, hyper]: [Vec<Answer>; 2] = all.try_into().unwrap();
        assert_eq!(lane, hyper, "{what}");
        assert!(wanted.is_none_or(|wanted| lane.len() == wanted), "{what}: {lane:?}");
        lane
    }

    /// Has both answer one text, which the second leaves to hyper.
    pub(crate) async fn agree_about(&self, text: &str, wanted: Option<usize>) -> Vec<Answer> {
        self.agree([&[text.as_bytes()], &[for_hyper(text).as_bytes()]], wanted, text).await
    }

    /// A session with each of them.
    pub(crate) async fn sessions(&self, handshake: &str) -> Vec<Box<dyn Stream>> {
        let mut sessions = Vec::new();
        for relay in &self.0 {
            let mut stream = connect(relay).await;
            exchange(&mut stream, &[handshake.as_bytes()], Some(1)).await;
            say_hello(&mut stream).await;
            sessions.push(stream);
        }
        sessions
    }

    pub(crate) async fn stop(self) {
        for relay in self.0 {
            relay.stop().await;
        }
    }
}
