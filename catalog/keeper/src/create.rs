//! New files.

/// What stands where something is to be filled in.
pub(crate) const BLANKS: [&str; 2] = ["FILL IN", "fill-in.invalid"];
