//! The whole catalog as a plugin file.

remora_sdk::export_detector!(remora_catalog_detector::Catalog);
