//! The runs of a `serve`, one after the other. They are runs like those of commands for `runs`, `show` and `flush`, but have no
//! span of their own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::cli::ServeOptions;
use crate::collector::{self, Closing, Report, Settled, Turn};
use crate::command::said::Said;
use crate::command::{launch, recording, verdict};
use crate::context::Ids;
use crate::error::Error;
use crate::message;
use crate::secret::Secrets;
use crate::settings::{Content, Nest, Settings};
use crate::store::content::Kept;
use crate::store::facts::{Beginning, Destination, Ended, Started, Summary};
use crate::store::{Journal, Log, RunFolder, Store};
use crate::transform::{Rules, Transform};

/// A log of so many MiB is full, unless the user says otherwise: some 100,000 spans, which can still be looked at.
const SIZE_MIB: u32 = 64;
/// The age at which a log is closed, unless the user says otherwise.
const AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of a log that is full.
pub(super) fn size(wanted: &ServeOptions) -> u64 {
    u64::from(wanted.segment_size.unwrap_or(SIZE_MIB)) << 20
}

/// The age of a log that is closed; none is no limit.
pub(super) fn age(wanted: &ServeOptions) -> Option<Duration> {
    Some(wanted.segment_age.unwrap_or(AGE)).filter(|age| !age.is_zero())
}

/// Begins one run after the other.
pub(super) struct Segments {
    state_dir: PathBuf,
    address: SocketAddr,
    destinations: Vec<Destination>,
    rules: Rules,
    sum: Sum,
    /// Whether the user knows already that no run can be begun.
    told: bool,
    quiet: bool,
}

/// A run that was begun.
pub(super) struct Segment {
    pub(super) log: Log,
    pub(super) journal: Journal,
    pub(super) content: Option<Kept>,
    pub(super) transform: Transform,
    pub(super) settled: Settled,
}

impl Segments {
    /// Nothing is begun yet.
    pub(super) fn new(
        said: &Said,
        address: SocketAddr,
        destinations: Vec<Destination>,
        secrets: Arc<Secrets>,
        sum: &Sum,
    ) -> Result<Self, Error> {
        let state_dir = said.state_dir().ok_or(Error::NoStateFolder)?.value;
        let quiet = said.settings.quiet.value;
        Ok(Self {
            state_dir,
            address,
            destinations,
            rules: rules(&said.settings, secrets),
            sum: sum.clone(),
            told: false,
            quiet,
        })
    }

    /// Begins another run; the error is a sentence.
    pub(super) fn begin(&self) -> Result<Segment, String> {
        let failed = |error| format!("cannot write to {}: {error}", self.state_dir.display());
        let started = self.started();
        let beginning = Beginning { started: started.clone(), span: None };
        let (folder, log) = Store::at(&self.state_dir).create(&beginning).map_err(failed)?;
        // Nobody else may have the run before its summary is written, when the log is not needed any more.
        let content = || (self.rules.content == Content::Local).then(|| folder.begin_content()).transpose();
        let opened = folder.journal().and_then(|journal| Ok((journal, content()?, log.hold()?)));
        let (journal, content, hold) = opened.map_err(|error| {
            folder.discard();
            failed(error)
        })?;
        let sum = self.sum.clone();
        let settled = Box::new(move |report: Report| {
            settle(&folder, started, &report);
            drop(hold);
            sum.add(report);
        });
        Ok(Segment { log, journal, content, transform: Transform::new(self.rules.clone()), settled })
    }

    /// Begins another run in place of one that is full. Where that is not possible the full one goes on.
    pub(super) fn turn(&mut self) -> Option<Turn> {
        match self.begin() {
            Ok(Segment { log, journal, content, transform, settled }) => {
                self.told = false;
                Some(Turn { closing: closing(), log, journal, content, transform, settled })
            }
            Err(reason) => {
                if !self.told && !self.quiet {
                    message::say(&format!("no new run can be begun, so the present one goes on: {reason}"));
                }
                self.told = true;
                None
            }
        }
    }

