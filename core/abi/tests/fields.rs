//! `docs/fields.md` is generated from the tables; `REMORA_BLESS=1` rewrites it.

use std::{fmt::Write as _, fs, path::Path};

use remora_abi::{
    field::{ALIASES, FIELDS, Type},
    kind::KINDS,
};

fn page() -> String {
    let mut page = String::from(
        "# Kinds, fields and aliases\n\nGenerated from `core/abi/src`; do not edit.\n\n## Kinds\n\n| kind | meaning |\n| --- | --- |\n",
    );
    for kind in KINDS {
        writeln!(page, "| `{}` | {} |", kind.name, kind.meaning)
            .expect("a text takes what is written");
    }
    page.push_str("\n## Fields\n\n| field | type | meaning |\n| --- | --- | --- |\n");
    for field in FIELDS {
        let ty = if field.ty == Type::Number { "number" } else { "text" };
        writeln!(page, "| `{}` | {ty} | {} |", field.name, field.meaning)
            .expect("a text takes what is written");
    }
    page.push_str("\n## Aliases\n\nColumns that rules may name instead of a field.\n\n| kind | column | field |\n| --- | --- | --- |\n");
    for alias in ALIASES {
        let kind = alias.kind.info().map_or("any", |info| info.name);
        writeln!(page, "| {kind} | `{}` | `{}` |", alias.column, alias.field.name())
            .expect("a text takes what is written");
    }
    page
}

#[test]
fn the_page_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fields.md");
    if std::env::var_os("REMORA_BLESS").is_some() {
        fs::write(&path, page()).expect("a text takes what is written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(known == page(), "docs/fields.md is stale; run this test with REMORA_BLESS=1");
}
