//! Answers as they can be compared.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::support::{DEADLINE, Stream};

/// Turns that a relay of this thread has between two pieces of a request.
const TURNS: usize = 20;

/// An answer as it can be compared: the fields in their order are no promise, and neither is the second.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) fields: Vec<String>,
    pub(crate) body: String,
}

/// Takes one answer off the front of a text, if it is there whole.
fn split_answer(text: &str) -> Option<(Answer, &str)> {
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next()?;
    let mut fields: Vec<_> = lines.collect();
    let length = fields.iter().find_map(|field| field.strip_prefix("content-length: ")?.parse().ok());
    let (body, rest) = rest.split_at_checked(length.unwrap_or(0))?;
    for field in &mut fields {
        if let Some(date) = field.strip_prefix("date: ") {
            assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
            *field = "date".to_owned();
        }
    }
    fields.sort();
    Some((Answer { status, fields, body: body.to_owned() }, rest))
}

fn answers(mut text: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some((answer, rest)) = split_answer(text) {
        answers.push(answer);
        text = rest;
    }
    assert_eq!(text, "", "behind {answers:?}");
    answers
}

/// Sends pieces, each once the relay has had time for the one before, and reads so many answers, or to the end.
pub(crate) async fn exchange(
    stream: &mut Box<dyn Stream>,
    pieces: &[&[u8]],
    wanted: Option<usize>,
) -> Vec<Answer> {
    let mut read = Vec::new();
    for piece in pieces {
        // A relay that has closed takes nothing more; what it has answered counts.
        if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        // The relay runs on this thread, and has read and answered when the others have had some turns.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }
    let reading = async {
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            let mut rest = text.as_str();
            let mut count = 0;
            while let Some((_, behind)) = split_answer(rest) {
                (rest, count) = (behind, count + 1);
            }
            if wanted == Some(count) || stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return answers(&text);
            }
        }
    };
    timeout(DEADLINE, reading).await.unwrap_or_else(|_| panic!("{wanted:?} answers in time"))
}

/// A position's epoch is each relay's own.
pub(crate) fn without_epoch(mut answer: Answer) -> Answer {
    if let Ok(Value::Object(mut document)) = serde_json::from_str(&answer.body)
        && document.remove("epoch").is_some()
    {
        answer.body = Value::from(document).to_string();
    }
    answer
}
