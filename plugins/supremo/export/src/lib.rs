//! The SupRemo detector as a plugin file.

remora_sdk::export_detector!(remora_supremo::SupRemo);
