//! Metrics: exemplars are moved into the run's trace, attributes are without content; numbers are never touched.

use super::Pass;
use super::content::Place;
use super::is_absent;
use super::put_original_trace;
use super::resource::Origin;
use crate::otlp::wire::{Reader, WireError, put_bytes_field, put_message};

/// Where a kind of data point keeps its attributes and its exemplars, by field number.
#[derive(Clone, Copy)]
struct PointLayout {
    attributes: u32,
    exemplars: Option<u32>,
}

/// The layout of the points inside field `number` of a `Metric` (opentelemetry-proto, `metrics.proto`).
fn point_layout(number: u32) -> Option<PointLayout> {
    Some(match number {
        // Gauge and Sum hold NumberDataPoint.
        5 | 7 => PointLayout { attributes: 7, exemplars: Some(5) },
        // Histogram
        9 => PointLayout { attributes: 9, exemplars: Some(8) },
        // ExponentialHistogram
        10 => PointLayout { attributes: 1, exemplars: Some(11) },
        // Summary
        11 => PointLayout { attributes: 7, exemplars: None },
        _ => return None,
    })
}

impl Pass<'_> {
    /// Appends the fields of a `Metric`.
    pub(super) fn metric(&mut self, origin: Origin<'_>, metric: &[u8], out: &mut Vec<u8>) -> Result<(), WireError> {
        let mut name: &[u8] = &[];
        for field in Reader::new(metric) {
            let field = field?;
            if let (1, Some(bytes)) = (field.number, field.value.bytes()) {
                name = bytes;
            }
        }
        for field in Reader::new(metric) {
            let field = field?;
            match (point_layout(field.number), field.value.bytes()) {
                (Some(layout), Some(data)) => {
                    put_message(out, field.number, data.len(), |out| self.points(origin, name, layout, data, out))?;
                }
                _ if field.number == 12 && !self.keeps(origin, Place::MetricMetadata, name, &field)? => {}
                _ => out.extend_from_slice(field.raw),
            }
        }
        Ok(())
    }

    /// `Gauge`, `Sum` and so on: the points are field 1.
    fn points(
        &mut self,
        origin: Origin<'_>,
        name: &[u8],
        layout: PointLayout,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        for field in Reader::new(data) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (1, Some(point)) => {
                    self.counts.kept += 1;
                    put_message(out, 1, point.len(), |out| self.point(origin, name, layout, point, out))?;
                }
                _ => out.extend_from_slice(field.raw),
            }
        }
        Ok(())
    }

    fn point(
        &mut self,
        origin: Origin<'_>,
        name: &[u8],
        layout: PointLayout,
        point: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        for field in Reader::new(point) {
            let field = field?;
            match field.value.bytes() {
                Some(_) if field.number == layout.attributes => {
                    if self.keeps(origin, Place::DataPoint, name, &field)? {
                        out.extend_from_slice(field.raw);
                    }
                }
                Some(exemplar) if Some(field.number) == layout.exemplars => {
                    put_message(out, field.number, exemplar.len() + 64, |out| {
                        self.exemplar(origin, name, exemplar, out)
                    })?;
                }
                _ => out.extend_from_slice(field.raw),
            }
        }
        Ok(())
    }

    /// `Exemplar`: the trace id is field 5, filtered attributes are field 7.
    fn exemplar(
        &mut self,
        origin: Origin<'_>,
        name: &[u8],
        exemplar: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        let mut foreign: &[u8] = &[];
        for field in Reader::new(exemplar) {
            let field = field?;
            match (field.number, field.value.bytes()) {
                (4, Some(span_id)) => match self.named(span_id) {
                    Some(kept) => put_bytes_field(out, 4, &kept),
                    None => out.extend_from_slice(field.raw),
                },
                (5, Some(trace_id)) if self.must_adopt(trace_id) && !is_absent(trace_id) => {
                    foreign = trace_id;
                    put_bytes_field(out, 5, &self.rules.trace_id);
                }
                (7, Some(_)) if !self.keeps(origin, Place::Exemplar, name, &field)? => {}
                _ => out.extend_from_slice(field.raw),
            }
        }
        if !foreign.is_empty() {
            put_original_trace(out, 7, foreign);
        }
        Ok(())
    }
}
