//! The words of an entry for what is one of a few things.

use crate::agent::{LastBatches, Means, ResourceAttributes, TakesParent};
use crate::settings::choice::Choices;

pub(super) use crate::settings::choice::{SIGNAL, word};

pub(super) const TAKES_PARENT: Choices<TakesParent> = &[
    ("always", TakesParent::Always),
    ("partly", TakesParent::Partly),
    ("never", TakesParent::Never),
    ("unknown", TakesParent::Unknown),
];

pub(super) const LAST_BATCHES: Choices<LastBatches> = &[
    ("sent", LastBatches::Sent),
    ("sent-afterwards", LastBatches::SentAfterwards),
    ("lost", LastBatches::Lost),
    ("unknown", LastBatches::Unknown),
];

pub(super) const RESOURCE_ATTRIBUTES: Choices<ResourceAttributes> =
    &[("decoded", ResourceAttributes::Decoded), ("partly-decoded", ResourceAttributes::PartlyDecoded)];

pub(super) const MEANS: Choices<Means> =
    &[("prompt", Means::Prompt), ("model-call", Means::ModelCall), ("tool-call", Means::ToolCall)];
