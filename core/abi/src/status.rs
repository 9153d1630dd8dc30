//! Errors as values: nothing else may cross the boundary on failure.

use abi_stable::{StableAbi, std_types::RString};

crate::open_id! {
    /// What went wrong, in one number.
    Status(u32)
}

impl Status {
    /// The detector panicked; it is poisoned from here on.
    pub const PANIC: Status = Status(1);
    /// The detector refused its configuration.
    pub const CONFIG: Status = Status(2);
    /// The detector returned an error.
    pub const FAILED: Status = Status(3);
    /// The detector panicked in an earlier call.
    pub const POISONED: Status = Status(4);
}

/// An error in words, owned by whoever holds it.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct AbiError {
    /// Which kind of failure.
    pub status: Status,
    /// One line, for people.
    pub message: RString,
}
