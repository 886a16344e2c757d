//! What is asked of the relay for the channels that are wanted, and what its answers mean for their subscriptions.
//!
//! One request per channel and connection, however many subscriptions it has. While a request is unanswered its
//! channel stays in the table even when nobody wants it any more: the answer tells what is left to undo, and who
//! subscribes meanwhile simply joins in.

use std::collections::VecDeque;
use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::{ChannelNumber, ClientFrame, RequestId};
use realtime_protocol::position::Position;

use crate::backoff::{self, Random};
use crate::effect::{Continuity, Effect, Failure};
use crate::input::SubscriptionId;
use crate::requests::Requests;
use crate::settings::Settings;
use crate::table::{ChannelKey, Table, Wire};

/// A subscription that waits for its first answer.
#[derive(Debug)]
struct Patience {
    subscription: SubscriptionId,
    deadline: Duration,
}

/// The subscriptions of one client, and the conversation about them.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    pub(crate) table: Table,
    settings: Settings,
    /// Whether there is a relay to ask.
    is_connected: bool,
    requests: Requests,
    /// In the order of their deadlines. An entry whose subscription has its answer means nothing.
    patience: VecDeque<Patience>,
    /// No channel rests longer than until then; `None` when none rests.
    rested_at: Option<Duration>,
}

impl Subscriptions {
    pub(crate) const fn new(settings: Settings) -> Self {
        Self {
            table: Table::new(),
            requests: Requests::new(&settings),
            settings,
            is_connected: false,
            patience: VecDeque::new(),
            rested_at: None,
        }
    }

    /// Adds a subscription: live at once where its channel is held, otherwise live with the relay's answer.
    pub(crate) fn subscribe(
        &mut self,
        subscription: SubscriptionId,
        channel: Channel,
        now: Duration,
        effects: &mut VecDeque<Effect>,
    ) {
        let key = self.table.add(subscription, channel);
        let Some(slot) = self.table.slot_mut(key) else {
            return;
        };
        if let Wire::Held(_) = slot.wire {
            slot.live += 1;
            effects.push_back(Effect::Subscribed { subscription, continuity: Continuity::First });
            return;
        }
        let deadline = now.saturating_add(self.settings.subscribe_timeout);
        self.patience.push_back(Patience { subscription, deadline });
        self.enqueue(key);
        self.ask(now, effects);
    }

    /// Takes one subscription out, and tells the relay when it was the channel's last.
    pub(crate) fn unsubscribe(&mut self, subscription: SubscriptionId, effects: &mut VecDeque<Effect>) {
        let Some(removed) = self.table.remove(subscription) else {
            return;
        };
        self.report_unsubscribed(removed.key, subscription, removed.was_live, effects);
        self.leave_if_unwanted(removed.key, effects);
    }

    /// Takes all subscriptions of a channel out.
    pub(crate) fn unsubscribe_all(&mut self, channel: &Channel, effects: &mut VecDeque<Effect>) {
        let Some(key) = self.table.key_of(channel) else {
            return;
        };
        let (live, pending) = self.table.remove_all(key);
        for subscription in live {
            self.report_unsubscribed(key, subscription, true, effects);
        }
        for subscription in pending {
            self.report_unsubscribed(key, subscription, false, effects);
        }
        self.leave_if_unwanted(key, effects);
    }

    /// There is a relay now: asks it for everything that is wanted.
    pub(crate) fn connected(&mut self, now: Duration, effects: &mut VecDeque<Effect>) {
        self.is_connected = true;
        for key in self.table.keys() {
            self.enqueue(key);
        }
        self.ask(now, effects);
    }

    /// The relay is gone. What is wanted stays wanted.
    pub(crate) fn disconnected(&mut self) {
        self.is_connected = false;
        self.requests.clear();
        self.rested_at = None;
        self.table.forget_wires();
    }

    /// The relay delivers a channel from now on.
    pub(crate) fn subscribed(
        &mut self,
        id: RequestId,
        number: ChannelNumber,
        position: Position,
        recovered: Option<bool>,
        effects: &mut VecDeque<Effect>,
    ) {
        let Some(key) = self.requests.answered(id) else {
            return;
        };
        self.table.hold(key, number);
        let Some(slot) = self.table.slot_mut(key) else {
            return;
        };
        slot.refusals = 0;
        let is_whole = recovered == Some(true) && slot.position.is_some();
        if !is_whole {
            slot.position = Some(position);
        }
        let again = if is_whole { Continuity::Whole } else { Continuity::Lost };
        for (index, subscription) in slot.subscriptions.iter().enumerate() {
            let continuity = if index < slot.live { again } else { Continuity::First };
            effects.push_back(Effect::Subscribed { subscription: *subscription, continuity });
        }
        slot.live = slot.subscriptions.len();
        self.leave_if_unwanted(key, effects);
    }

