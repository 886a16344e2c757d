//! What is asked of the relay for the channels that are wanted, and what its answers mean for their subscriptions.
//!
//! One request per channel and connection, however many subscriptions it has. While a request is unanswered its
//! channel stays in the table even when nobody wants it any more: the answer tells what is left to undo, and who
//! subscribes meanwhile simply joins in.

use realtime_protocol::channel::Channel;
use realtime_protocol::error::Status;
use realtime_protocol::frame::{ChannelNumber, ClientFrame, RequestId};
use realtime_protocol::position::Position;

use crate::backoff::{self, Random};
use crate::effect::{Continuity, Effect, Failure};
use crate::input::{Patience, SubscriptionId};
use crate::line::Line;
use crate::millis::Millis;
use crate::requests::Requests;
use crate::settings::Times;
use crate::table::{ChannelKey, Membership, Table, Wire};

/// A subscription that waits for its first answer, and has not been told that it is late.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    subscription: SubscriptionId,
    deadline: Millis,
}

/// The subscriptions of one client, and the conversation about them.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    pub(crate) table: Table,
    times: Times,
    /// Whether there is a relay to ask.
    is_connected: bool,
    requests: Requests,
    /// In the order of their deadlines. An entry whose subscription has its answer means nothing.
    waiting: Line<Waiting>,
    /// No channel rests longer than until then; `None` when none rests.
    rested_at: Option<Millis>,
}

impl Subscriptions {
    pub(crate) const fn new(times: Times, requests_in_flight: usize) -> Self {
        Self {
            table: Table::new(),
            requests: Requests::new(requests_in_flight, times.subscribe_timeout),
            times,
            is_connected: false,
            waiting: Line::new(),
            rested_at: None,
        }
    }

    /// Adds a subscription: live at once where its channel is held, otherwise live with the relay's answer.
    pub(crate) fn subscribe(
        &mut self,
        subscription: SubscriptionId,
        channel: Channel,
        patience: Patience,
        now: Millis,
        effects: &mut Vec<Effect>,
    ) {
        let key = self.table.add(subscription, channel, patience);
        let Some(slot) = self.table.slot_mut(key) else {
            return;
        };
        if let Wire::Held(_) = slot.wire {
            slot.live += 1;
            effects.push(Effect::Subscribed { subscription, continuity: Continuity::First });
            return;
        }
        let deadline = now + self.times.subscribe_timeout;
        self.waiting.push(Waiting { subscription, deadline });
        self.enqueue(key);
        self.ask(now, effects);
    }

    /// Takes one subscription out, and tells the relay when it was the channel's last.
    pub(crate) fn unsubscribe(&mut self, subscription: SubscriptionId, effects: &mut Vec<Effect>) {
        if let Some(key) = self.table.remove(subscription) {
            self.leave_if_unwanted(key, effects);
        }
    }

