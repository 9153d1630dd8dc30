//! The view of a batch reads what the columns hold, absent values included.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use remora_sdk::{
    Batch, Detector, Error, Finding, Findings, Hit, Interests, Rule, Rules,
    abi::Field,
    field, kind,
    testing::{Event, Host},
};

/// Pushes for every row what the view says of it.
struct Reader;

/// One reader at a time reports here what does not fit into a finding.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Detector for Reader {
    const MANIFEST: &'static str =
        remora_sdk::manifest!(name: "reader", tools: ["reader"], techniques: []);

    fn new(_: &str) -> Result<Self, Error> {
        Ok(Reader)
    }

    fn rules(&self, rules: &mut Rules<'_>) {
        assert_eq!(rules.push(&Rule { id: "reader.0", tool: "reader", ..Rule::default() }), 0);
        assert_eq!(rules.push(&Rule { id: "reader.1", tool: "reader", ..Rule::default() }), 1);
    }

    fn interests(&self, interests: &mut Interests<'_>) {
        assert_eq!(interests.want_kind(kind::PROCESS), 0);
        assert_eq!(interests.want_kind(kind::DNS), 1);
    }

    fn inspect(
        &self,
        batch: &Batch<'_>,
        hits: &[Hit],
        findings: &mut Findings<'_>,
    ) -> Result<(), Error> {
        let (names, codes) =
            (batch.texts_of(field::PROCESS_NAME), batch.numbers_of(field::EVENT_CODE));
        let mut seen = SEEN.lock().unwrap();
        for (row, hits) in batch.rows(hits) {
            let at = row.index();
            assert_eq!(names.get(at), row.text(field::PROCESS_NAME));
            assert_eq!(codes.get(at), row.number(field::EVENT_CODE));
            // A field that no source fills, and ones that no table knows.
            assert_eq!(row.text(field::TENANT), "");
            assert_eq!(row.text(Field(u16::MAX)), "");
            assert_eq!(row.number(field::REMOTE_PORT), None);
            assert_eq!(row.number(field::PROCESS_NAME), None);
            seen.push(format!(
                "{at} {} {:?} {:?} {:?} {}",
                row.kind().name(),
                row.time(),
                row.text(field::PROCESS_NAME),
                row.number(field::EVENT_CODE),
                hits.len(),
            ));
            let extra = [(field::PROCESS_NAME, row.text(field::PROCESS_NAME))];
            findings.push(&Finding { instance: "here", extra: &extra, ..Finding::new(at, 1, &[]) });
        }
        Ok(())
    }
}

#[test]
fn rows_and_columns_agree() {
    let mut events = vec![
        Event::new(kind::PROCESS).at("1970-01-01T00:00:01.000000002Z").number(field::EVENT_CODE, 1),
        // Not asked for: its row has no hit.
        Event::new(kind::TLS).text(field::PROCESS_NAME, "other"),
        Event::new(kind::DNS).text(field::PROCESS_NAME, "a").at_ns(-5),
        Event::new(kind::DNS).text(field::PROCESS_NAME, "é"),
    ];
    // Beyond the first byte of every validity bitmap.
    events.extend((4..9).map(|_| Event::new(kind::TLS)));
    events.push(Event::new(kind::PROCESS).number(field::EVENT_CODE, -9).at_ns(9));
    let found = Host::of::<Reader>("").unwrap().inspect(&events).unwrap();
    assert_eq!(
        *SEEN.lock().unwrap(),
        [
            "0 process Some(1000000002) \"\" Some(1) 1",
            "2 dns Some(-5) \"a\" None 1",
            "3 dns None \"é\" None 1",
            "9 process Some(9) \"\" Some(-9) 1",
        ]
    );
    let rows: Vec<u32> = found.iter().map(|found| found.row).collect();
    assert_eq!(rows, [0, 2, 3, 9]);
    for found in &found {
        assert_eq!((found.rule.as_str(), found.instance.as_str()), ("reader.1", "here"));
        assert!(found.witnesses.is_empty());
    }
    assert_eq!(found[2].extra, [(field::PROCESS_NAME, "é".to_owned())]);
}