    /// The relay does not deliver a channel. Who waits for a first answer has it; who was live ends too, unless the
    /// refusal is temporary: then the relay is asked again after a while.
    pub(crate) fn refused(
        &mut self,
        id: RequestId,
        (code, status): (ErrorCode, Status),
        message: &str,
        (now, random): (Duration, &mut Random),
        effects: &mut VecDeque<Effect>,
    ) {
        let Some(key) = self.requests.answered(id) else {
            return;
        };
        let failure = Failure::refusal(code, status, message);
        for subscription in self.table.remove_pending(key) {
            self.report_refused(key, subscription, &failure, effects);
        }
        self.end_or_rest(key, failure, (now, random), effects);
    }

    /// The relay has stopped delivering a channel.
    pub(crate) fn ended(
        &mut self,
        number: ChannelNumber,
        status: Status,
        message: &str,
        (now, random): (Duration, &mut Random),
        effects: &mut VecDeque<Effect>,
    ) {
        if let Some(key) = self.table.release(number) {
            let failure = Failure::refusal(status.error_code(), status, message);
            self.end_or_rest(key, failure, (now, random), effects);
        }
    }

    /// Sends what the window of unanswered requests leaves room for.
    pub(crate) fn ask(&mut self, now: Duration, effects: &mut VecDeque<Effect>) {
        if !self.is_connected {
            return;
        }
        while let Some(key) = self.requests.next() {
            let Some(slot) = self.table.slot_mut(key) else {
                continue;
            };
            slot.wire = Wire::Asked;
            let id = self.requests.sent(key, now);
            effects.push_back(Effect::Send(ClientFrame::Subscribe {
                id,
                channel: (&slot.channel).into(),
                position: slot.position.clone(),
            }));
        }
    }

    /// Asks again for channels whose temporary refusal is over.
    pub(crate) fn wake_rested(&mut self, now: Duration) {
        if self.rested_at.is_none_or(|at| at > now) {
            return;
        }
        self.rested_at = None;
        for key in self.table.keys() {
            match self.table.slot(key).map(|slot| slot.wire) {
                Some(Wire::Resting(until)) if until <= now => self.enqueue(key),
                Some(Wire::Resting(until)) => {
                    self.rested_at = Some(self.rested_at.map_or(until, |at| at.min(until)));
                }
                _ => {}
            }
        }
    }

    /// Refuses the subscriptions that have waited too long for a first answer.
    pub(crate) fn lose_patience(&mut self, now: Duration, reason: &str, effects: &mut VecDeque<Effect>) {
        while let Some(first) = self.first_pending() {
            if first.deadline > now {
                return;
            }
            let subscription = first.subscription;
            if let Some(removed) = self.table.remove(subscription) {
                let failure = Failure::connection(reason, true);
                self.report_refused(removed.key, subscription, &failure, effects);
                self.leave_if_unwanted(removed.key, effects);
            }
        }
    }

    /// Gives up requests that have waited too long for their answer. True when one of them was for a channel with
    /// live subscriptions, which cannot do without: the connection is of no use then.
    pub(crate) fn give_up_requests(&mut self, now: Duration, effects: &mut VecDeque<Effect>) -> bool {
        while let Some((id, key)) = self.requests.overdue(now) {
            match self.table.slot(key) {
                Some(slot) if slot.live > 0 => return true,
                Some(slot) if slot.subscriptions.is_empty() => self.leave(key, effects),
                // Someone who came later still has patience.
                _ => self.requests.wait(id, key, now),
            }
        }
        false
    }

    /// Refuses every subscription that has no first answer.
    pub(crate) fn refuse_pending(&mut self, failure: &Failure, effects: &mut VecDeque<Effect>) {
        for key in self.table.keys() {
            for subscription in self.table.remove_pending(key) {
                self.report_refused(key, subscription, failure, effects);
            }
            self.leave_if_unwanted(key, effects);
        }
    }

    /// Drops everything: who is live is unsubscribed, who waits is refused.
    pub(crate) fn clear(&mut self, failure: &Failure, effects: &mut VecDeque<Effect>) {
        for key in self.table.keys() {
            let (live, pending) = self.table.remove_all(key);
            effects.extend(live.into_iter().map(Effect::Unsubscribed));
            for subscription in pending {
                self.report_refused(key, subscription, failure, effects);
            }
            self.table.close_slot(key);
        }
        self.patience.clear();
        self.disconnected();
    }