    /// There is a relay now: asks it for everything that is wanted.
    pub(crate) fn connected(&mut self, now: Millis, effects: &mut Vec<Effect>) {
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
        effects: &mut Vec<Effect>,
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
            effects.push(Effect::Subscribed { subscription: *subscription, continuity });
        }
        slot.live = slot.subscriptions.len();
        self.leave_if_unwanted(key, effects);
    }

    /// The relay does not deliver a channel.
    pub(crate) fn refused(
        &mut self,
        id: RequestId,
        status: Status,
        message: &str,
        (now, random): (Millis, &mut Random),
        effects: &mut Vec<Effect>,
    ) {
        if let Some(key) = self.requests.answered(id) {
            self.end_or_rest(key, Failure::refusal(status, message), (now, random), effects);
        }
    }

    /// The relay has stopped delivering a channel.
    pub(crate) fn ended(
        &mut self,
        number: ChannelNumber,
        status: Status,
        message: &str,
        (now, random): (Millis, &mut Random),
        effects: &mut Vec<Effect>,
    ) {
        if let Some(key) = self.table.release(number) {
            let failure = Failure::refusal(status, message);
            self.end_or_rest(key, failure, (now, random), effects);
        }
    }

    /// Sends what the window of unanswered requests leaves room for.
    pub(crate) fn ask(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        if !self.is_connected {
            return;
        }
        while let Some(key) = self.requests.next() {
            let Some(slot) = self.table.slot_mut(key) else {
                continue;
            };
            slot.wire = Wire::Asked;
            let id = self.requests.sent(key, now);
            effects.push(Effect::Send(ClientFrame::Subscribe {
                id,
                channel: (&slot.channel).into(),
                position: slot.position.clone(),
            }));
        }
    }

    /// Asks again for channels whose temporary refusal is over.
    pub(crate) fn wake_rested(&mut self, now: Millis) {
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

    /// Tells who has waited too long for a first answer; refuses those whose patience is limited.
    pub(crate) fn lose_patience(&mut self, now: Millis, reason: &str, effects: &mut Vec<Effect>) {
        while let Some(first) = self.first_pending() {
            if first.deadline > now {
                return;
            }
            let subscription = first.subscription;
            self.waiting.pop();
            if let Some(Membership { key, patience }) = self.table.membership(subscription) {
                self.tell_late(subscription, (key, patience), reason, effects);
            }
        }
    }

    fn tell_late(
        &mut self,
        subscription: SubscriptionId,
        (key, patience): (ChannelKey, Patience),
        reason: &str,
        effects: &mut Vec<Effect>,
    ) {
        let failure = Failure::connection(reason, true);
        match patience {
            Patience::Limited => {
                self.table.remove(subscription);
                effects.push(Effect::Refused { subscription, failure });
                self.leave_if_unwanted(key, effects);
            }
            Patience::Unlimited => {
                effects.push(Effect::Interrupted { subscriptions: vec![subscription], failure });
            }
        }
    }

    /// Gives up requests that have waited too long for their answer. True when one of them was for a channel with
    /// live subscriptions, which cannot do without: the connection is of no use then.
    pub(crate) fn give_up_requests(&mut self, now: Millis, effects: &mut Vec<Effect>) -> bool {
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

    /// There will be no relay: refuses every subscription without a first answer whose patience is limited. Nobody
    /// else needs to be told that it is late.
    pub(crate) fn barred(&mut self, failure: &Failure, effects: &mut Vec<Effect>) {
        for key in self.table.keys() {
            self.refuse_impatient(key, failure, effects);
            self.leave_if_unwanted(key, effects);
        }
        self.waiting.clear();
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.table = Table::new();
        self.waiting.clear();
        self.disconnected();
    }

    /// Whether any subscription has had its first answer.
    pub(crate) fn has_live(&self) -> bool {
        let is_live = |key| self.table.slot(key).is_some_and(|slot| slot.live > 0);
        self.table.keys().any(is_live)
    }

    /// When something has to happen. May be too early, never too late.
    pub(crate) fn deadline(&mut self) -> Option<Millis> {
        let waiting = self.first_pending().map(|first| first.deadline);
        [waiting, self.requests.deadline(), self.rested_at].into_iter().flatten().min()
    }

    /// The subscription that has waited longest; forgets the ones before it, which have their answers.
    fn first_pending(&mut self) -> Option<Waiting> {
        while let Some(first) = self.waiting.first() {
            if self.is_pending(first.subscription) {
                break;
            }
            self.waiting.pop();
        }
        self.waiting.first()
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
        let slot = self.table.membership(subscription).and_then(|m| self.table.slot(m.key));
        slot.is_some_and(|slot| slot.subscriptions.iter().skip(slot.live).any(|s| *s == subscription))
    }

    /// What follows a refusal. If it is temporary, only those whose patience is limited are refused; for the others the
    /// relay is asked again after a while. Otherwise the channel ends for all: for who was live with an error event.
    fn end_or_rest(
        &mut self,
        key: ChannelKey,
        failure: Failure,
        (now, random): (Millis, &mut Random),
        effects: &mut Vec<Effect>,
    ) {
        if failure.recoverable {
            self.refuse_impatient(key, &failure, effects);
            self.rest(key, failure, (now, random), effects);
            return;
        }
        let (live, pending) = self.table.remove_all(key);
        let refused = |subscription| Effect::Refused { subscription, failure: failure.clone() };
        effects.extend(pending.into_iter().map(refused));
        if !live.is_empty() {
            effects.push(Effect::Ended { subscriptions: live, failure });
        }
        self.table.close_slot(key);
    }

    /// Lets a channel wait until the relay is asked again, unless nobody wants it any more.
    fn rest(
        &mut self,
        key: ChannelKey,
        failure: Failure,
        (now, random): (Millis, &mut Random),
        effects: &mut Vec<Effect>,
    ) {
        let Some(slot) = self.table.slot_mut(key).filter(|slot| !slot.subscriptions.is_empty()) else {
            self.table.close_slot(key);
            return;
        };
        let until = now + backoff::delay(slot.refusals, &self.times, random);
        slot.refusals = slot.refusals.saturating_add(1);
        slot.wire = Wire::Resting(until);
        self.rested_at = Some(self.rested_at.map_or(until, |at| at.min(until)));
        effects.push(Effect::Interrupted { subscriptions: slot.subscriptions.clone(), failure });
    }

    /// Forgets a channel without subscriptions, and tells the relay where it delivers.
    fn leave_if_unwanted(&mut self, key: ChannelKey, effects: &mut Vec<Effect>) {
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
    fn leave(&mut self, key: ChannelKey, effects: &mut Vec<Effect>) {
        let id = self.requests.next_id();
        if let Some(slot) = self.table.slot(key) {
            let channel = (&slot.channel).into();
            effects.push(Effect::Send(ClientFrame::Unsubscribe { id, channel }));
        }
        self.table.close_slot(key);
    }

    /// Refuses those of a channel that have no first answer and whose patience is limited.
    fn refuse_impatient(&mut self, key: ChannelKey, failure: &Failure, effects: &mut Vec<Effect>) {
        for subscription in self.table.remove_impatient(key) {
            effects.push(Effect::Refused { subscription, failure: failure.clone() });
        }
    }
}
