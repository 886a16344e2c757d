//! Positions: what is delivered, what is dropped as a duplicate, and what a return to the relay promises.

use realtime_client::Continuity;

use crate::common::*;

/// A client whose subscription 1 stood at offset 5 when the connection was lost, welcomed again.
fn returning() -> Client {
    let mut client = Client::live(1, "a");
    assert_eq!(client.message(7, 5), [1]);
    client.lost(1006);
    client.wait_for_attempt();
    let effects = client.welcome();
    assert_eq!(effects[1], asks(2, "a", Some(position("e", 5))));
    client
}

#[test]
fn offsets_order_and_their_jumps_mean_nothing() {
    let mut client = Client::live(1, "a");
    let delivered: Vec<u64> =
        [1, 2, 2, 1, 9, 3, 9, 10].into_iter().filter(|offset| client.message(7, *offset) == [1]).collect();
    assert_eq!(delivered, [1, 2, 9, 10]);
    assert_eq!(client.position("a"), Some(10));
}

#[test]
fn a_whole_recovery_continues_at_the_clients_own_position() {
    let mut client = returning();
    let effects = client.control(recovered(2, 3, position("e", 8), true));
    assert_eq!(effects, [live(1, Continuity::Whole)]);
    assert_eq!(client.position("a"), Some(5));
    assert!(client.message(3, 5).is_empty());
    assert_eq!(client.message(3, 6), [1]);
    assert!(client.message(7, 7).is_empty(), "the old number means nothing now");
}

#[test]
fn a_lost_stream_continues_at_the_relays_position() {
    let mut client = returning();
    let effects = client.control(recovered(2, 3, position("f", 0), false));
    assert_eq!(effects, [live(1, Continuity::Lost)]);
    assert_eq!(client.position("a"), Some(0));
    assert_eq!(client.message(3, 1), [1], "the new stream is told from its start");
    client.lost(1006);
    client.wait_for_attempt();
    let effects = client.welcome();
    assert_eq!(effects[1], asks(3, "a", Some(position("f", 1))));
}

#[test]
fn a_return_without_a_word_about_recovery_counts_as_lost() {
    let mut client = returning();
    let effects = client.control(subscribed(2, 3, 9));
    assert_eq!(effects, [live(1, Continuity::Lost)]);
    assert_eq!(client.position("a"), Some(9));
}

#[test]
fn who_comes_while_the_others_recover_is_live_for_the_first_time() {
    let mut client = returning();
    client.subscribe(2, "a");
    let effects = client.control(recovered(2, 3, position("e", 5), true));
    assert_eq!(effects, [live(1, Continuity::Whole), live(2, Continuity::First)]);
}

#[test]
fn an_unsubscribed_channel_leaves_no_position() {
    let mut client = returning();
    client.control(recovered(2, 3, position("e", 5), true));
    client.unsubscribe(1);
    assert_eq!(client.position("a"), None);
    assert_eq!(client.subscribe(2, "a"), [asks(4, "a", None)]);
}

#[test]
fn positions_outlive_several_outages_without_an_answer() {
    let mut client = returning();
    for request in 3..6 {
        client.lost(1006);
        client.wait_for_attempt();
        let effects = client.welcome();
        assert_eq!(effects[1], asks(request, "a", Some(position("e", 5))));
    }
}

/// A client that starts at offset 5, as an earlier one of its kind left it.
fn resuming() -> Client {
    let mut client = Client::new();
    client.subscribe(1, "a");
    client.machine.resume(&channel("a"), position("e", 5));
    let effects = client.welcome();
    assert_eq!(effects[1], asks(1, "a", Some(position("e", 5))));
    client
}

#[test]
fn a_position_of_an_earlier_life_is_where_a_channel_starts() {
    let mut client = resuming();
    let effects = client.control(recovered(1, 7, position("e", 8), true));
    assert_eq!(effects, [live(1, Continuity::First)]);
    assert_eq!(client.position("a"), Some(5));
    assert_eq!((client.message(7, 5), client.message(7, 6)), (vec![], vec![1]));
}

#[test]
fn a_position_that_the_relay_cannot_continue_gives_way_to_the_relays() {
    let mut client = resuming();
    client.control(recovered(1, 7, position("f", 0), false));
    assert_eq!(client.machine.position(&channel("a")), Some(&position("f", 0)));
}

#[test]
fn a_channel_that_has_a_position_keeps_it() {
    let mut client = Client::live(1, "a");
    client.machine.resume(&channel("a"), position("e", 5));
    assert_eq!(client.position("a"), Some(0));
}
