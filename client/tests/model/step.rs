//! What can happen to a client.

use proptest::prelude::*;

/// The channels that there are.
pub(crate) const NAMES: [&str; 3] = ["a", "a/r", "b"];

/// One thing that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Subscribe(usize),
    Unsubscribe(usize),
    Publish(usize),
    /// The relay reads the client's next frame.
    Up,
    /// The client reads the relay's next frame.
    Down,
    /// Both directions are lost and the client learns of it, by this close code.
    Cut(u16),
    /// Both directions are lost and nobody says so.
    CutSilently,
    /// The relay starts anew, without its streams.
    Restart,
    /// The relay forgets old messages.
    Trim(usize),
    /// The relay refuses the next subscribe.
    Refuse(bool),
    Pass(u16),
    Wake,
    /// The page is put away for so long.
    Sleep(u16),
    Reconnect,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<usize>().prop_map(Step::Subscribe),
        2 => any::<usize>().prop_map(Step::Unsubscribe),
        12 => any::<usize>().prop_map(Step::Publish),
        12 => Just(Step::Up),
        16 => Just(Step::Down),
        2 => prop::sample::select(vec![1006, 4000, 4006, 4007, 4008]).prop_map(Step::Cut),
        1 => Just(Step::CutSilently),
        1 => Just(Step::Restart),
        1 => any::<usize>().prop_map(Step::Trim),
        1 => any::<bool>().prop_map(Step::Refuse),
        3 => (1u16..5_000).prop_map(Step::Pass),
        1 => Just(Step::Wake),
        1 => (1u16..50_000).prop_map(Step::Sleep),
        1 => Just(Step::Reconnect),
    ]
}
