//! From the log to the upstreams: for each of them and each signal a lane that reads behind a cursor, sends, retries, and
//! notes what was taken.
//!
//! A lane never holds data of its own, and none waits for another. What is not answered for when the time is over stays in
//! the log, and the next delivery begins there.

mod answer;
mod client;
mod credentials;
mod exchange;
mod file;
mod lane;
mod link;
pub mod probe;
mod proxy;
mod reply;
mod retry;
mod source;
mod target;
mod tls;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

pub use credentials::{Printed, printed_for};
pub use lane::Phase;
pub use proxy::Proxies;
pub use source::Source;
pub use target::{Target, TargetError};

use crate::otlp::Signal;
use crate::store::Journal;
use crate::store::facts::Delivery as Delivered;
use client::Client;

/// A journal that all lanes write.
pub type SharedJournal = Rc<RefCell<Journal>>;

/// Why signals are not delivered, as far as something went wrong last, by the upstream's name.
#[derive(Debug, Clone, Default)]
pub struct Failures(Rc<RefCell<BTreeMap<(String, Signal), String>>>);

/// What a delivery needs of the world beside sockets.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The time, in nanoseconds since 1970.
    pub now: fn() -> u64,
    /// Something random from 0 to 1.
    pub chance: fn() -> f64,
}

/// What the lanes of one run share.
pub struct Delivery {
    /// The log that is delivered.
    pub source: Rc<Source>,
    /// What was delivered of it so far.
    pub journal: SharedJournal,
    /// What went wrong.
    pub failures: Failures,
    /// The world.
    pub circumstances: Circumstances,
}

impl Circumstances {
    /// The real ones.
    pub fn real() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64);
        Self { now, chance: fastrand::f64 }
    }
}

impl Failures {
    /// Notes what is wrong with a signal at the upstream `name`, or that nothing is.
    pub fn set(&self, name: &str, signal: Signal, reason: Option<String>) {
        let mut failures = self.0.borrow_mut();
        let key = (name.to_owned(), signal);
        match reason {
            Some(reason) => failures.insert(key, reason),
            None => failures.remove(&key),
        };
    }

    /// The first reason at the upstream `name`.
    pub fn of(&self, name: &str) -> Option<String> {
        self.0.borrow().iter().find(|((to, _), _)| to == name).map(|(_, reason)| reason.clone())
    }

    /// Puts the reasons where it is said what became of the run.
    pub fn explain(&self, deliveries: &mut BTreeMap<String, Delivered>) {
        for (name, delivery) in deliveries {
            delivery.failure = self.of(name).or(delivery.failure.take());
        }
    }

    /// What is wrong if there is never an answer, unless something is wrong already.
    fn expect(&self, client: &Client, signal: Signal) {
        let mut failures = self.0.borrow_mut();
        failures.entry((client.name().to_owned(), signal)).or_insert_with(|| client.unanswered(signal));
    }
}

impl Delivery {
    /// Delivers to `targets` until everything is settled after `phase` has become [`Phase::Finishing`], or nothing more
    /// can be done. Whoever is in a hurry drops the future; what was answered for is in the journal then.
    pub async fn run(&self, targets: Vec<Target>, phase: tokio::sync::watch::Receiver<Phase>) {
        let mut lanes = tokio::task::JoinSet::new();
        for target in targets {
            let client = Rc::new(Client::new(target));
            for signal in Signal::ALL.into_iter().filter(|signal| client.serves(*signal)) {
                let lane = lane::Lane {
                    signal,
                    client: Rc::clone(&client),
                    source: Rc::clone(&self.source),
                    journal: Rc::clone(&self.journal),
                    failures: self.failures.clone(),
                    circumstances: self.circumstances,
                    phase: phase.clone(),
                };
                lanes.spawn_local(lane.run());
            }
            lanes.spawn_local(async move { client.prepare().await });
        }
        while lanes.join_next().await.is_some() {}
    }
}
