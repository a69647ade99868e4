//! From the log to the backend: for each signal a lane that reads behind a cursor, sends, retries, and notes what was
//! taken.
//!
//! A lane never holds data of its own. What is not answered for when the time is over stays in the log, and the next
//! delivery begins there.

mod answer;
mod client;
mod lane;
mod retry;
mod source;
mod target;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub use lane::Phase;
pub use source::Source;
pub use target::{Target, TargetError};

use crate::otlp::Signal;
use crate::store::Journal;
use client::Client;

/// What the lanes of one run share.
pub struct Delivery {
    /// The log that is delivered.
    pub source: Rc<Source>,
    /// What was delivered of it so far.
    pub journal: Rc<RefCell<Journal>>,
    /// Why a signal is not delivered, as far as something went wrong last.
    pub failures: Rc<RefCell<BTreeMap<Signal, String>>>,
}

impl Delivery {
    /// Delivers to `target` until everything is settled after `phase` has become [`Phase::Finishing`], or nothing more
    /// can be done. Whoever is in a hurry drops the future; what was answered for is in the journal then.
    pub async fn run(&self, target: Target, phase: tokio::sync::watch::Receiver<Phase>) {
        let client = Rc::new(Client::new(target));
        let mut lanes = tokio::task::JoinSet::new();
        for signal in Signal::ALL {
            if client.serves(signal) {
                let lane = lane::Lane {
                    signal,
                    client: Rc::clone(&client),
                    source: Rc::clone(&self.source),
                    journal: Rc::clone(&self.journal),
                    failures: Rc::clone(&self.failures),
                    phase: phase.clone(),
                };
                lanes.spawn_local(lane.run());
            }
        }
        while lanes.join_next().await.is_some() {}
    }
}
