//! `show`: one run as a tree.

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, TracesData};
use prost::Message;

use super::lost;
use super::runs::state;
use super::said::Said;
use super::screen::Screen;
use crate::cli::Options;
use crate::error::Error;
use crate::message;
use crate::otlp::Signal;
use crate::store::RunFolder;
use crate::store::facts::Summary;
use crate::store::log::{Kind, Log, LogError};
use crate::transform::content::OwnNames;
use crate::view::tree::Detail;
use crate::view::{self, json, terminal};

/// Shows the run that `wanted` names, or the latest.
pub(super) fn show(
    options: &Options,
    wanted: Option<&str>,
    all: bool,
    as_json: bool,
    conversation: bool,
) -> Result<(), Error> {
    let said = Said::gather_strictly(options)?;
    let store = said.store()?;
    lost::take_care(&said, &store)?;
    let folder = store.find(wanted)?;
    let unreadable = |reason: String| Error::Unreadable { run: folder.id(), reason };
    let summary = lost::summary(&folder).map_err(|error| unreadable(error.to_string()))?;
    let spans = spans(&folder).map_err(|error| unreadable(error.to_string()))?;
    let state = state(&folder, &summary);
    let pieces = match conversation {
        true => Some(
            super::conversation::of(&folder, own_names(&said, &summary))
                .map_err(|error| unreadable(error.to_string()))?,
        ),
        false => None,
    };
    let text = if as_json {
        let detail = if all { Detail::All } else { Detail::Essential };
        json::show(&summary, state, &spans, detail, pieces.as_deref()).map_err(std::io::Error::from)?
    } else {
        let Screen { width, colour, symbols, zone, .. } = Screen::look(&said.environment);
        let options = terminal::Options { width, colour, all, symbols, zone };
        let mut text = terminal::render(&summary, state, &spans, &options);
        if let Some(pieces) = pieces {
            text.push('\n');
            text.push_str(&view::conversation::render(&pieces, &options));
        }
        text
    };
    Ok(message::print(&text)?)
}

/// What the run's agent calls content, by what is known of the agent now.
fn own_names<'a>(said: &'a Said, summary: &Summary) -> OwnNames<'a> {
    let profile = summary.started.agent.as_deref().and_then(|name| said.agents.named(name));
    profile
        .map(|profile| OwnNames { attributes: profile.content_attributes, renamed: profile.genai_attributes })
        .unwrap_or_default()
}

fn spans(folder: &RunFolder) -> Result<Vec<ResourceSpans>, LogError> {
    let log = folder.read_log()?;
    let (mut at, mut payload, mut spans) = (Log::start(), Vec::new(), Vec::new());
    while let Some(header) = log.read(at, &mut payload)? {
        at += header.record_length();
        if header.kind == Kind::Batch(Signal::Traces)
            && let Ok(data) = TracesData::decode(payload.as_slice())
        {
            spans.extend(data.resource_spans);
        }
    }
    Ok(spans)
}
