//! `runs`: a list of what was run.

use super::lost;
use super::said::Said;
use super::screen::Screen;
use crate::cli::Options;
use crate::error::Error;
use crate::message;
use crate::store::{self, RunFolder};
use crate::view::{self, State, json, table};

/// Lists the latest runs, all of them if there is no limit.
pub(super) fn runs(options: &Options, as_json: bool, limit: Option<usize>) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let store = said.store()?;
    lost::take_care(&said, &store)?;
    let folders = store.list()?;
    let mut runs = Vec::new();
    for folder in folders.iter().take(limit.unwrap_or(usize::MAX)) {
        match lost::summary(folder) {
            Ok(summary) => runs.push(table::Run { state: state(folder, &summary), summary }),
            // There is nothing to tell, and nothing wrong.
            Err(error) if error.is_blank() => {}
            // One damaged run must not hide the others.
            Err(error) => message::say(&format!("cannot read the run {}: {error}", folder.id())),
        }
    }
    let text = if as_json {
        json::runs(&runs).map_err(std::io::Error::from)?
    } else {
        let Screen { width, colour, symbols, now, zone } = Screen::look(&said.environment);
        table::render(&runs, &table::Options { width, colour, symbols, now, zone })
    };
    Ok(message::print(&text)?)
}

/// How far a run has come.
pub(super) fn state(folder: &RunFolder, summary: &store::facts::Summary) -> view::State {
    let alive = summary.ended.is_none() && folder.state().is_ok_and(|state| state == store::State::Busy);
    State::of(summary, alive)
}
