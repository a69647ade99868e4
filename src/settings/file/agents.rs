//! What a settings file says about agents, as it stands there: what it means is for the agents' room to say.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Reader, wrong_type};
use crate::settings::given::Given;
use crate::settings::value::Sourced;

impl Reader<'_> {
    /// The tables `[agents.NAME]`.
    pub(super) fn agents(&mut self, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Vec<(String, Sourced<Given>)> {
        match value.get_ref() {
            DeValue::Table(table) => self.given_table(table),
            other => {
                let remedy = "write [agents.NAME] and below it what is to be known of the agent";
                self.complain(key.start, format!("`agents`: {}; {remedy}", wrong_type("a table", other)));
                Vec::new()
            }
        }
    }

    fn given_table(&self, table: &DeTable<'_>) -> Vec<(String, Sourced<Given>)> {
        let mut entries: Vec<_> = table
            .iter()
            // The line is named already.
            .filter(|(key, value)| value.get_ref().is_table() || !self.is_broken(&key.span(), value))
            .map(|(key, value)| (key.span().start, key.get_ref().as_ref(), value.get_ref()))
            .collect();
        // The table is sorted by key; what was said first comes first.
        entries.sort_by_key(|(position, ..)| *position);
        let given = |(position, key, value): (usize, &str, &DeValue<'_>)| {
            (key.to_owned(), Sourced::new(self.given(value), self.origin(position)))
        };
        entries.into_iter().map(given).collect()
    }

    fn given(&self, value: &DeValue<'_>) -> Given {
        match value {
            DeValue::String(text) => Given::Text(text.clone().into_owned()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Given::Other("number that is too large"), Given::Number),
            DeValue::Boolean(switch) => Given::Switch(*switch),
            DeValue::Array(values) => {
                let values = values.iter();
                Given::List(
                    values
                        .map(|value| Sourced::new(self.given(value.get_ref()), self.origin(value.span().start)))
                        .collect(),
                )
            }
            DeValue::Table(table) => Given::Table(self.given_table(table)),
            DeValue::Float(_) => Given::Other("float"),
            DeValue::Datetime(_) => Given::Other("datetime"),
        }
    }
}
