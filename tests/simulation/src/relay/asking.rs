//! Who a client is and what it may read: tokens, questions and their answers.

use std::sync::Arc;
use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::close::CloseCode;
use realtime_protocol::frame::Token;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use realtime_relay::session::effect::{Established, Verdict};
use realtime_relay::session::recheck::changes::Generation;
use realtime_relay::session::recheck::selection::Selection;

use super::Relay;
use crate::event::Event;
use crate::network::LinkId;
use crate::outside::Outside;

impl Relay {
    /// Who a client is.
    pub(crate) fn established(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        token: Option<&Token>,
        visitor_token: Option<Token>,
    ) {
        let Some(served) = self.served.get_mut(&link) else { return };
        let is_first = served.session.subscriber().is_none();
        let identity = match token {
            Some(token) => site_token(token),
            None => Some(self.visitor(visitor_token)),
        };
        let Some(identity) = identity else {
            return out.cx.violated(|| "a token that cannot be read".into());
        };
        let Some(served) = self.served.get_mut(&link) else { return };
        let (now, id) = (out.cx.now, served.id.0);
        if identity.expires_at.is_some_and(|at| at <= now) {
            return self.with(out, link, |session, _, effects| {
                session.end(CloseCode::TokenExpired, "the token has expired", effects);
            });
        }
        if is_first {
            served.user = Some(identity.subscriber.id.clone());
            self.with(out, link, |session, now, effects| {
                session.identified(format!("s-{id}"), identity, now, effects);
            });
        } else {
            self.with(out, link, |session, now, effects| session.refreshed(identity, now, effects));
        }
        self.reads_on(out, link);
    }

    fn visitor(&mut self, token: Option<Token>) -> Established {
        let token = token.unwrap_or_else(|| {
            self.next_visitor += 1;
            Token::new(format!("visitor-{}-{}", self.life, self.next_visitor))
        });
        let id = user(token.expose());
        let subscriber = Subscriber { id, kind: SubscriberType::Visitor };
        Established { subscriber, visitor_token: Some(token), expires_at: None }
    }

    /// A permission has changed: outdated answers count for nothing, and who reads the channel is asked about.
    pub(crate) fn permission_changed(&mut self, out: &mut Outside, user: &UserId, channel: &Channel) {
        self.changes.note(Selection { channel: Some(channel.clone()), user: Some(user.clone()) });
        let number = self.shard_of(channel).and_then(|shard| shard.hub.number(channel));
        let Some(number) = number else { return };
        for served in self.served.values() {
            if served.user.as_ref() == Some(user) && served.channels.contains(&number) {
                let delay = out.cx.random.millis(0, 1_000);
                let channel = Arc::new(channel.clone());
                out.cx.after(delay, Event::Recheck { link: served.link, channel, undecided: 0 });
            }
        }
    }

    /// A running subscription is asked about again, if it still runs.
    pub(crate) fn recheck(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        channel: &Arc<Channel>,
        undecided: u32,
    ) {
        let number = self.shard_of(channel).and_then(|shard| shard.hub.number(channel));
        let Some(served) = self.served.get(&link) else { return };
        if number.is_some_and(|number| served.channels.contains(&number)) {
            self.ask(out, link, Arc::clone(channel), Some(undecided));
        }
    }

    pub(super) fn ask(&self, out: &mut Outside, link: LinkId, channel: Arc<Channel>, running: Option<u32>) {
        let Some(user) = self.served.get(&link).and_then(|served| served.user.as_ref()) else { return };
        let is_undecided = !out.cx.is_calm && running.unwrap_or(0) < 2 && out.cx.random.chance(30);
        let verdict = match out.permissions.may_read(user, &channel) {
            _ if is_undecided => Verdict::Unavailable,
            true => Verdict::Allowed,
            false => Verdict::Refused,
        };
        let asked_at = self.changes.generation();
        let delay = out.cx.random.millis(0, out.cx.plan.question_ms);
        out.cx.after(delay, Event::Answered { link, channel, verdict, asked_at, running });
    }

    /// A question has been answered.
    pub(crate) fn answered(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        channel: Arc<Channel>,
        (mut verdict, asked_at): (Verdict, Generation),
        running: Option<u32>,
    ) {
        let Some(served) = self.served.get(&link) else { return };
        let user = served.user.as_ref();
        if user.is_some_and(|user| self.changes.concern(asked_at, &channel, user)) {
            verdict = Verdict::Outdated;
        }
        match (running, verdict) {
            (None, _) => {
                self.with(out, link, |session, _, effects| session.decided(&channel, verdict, effects));
                self.reads_on(out, link);
            }
            (Some(undecided), Verdict::Unavailable) => {
                let again = Event::Recheck { link, channel, undecided: undecided + 1 };
                out.cx.after(Duration::from_secs(1), again);
            }
            (Some(undecided), Verdict::Outdated) => self.recheck(out, link, &channel, undecided),
            (Some(_), _) => {
                self.with(out, link, |session, _, effects| session.rechecked(channel, verdict, effects));
            }
        }
    }
}

/// A site's token of this simulation: `user type end`, the end in milliseconds, or `-`.
fn site_token(token: &Token) -> Option<Established> {
    let mut words = token.expose().split(' ');
    let (id, kind, end) = (words.next()?, words.next()?, words.next()?);
    let subscriber = Subscriber { id: user(id), kind: SubscriberType::parse(kind)? };
    let expires_at = end.parse().ok().map(Duration::from_millis);
    Some(Established { subscriber, visitor_token: None, expires_at })
}

#[expect(clippy::expect_used, reason = "the simulation makes short ids without control characters")]
pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user id")
}
