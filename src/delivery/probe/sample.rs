//! Telemetry that is sent to be looked for: the same client, and what it says came of it.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::delivery::answer::Answer;
use crate::delivery::client::Client;
use crate::delivery::target::Target;
use crate::otlp::{PerSignal, Signal};

/// What became of one signal at one upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What the upstream is called.
    pub upstream: String,
    /// The signal.
    pub signal: Signal,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Taken {
        /// But for so many items.
        rejected: u64,
        /// What the backend said about it.
        remark: Option<String>,
    },
    /// It was not, in the words of a run.
    Lost(String),
}

/// Sends the request of each signal, given in protobuf, to every target that takes the signal, all at once, each for no
/// longer than `limit`. It needs a [`tokio::task::LocalSet`].
pub async fn send(targets: Vec<Target>, requests: PerSignal<Vec<u8>>, limit: Duration) -> Vec<Sent> {
    let requests = Rc::new(requests);
    let mut sending = JoinSet::new();
    for target in targets {
        let client = Rc::new(Client::new(target));
        for signal in Signal::ALL.into_iter().filter(|signal| client.serves(*signal)) {
            let (client, requests) = (Rc::clone(&client), Rc::clone(&requests));
            sending.spawn_local(async move {
                let request = requests.of(signal);
                let outcome = match tokio::time::timeout(limit, client.send(signal, request)).await {
                    Ok(answer) => outcome(answer),
                    Err(_) => Outcome::Lost(client.unanswered(signal)),
                };
                Sent { upstream: client.name().to_owned(), signal, outcome }
            });
        }
    }
    let mut sent = Vec::new();
    while let Some(done) = sending.join_next().await {
        sent.extend(done);
    }
    sent.sort_by(|one, other| (&one.upstream, one.signal).cmp(&(&other.upstream, other.signal)));
    sent
}

fn outcome(answer: Answer) -> Outcome {
    match answer {
        Answer::Taken { rejected, remark } => Outcome::Taken { rejected, remark },
        Answer::Refused { reason }
        | Answer::TooLarge { reason }
        | Answer::Unauthorized { reason }
        | Answer::Closed { reason }
        | Answer::Unreachable { reason }
        | Answer::Busy { reason, .. } => Outcome::Lost(reason),
    }
}
