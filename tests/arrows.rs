use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The arrows of `docs/ARCHITECTURE.md`.
const ALLOWED: &[(&str, &[&str])] = &[
    ("remora-abi", &[]),
    ("remora-rules", &["remora-abi"]),
    ("remora-sources", &["remora-abi"]),
    ("remora-sdk", &["remora-abi", "remora-rules"]),
    ("remora-engine", &["remora-abi", "remora-rules", "remora-sources"]),
    ("remora-catalog", &["remora-rules"]),
    ("remora-supremo", &["remora-catalog", "remora-sdk"]),
    ("remora-supremo-export", &["remora-sdk", "remora-supremo"]),
    ("remora", &["remora-catalog", "remora-engine", "remora-rules", "remora-supremo"]),
];

#[test]
fn crates_use_only_what_the_architecture_allows() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let allowed: BTreeMap<_, BTreeSet<_>> =
        ALLOWED.iter().map(|(name, list)| (*name, list.iter().copied().collect())).collect();
    let mut seen = 0;
    for package in &metadata.packages {
        let Some(allowed) = allowed.get(package.name.as_str()) else { continue };
        seen += 1;
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let normal = dependency.kind == DependencyKind::Normal;
            if normal && name.starts_with("remora") {
                assert!(allowed.contains(name), "{} must not use {name}", package.name);
            }
            if normal && name == "abi_stable" {
                let may = ["remora-abi", "remora-sdk", "remora-engine"];
                assert!(may.contains(&package.name.as_str()), "{} names abi_stable", package.name);
            }
        }
    }
    assert_eq!(seen, ALLOWED.len());
}
