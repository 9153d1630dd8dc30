//! What the host offers to a detector.

use abi_stable::{StableAbi, std_types::RStr};

/// Functions of the host. A prefix type: later hosts append functions, and a
/// detector treats an absent one as absent.
///
/// Owner: the host. Lives as long as the process; usable on any thread.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
#[sabi(kind(Prefix(prefix_ref = HostServicesRef, prefix_fields = HostServicesPrefix)))]
#[sabi(missing_field(option))]
pub struct HostServices {
    /// Logs one line. `level`: 1 error, 2 warning, 3 info, 4 debug, 5 trace;
    /// other values count as trace. Never fails, never unwinds.
    #[sabi(last_prefix_field)]
    pub log: extern "C" fn(level: u32, target: RStr<'_>, message: RStr<'_>),
}
