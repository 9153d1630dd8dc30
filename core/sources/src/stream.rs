//! How the blocks of one input are decoded: what was learned from its first
//! bytes (format, header, delimiter) with the mapping made ready.
//!
//! Apart from the blocks and never changed, so that all workers share one; a
//! header that changes within an input is therefore refused, not followed.

use std::sync::Arc;

use crate::{
    FormatName, csv::Header, framing::Framing, identity, ndjson, plan::Plan, record::Record,
};

/// How the blocks of one input are decoded; shared by all workers.
#[derive(Debug)]
pub struct Stream {
    format: FormatName,
    plan: Arc<Plan>,
    shape: Shape,
}

/// How records are written.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A JSON object a line.
    Ndjson,
    /// JSON objects, wherever they stand.
    Elements,
    /// A header and rows.
    Csv(Box<Header>),
}

impl Shape {
    /// How records are separated.
    pub(crate) fn framing(&self) -> Framing {
        match self {
            Shape::Ndjson => Framing::Lines,
            Shape::Elements => Framing::Elements,
            Shape::Csv(header) => Framing::Csv(header.delimiter),
        }
    }
}

impl Stream {
    /// A stream of records of one shape.
    pub(crate) fn new(format: FormatName, plan: Arc<Plan>, shape: Shape) -> Stream {
        Stream { format, plan, shape }
    }

    /// The format.
    pub fn format(&self) -> FormatName {
        self.format
    }

    /// A hash over all filled columns of the record in `raw`, whatever their order and the
    /// format they are written in: the identity of a record that has no id of its own.
    ///
    /// SHA-256, cut to 16 bytes, over name and value of each column, in the order of the names,
    /// each with its length before it. A column that is empty or null is left out; a value of JSON
    /// that is no string counts as it is written, without insignificant blanks. So a record
    /// written as CSV and as JSON has one hash where its values are written alike. What cannot be
    /// read as a record is hashed as it is.
    pub fn record_hash(&self, raw: &[u8]) -> [u8; 16] {
        match &self.shape {
            Shape::Ndjson | Shape::Elements => identity::of_object(raw),
            Shape::Csv(header) => identity::of_row(header, raw),
        }
    }

    /// Why a frame without an end is refused.
    pub(crate) fn unclosed(&self) -> &'static str {
        match self.shape {
            Shape::Csv(_) => "a quoted field that begins here does not end",
            Shape::Ndjson | Shape::Elements => {
                "the JSON object that begins here is damaged or does not end"
            }
        }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Reads the columns of the record in `raw`, or says why it is refused.
    pub(crate) fn read<'b>(&self, raw: &'b [u8], record: &mut Record<'b>) -> Result<(), String> {
        match &self.shape {
            Shape::Ndjson | Shape::Elements => ndjson::read(&self.plan, raw, record),
            Shape::Csv(header) => {
                header.read(raw, record);
                Ok(())
            }
        }
    }
}