    fn started(&self) -> Started {
        Started {
            run_id: launch::run_id(Timestamp::now(), Ids::fresh().span_id),
            trace_id: String::new(),
            span_id: String::new(),
            parent_span_id: None,
            sampled: true,
            name: format!("serve {}", self.address),
            agent: None,
            started_unix_nano: recording::unix_nano(),
            wrapper_pid: std::process::id(),
            child_pid: None,
            listen: Some(self.address.to_string()),
            content: Some(self.rules.content.as_str().to_owned()),
            destinations: self.destinations.clone(),
        }
    }
}

/// The senders' traces stay as they are, and so do their names where the user's says who a command is: there is none. What is known of this machine is not added: who sends may be on another one, or in
/// a container.
fn rules(settings: &Settings, secrets: Arc<Secrets>) -> Rules {
    let name = settings.service_name.as_ref().map(|name| &name.value).filter(|name| !name.has_placeholders());
    let attributes = settings.resource_attributes.iter();
    // They are added behind the search.
    let blanked = |text: &str| secrets.blanked_text(text).unwrap_or_else(|| text.to_owned());
    Rules {
        nest: Nest::Off,
        content: settings.content.value,
        left_out: None,
        genai: settings.genai.value,
        newest_genai: settings.newest_genai.value,
        trace_id: [0; 16],
        span_id: [0; 8],
        sampled: true,
        service_name: name.map(|name| blanked(name.as_written())),
        agent: None,
        resource_attributes: attributes.map(|(key, value)| (key.clone(), blanked(&value.value))).collect(),
        secrets,
    }
}

/// What is written last into a log.
pub(super) fn closing() -> Closing {
    let ended = Ended { ended_unix_nano: recording::unix_nano(), ..Ended::default() };
    Closing { own: Vec::new(), ended: serde_json::to_vec(&ended).unwrap_or_default() }
}

/// Writes down what became of a run. One to which nobody sent anything is forgotten.
fn settle(folder: &RunFolder, started: Started, report: &Report) {
    if report.intake.is_empty() || report.kept == collector::Kept::Nothing {
        return folder.discard();
    }
    let summary = Summary {
        ended: serde_json::from_slice(&report.ended).ok(),
        totals: report.totals.clone(),
        intake: report.intake.clone(),
        deliveries: report.deliveries.clone(),
        ..Summary::of(started)
    };
    // Without one it stays marked, and the next otel-run writes it.
    if folder.write_summary(&summary).is_ok() {
        folder.mark_closed();
    }
}

/// What became of everything, whatever run it is in.
#[derive(Clone, Default)]
pub(super) struct Sum {
    report: Arc<Mutex<Report>>,
    /// What is to be said about old runs that were removed.
    removed: Arc<Mutex<Vec<String>>>,
}

impl Sum {
    fn add(&self, report: Report) {
        let mut sum = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        for (signal, intake) in report.intake {
            sum.intake.entry(signal).or_default().dropped += intake.dropped;
        }
        for (name, delivery) in report.deliveries {
            let sum = sum.deliveries.entry(name).or_default();
            for (signal, outcome) in delivery.outcome {
                let before = sum.outcome.entry(signal).or_default();
                *before = *before + outcome;
            }
            sum.failure = delivery.failure.or(sum.failure.take());
        }
        sum.store_error = report.store_error.or(sum.store_error.take());
        sum.content_error = report.content_error.or(sum.content_error.take());
    }

    /// What there is to say about it at the end, one sentence each.
    pub(super) fn troubles(&self, destinations: &[Destination]) -> Vec<String> {
        let mut troubles =
            verdict::troubles(&self.report.lock().unwrap_or_else(PoisonError::into_inner), destinations, None);
        troubles.append(&mut self.removed.lock().unwrap_or_else(PoisonError::into_inner));
        troubles
    }

    /// Where to say what is to be said about old runs that were removed.
    pub(super) fn removed(&self) -> Arc<Mutex<Vec<String>>> {
        Arc::clone(&self.removed)
    }
}
