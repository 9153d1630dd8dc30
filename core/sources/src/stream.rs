//! How the blocks of one input are decoded: what was learned from its first
//! bytes (format, header, delimiter) with the mapping made ready.
//!
//! Apart from the blocks and never changed, so that all workers share one; a
//! header of CSV that changes within an input is therefore refused, not followed.
//! Where headers may change, each block has its own.

use std::{ops::Range, sync::Arc};

use crate::{
    Block, FormatName, csv::Header, framing::Framing, identity, ndjson, plan::Plan, record::Record,
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
    /// Rows with lines between them that say how they are written.
    Tsv,
}

impl Shape {
    /// How records are separated.
    pub(crate) fn framing(&self) -> Framing {
        match self {
            Shape::Ndjson | Shape::Tsv => Framing::Lines,
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

    /// Whether `event.id`, with kind and time, names one event even where no device is known.
    pub fn has_unique_ids(&self) -> bool {
        self.plan.mapping().unique_ids
    }

    /// A hash over all filled columns of the record at `span` of `block`, whatever their order and the
    /// format they are written in: the identity of a record that has no id of its own.
    ///
    /// SHA-256, cut to 16 bytes, over name and value of each column, in the order of the names,
    /// each with its length before it. A column that is empty or null is left out; a value of JSON
    /// that is no string counts as it is written, without insignificant blanks. So a record
    /// written as CSV and as JSON has one hash where its values are written alike. What cannot be
    /// read as a record is hashed as it is.
    pub fn record_hash(&self, block: &Block, span: Range<usize>) -> [u8; 16] {
        let raw = &block.data[span];
        match (&self.shape, &block.header) {
            (Shape::Csv(header), _) => identity::of_row(header, raw),
            (Shape::Tsv, Some(header)) => identity::of_values(header.named_values(raw)),
            _ => identity::of_object(raw),
        }
    }

    /// Why a frame without an end is refused.
    pub(crate) fn unclosed(&self) -> &'static str {
        match self.shape {
            Shape::Csv(_) => "a quoted field that begins here does not end",
            Shape::Tsv => "the record that begins here does not end",
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

    /// Reads the columns of the record in `raw`, a part of `block`, or says why it is refused.
    pub(crate) fn read<'b>(
        &self,
        block: &Block,
        raw: &'b [u8],
        record: &mut Record<'b>,
    ) -> Result<(), String> {
        match (&self.shape, &block.header) {
            (Shape::Csv(header), _) => {
                header.read(raw, record);
                Ok(())
            }
            (Shape::Tsv, Some(header)) => header.read(raw, record),
            _ => ndjson::read(&self.plan, raw, record),
        }
    }
}
