//! stub
#![allow(missing_docs, clippy::all)]
#[derive(Debug, Clone, Copy)]
pub enum Family {
    Other,
}
impl Family {
    pub fn of_scope(_: &[u8], _: &[u8]) -> Self {
        Family::Other
    }
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    Keep,
    Drop,
}
#[derive(Debug, Clone, Copy)]
pub enum Place {
    Resource,
    Scope,
    Span,
    SpanEvent,
    Link,
    LogRecord,
    DataPoint,
    Exemplar,
    MetricMetadata,
}
#[derive(Debug, Clone, Copy)]
pub enum BodyVerdict {
    Keep,
    Drop,
    Inspect,
}
pub fn attribute(_: Family, _: Place, _: &[u8], _: &[u8]) -> Verdict {
    Verdict::Keep
}
pub fn status_message(_: Family, _: &[u8]) -> Verdict {
    Verdict::Keep
}
pub fn body(_: Family, _: &[u8]) -> BodyVerdict {
    BodyVerdict::Keep
}
pub fn inspect_body(_: Family, _: &[u8]) -> Option<Vec<u8>> {
    None
}
