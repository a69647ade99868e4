//! Reading attributes by any of the names that a value goes by.

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};

/// The attributes of one span or event.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a>(pub &'a [KeyValue]);

impl<'a> Attributes<'a> {
    /// The value under the first of `names` that is there.
    pub fn value(self, names: &[&str]) -> Option<&'a Value> {
        self.first(names, Some)
    }

    /// What `read` makes of the values under `names`, the first that it makes something of.
    fn first<T>(self, names: &[&str], read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        names.iter().find_map(|name| {
            let attribute = self.0.iter().find(|attribute| attribute.key == *name)?;
            read(attribute.value.as_ref()?.value.as_ref()?)
        })
    }

    /// A text that is not empty.
    pub fn text(self, names: &[&str]) -> Option<&'a str> {
        self.first(names, |value| match value {
            Value::StringValue(text) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        })
    }

    /// A number; some agents send numbers as texts.
    pub fn number(self, names: &[&str]) -> Option<f64> {
        self.first(names, |value| match value {
            Value::DoubleValue(number) => Some(*number),
            // Nothing that is read this way needs more than 53 bits.
            #[allow(clippy::cast_precision_loss)]
            Value::IntValue(number) => Some(*number as f64),
            Value::StringValue(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A count. JavaScript sends whole numbers as doubles when it has computed them.
    pub fn count(self, names: &[&str]) -> Option<u64> {
        self.first(names, |value| match value {
            Value::IntValue(number) => u64::try_from(*number).ok(),
            // A cast from a float saturates.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Value::DoubleValue(number) if number.is_finite() => Some(*number as u64),
            Value::StringValue(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A whole number, negative ones included.
    pub fn integer(self, names: &[&str]) -> Option<i64> {
        self.first(names, |value| match value {
            Value::IntValue(number) => Some(*number),
            #[allow(clippy::cast_possible_truncation)]
            Value::DoubleValue(number) if number.is_finite() => Some(*number as i64),
            Value::StringValue(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// A truth value; Codex sends them as texts.
    pub fn flag(self, names: &[&str]) -> Option<bool> {
        self.first(names, |value| match value {
            Value::BoolValue(flag) => Some(*flag),
            Value::StringValue(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// Whether `name` is there at all.
    pub fn has(self, name: &str) -> bool {
        self.0.iter().any(|attribute| attribute.key == name)
    }
}
