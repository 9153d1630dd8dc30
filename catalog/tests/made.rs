//! A file with indicators and no rules is found by its indicators.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use remora_catalog::Tool;

const HEAD: &str = r#"
[tool]
id = "probe"
name = "Probe"
vendor = "Contoso"
home = "https://probe.example/"
category = "remote-desktop"
platforms = ["windows"]
deployment = "both"
techniques = [{ id = "T1219", name = "Remote Access Tools", attack = "18" }]
next_steps = ["Look."]
"#;

fn rules(indicators: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut text = HEAD.to_owned();
    for (ty, value) in indicators {
        text += &format!(
            "[[indicator]]\ntype = \"{ty}\"\nvalue = '{value}'\nclass = \"exclusive\"\nrole = \"agent\"\n\
             provenance = {{ source = \"remora\", date = 2026-11-24 }}\n"
        );
    }
    let tool = Tool::from_toml(&text, "probe.toml").map_err(|error| error.render(false)).unwrap();
    assert!(tool.rules.iter().all(|entry| entry.generated));
    tool.rules.into_iter().map(|entry| (entry.rule.id, entry.where_text)).collect()
}

#[test]
fn each_kind_of_evidence_gets_a_rule() {
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    let got = rules(&[
        ("domain", "probe.example"),
        ("domain", "probe.test"),
        ("product", "Probe"),
        ("signer", "Contoso Ltd"),
        ("address", "203.0.113.0/24"),
        ("hash", sha1),
        ("service", "ProbeService"),
        ("port", "7070/tcp"),
    ]);
    let expected = [
        ("probe.domain", "remote.host under \"probe.example\" or remote.host under \"probe.test\""),
        (
            "probe.connection",
            &format!(
                "process.product has \"Probe\" or remote.ip startswith \"203.0.113.\" \
                 or process.sha1 =~ \"{sha1}\""
            ),
        ),
        (
            "probe.process",
            &format!(
                "process.product has \"Probe\" or process.signer has \"Contoso Ltd\" \
                 or process.sha1 =~ \"{sha1}\""
            ),
        ),
        ("probe.signature", "file.signer has \"Contoso Ltd\""),
        ("probe.file", &format!("file.sha1 =~ \"{sha1}\"")),
        ("probe.service", "service.name =~ \"ProbeService\""),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect();
    assert_eq!(got, expected);
}

#[test]
fn a_file_with_nothing_has_no_rules() {
    assert_eq!(rules(&[]), []);
    // A port number alone is nobody's.
    assert_eq!(rules(&[("port", "7070/tcp")]), []);
}