    /// Whether any subscription has had its first answer.
    pub(crate) fn has_live(&self) -> bool {
        let is_live = |key| self.table.slot(key).is_some_and(|slot| slot.live > 0);
        self.table.keys().any(is_live)
    }

    /// When something has to happen. May be too early, never too late.
    pub(crate) fn deadline(&mut self) -> Option<Duration> {
        let waiting = self.first_pending().map(|p| p.deadline);
        [waiting, self.requests.deadline(), self.rested_at].into_iter().flatten().min()
    }

    /// The subscription that has waited longest; forgets the ones before it, which have their answers.
    fn first_pending(&mut self) -> Option<&Patience> {
        while let Some(first) = self.patience.front() {
            if self.is_pending(first.subscription) {
                break;
            }
            self.patience.pop_front();
        }
        self.patience.front()
    }

    fn enqueue(&mut self, key: ChannelKey) {
        let is_connected = self.is_connected;
        if let Some(slot) = self.table.slot_mut(key)
            && is_connected
            && matches!(slot.wire, Wire::Unasked | Wire::Resting(_))
        {
            slot.wire = Wire::Queued;
            self.requests.enqueue(key);
        }
    }

    fn is_pending(&self, subscription: SubscriptionId) -> bool {
        let slot = self.table.key_of_subscription(subscription).and_then(|key| self.table.slot(key));
        slot.is_some_and(|slot| slot.subscriptions.iter().skip(slot.live).any(|s| *s == subscription))
    }

    /// What follows a refusal for those who were live: an end, or a rest where it is temporary. An error event
    /// either way.
    fn end_or_rest(
        &mut self,
        key: ChannelKey,
        failure: Failure,
        (now, random): (Duration, &mut Random),
        effects: &mut VecDeque<Effect>,
    ) {
        let Some(slot) = self.table.slot_mut(key) else {
            return;
        };
        let failure = failure.on(&slot.channel);
        if slot.live > 0 && failure.recoverable {
            let wait = backoff::delay(slot.refusals, &self.settings, random);
            let until = now.saturating_add(wait);
            slot.refusals = slot.refusals.saturating_add(1);
            slot.wire = Wire::Resting(until);
            self.rested_at = Some(self.rested_at.map_or(until, |at| at.min(until)));
            effects.push_back(Effect::Error(failure));
            return;
        }
        let (subscriptions, _) = self.table.remove_all(key);
        if !subscriptions.is_empty() {
            effects.push_back(Effect::Ended { subscriptions, failure });
        }
        self.table.close_slot(key);
    }

    /// Forgets a channel without subscriptions, and tells the relay where it delivers.
    fn leave_if_unwanted(&mut self, key: ChannelKey, effects: &mut VecDeque<Effect>) {
        let Some(slot) = self.table.slot(key) else {
            return;
        };
        if !slot.subscriptions.is_empty() || slot.wire == Wire::Asked {
            return;
        }
        match slot.wire {
            Wire::Held(_) => self.leave(key, effects),
            Wire::Queued => {
                self.requests.unqueue(key);
                self.table.close_slot(key);
            }
            Wire::Unasked | Wire::Asked | Wire::Resting(_) => self.table.close_slot(key),
        }
    }

    /// Tells the relay that a channel is not wanted, and forgets it.
    fn leave(&mut self, key: ChannelKey, effects: &mut VecDeque<Effect>) {
        let id = self.requests.next_id();
        if let Some(slot) = self.table.slot(key) {
            let channel = (&slot.channel).into();
            effects.push_back(Effect::Send(ClientFrame::Unsubscribe { id, channel }));
        }
        self.table.close_slot(key);
    }

    fn report_unsubscribed(
        &self,
        key: ChannelKey,
        subscription: SubscriptionId,
        was_live: bool,
        effects: &mut VecDeque<Effect>,
    ) {
        if was_live {
            effects.push_back(Effect::Unsubscribed(subscription));
        } else {
            let failure = Failure {
                code: ErrorCode::Subscription,
                message: "unsubscribed before the relay had answered".into(),
                channel: None,
                status: None,
                recoverable: false,
            };
            self.report_refused(key, subscription, &failure, effects);
        }
    }

    fn report_refused(
        &self,
        key: ChannelKey,
        subscription: SubscriptionId,
        failure: &Failure,
        effects: &mut VecDeque<Effect>,
    ) {
        let failure = match self.table.slot(key) {
            Some(slot) => failure.clone().on(&slot.channel),
            None => failure.clone(),
        };
        effects.push_back(Effect::Refused { subscription, failure });
    }
}
