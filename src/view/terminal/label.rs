//! What a node is called.

use super::Options;
use crate::signals::Activity;
use crate::view::text::{Style, safe, width};
use crate::view::tree::Node;

/// What stands in front of a bar: a kind and a name.
pub(super) struct Label {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) note: String,
    pub(super) style: Style,
    pub(super) failed: bool,
    /// In columns.
    pub(super) width: usize,
}

impl Label {
    pub(super) fn of(node: &Node<'_>, options: &Options) -> Self {
        let (kind, name, note, style) = if options.all { Self::as_span(node) } else { Self::as_activity(node) };
        let note = if note.is_empty() { note } else { format!(" ({})", safe(&note)) };
        let mut label = Self { kind, name: safe(&name).into_owned(), note, style, failed: node.failed, width: 0 };
        let mark = if node.failed && node.depth == 0 { 2 } else { 0 };
        label.width = mark + width(kind) + width(&label.name) + width(&label.note);
        label
    }

    /// In the words of a person. Kinds of siblings are as wide as each other, so that the names stand below each other.
    fn as_activity(node: &Node<'_>) -> (&'static str, String, String, Style) {
        let owned = |name: &Option<String>| name.clone().unwrap_or_default();
        let named = |kind: &'static str, name: &Option<String>, style| match name {
            Some(name) => (kind, name.clone(), String::new(), style),
            None => (kind.trim_end(), String::new(), String::new(), style),
        };
        match &node.activity {
            Some(Activity::Prompt) => ("prompt", String::new(), String::new(), Style::Blue),
            Some(Activity::ModelCall(call)) => {
                ("model ", owned(&call.model), node.purpose.unwrap_or("").to_owned(), Style::Cyan)
            }
            Some(Activity::ModelStep { model, .. }) => {
                ("model ", owned(model), node.purpose.unwrap_or("steps").to_owned(), Style::Plain)
            }
            Some(Activity::ToolCall { name, .. }) => {
                let note = if node.delegates { "sub-agent" } else { "" };
                ("tool  ", name.clone(), note.to_owned(), if node.delegates { Style::Magenta } else { Style::Yellow })
            }
            Some(Activity::ToolEcho { name, .. }) => {
                let name = name.clone().unwrap_or_else(|| node.span.name.clone());
                ("tool  ", name, String::new(), Style::Yellow)
            }
            Some(Activity::AgentTurn { name }) => named("agent ", name, Style::Magenta),
            Some(Activity::SubAgent { name }) => named("sub-agent ", name, Style::Magenta),
            Some(Activity::ModelUsage { .. } | Activity::ModelFailure) | None => Self::as_span(node),
        }
    }

    /// By the span's own name.
    fn as_span(node: &Node<'_>) -> (&'static str, String, String, Style) {
        let (note, style) = match &node.activity {
            Some(Activity::ModelCall(call)) => (call.model.clone(), Style::Cyan),
            Some(Activity::ToolCall { name, .. }) => (Some(name.clone()), Style::Yellow),
            Some(Activity::ToolEcho { name, .. }) => (name.clone(), Style::Yellow),
            Some(Activity::AgentTurn { name } | Activity::SubAgent { name }) => (name.clone(), Style::Magenta),
            Some(Activity::Prompt) => (None, Style::Blue),
            Some(Activity::ModelStep { .. } | Activity::ModelUsage { .. } | Activity::ModelFailure) | None => {
                (None, Style::Plain)
            }
        };
        let name = if node.span.name.is_empty() { "(no name)".to_owned() } else { node.span.name.clone() };
        ("", name, note.unwrap_or_default(), style)
    }
}
