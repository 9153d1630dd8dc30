//! The import over lists of our own making: what is read, what is written,
//! what stays.

// What a test calls is part of the test.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use remora_catalog::Tool;
use remora_keeper::import::{ImportError, Imported, List, Stamp, import};
use remora_rules::abi::Class;
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    page: Option<String>,
    file: Option<String>,
    kind: Option<String>,
    condition: Option<String>,
    id: Option<String>,
    /// The field that some query of the tool learns.
    learned: Option<String>,
    remarks: Vec<String>,
}

const TABLE: &str = "Network Indicators/RMM_SummaryNetworkURI.csv";
const README: &str = "- [Probe Desk](RMM/Probe Desk/RMM_Summary_Probe Desk.md)\n";
const PAGE: &str = "RMM/Probe Desk/RMM_AHQ_Probe Desk.md";
const QUERY: &str = "### N\n```\nDeviceNetworkEvents\n| where RemoteUrl has_any ('probe.example', 'relay.probe.example')\n```\n";

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A list of one tool.
fn list(page: &str) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "README.md", README);
    write(root.path(), TABLE, "URI,RMM_Tool\nprobe.example,probedesk\n");
    write(root.path(), PAGE, page);
    write(
        root.path(),
        "RMM/Probe Desk/RMM_Summary_Probe Desk.md",
        "# Summary\n### Company/ Project website:\n- https://www.probe.example/en/\n",
    );
    root
}

fn stamp(digit: char) -> Stamp {
    Stamp { commit: digit.to_string().repeat(40), date: "2026-11-24".into() }
}

fn run(list: &TempDir, to: &Path, digit: char) -> Result<Imported, ImportError> {
    import(&List::read(list.path()).unwrap(), to, &stamp(digit))
}

fn tool(folder: &Path) -> Tool {
    let text = fs::read_to_string(folder.join("probe-desk.toml")).unwrap();
    Tool::from_toml(&text, "probe-desk.toml").map_err(|why| why.render(false)).unwrap()
}

#[test]
fn queries_are_read_as_the_cases_say() {
    let file: File = toml::from_str(include_str!("cases.toml")).unwrap();
    for case in &file.case {
        let why = &case.why;
        let root = list("");
        // The cases begin with a line end for their looks.
        let own = |text: &String| text.trim_start_matches('\n').to_owned();
        if let Some(page) = &case.page {
            write(root.path(), PAGE, &own(page));
        }
        if let Some(file) = &case.file {
            write(root.path(), "RMM/Probe Desk/rmm_probe.yaml", &own(file));
        }
        let list = List::read(root.path()).unwrap();
        let queries: Vec<_> = list.queries().map(|(_, query)| query).collect();
        let got = queries.first();
        assert_eq!(got.map(|query| query.kind.name()), case.kind.as_deref(), "{why}");
        let condition = got.map(|query| query.condition.to_string());
        assert_eq!(condition, case.condition, "{why}");
        assert_eq!(got.and_then(|query| query.id.clone()), case.id, "{why}");
        let learned = queries.iter().find_map(|query| query.learns);
        assert_eq!(learned.map(|field| field.name()), case.learned.as_deref(), "{why}");
        let remarks: Vec<String> = list
            .remarks()
            .iter()
            .filter(|remark| remark.code != "no-rule-at-all")
            .map(|remark| format!("{} {}", remark.line, remark.code))
            .collect();
        assert_eq!(remarks, case.remarks, "{why}: {:?}", list.remarks());
    }
}

#[test]
fn a_new_tool_gets_a_file_that_says_what_is_to_be_decided() {
    let (list, to) = (list(QUERY), tempfile::tempdir().unwrap());
    let done = run(&list, to.path(), 'a').unwrap();
    assert_eq!((done.tools, done.rules, done.new), (1, 2, vec!["probe-desk.toml".to_owned()]));
    let open: Vec<&str> = done
        .remarks
        .iter()
        .filter(|remark| remark.weight.name() == "open")
        .map(|remark| remark.code)
        .collect();
    assert_eq!(open, ["new-tool", "undecided", "undecided"]);
    let tool = tool(to.path());
    assert_eq!(
        (tool.id.as_str(), tool.home.as_str()),
        ("probe-desk", "https://www.probe.example/en/")
    );
    let ids: Vec<&str> = tool.rules.iter().map(|entry| entry.rule.id.as_str()).collect();
    assert_eq!(ids, ["probe-desk.connection", "probe-desk.domain"]);
    // Nobody has said what they are worth.
    assert!(tool.indicators.iter().all(|entry| entry.indicator.class == Class::VENDOR));
    // Two names in the rule and one in the table, on all five kinds; a near
    // miss of each kind.
    assert!(tool.examples.iter().all(|example| example.generated));
    let fires = tool.examples.iter().filter(|example| !example.fires.is_empty()).count();
    assert_eq!((fires, tool.examples.len()), (7, 12));
}

#[test]
fn what_people_wrote_stays() {
    let (list, to) = (list(QUERY), tempfile::tempdir().unwrap());
    run(&list, to.path(), 'a').unwrap();
    let path = to.path().join("probe-desk.toml");
    let text = fs::read_to_string(&path).unwrap();
    // A fact, a class with its reason and a comment, an example, an indicator
    // and a rule.
    let text = text
        .replace("vendor = \"unknown\"", "vendor = \"Contoso\" # asked them")
        .replacen("class = \"vendor\"", "# its own\nclass = \"exclusive\"\nnote = \"Seen.\"", 1)
        .replace(
            "[[rule]]\nid = \"probe-desk.connection\"",
            "[[indicator]]\ntype = \"signer\"\nvalue = \"Contoso\"\nclass = \"vendor\"\nrole = \"agent\"\n\
             provenance = { source = \"remora\", date = 2026-11-24 }\n\n\
             [[rule]]\nid = \"probe-desk.own\"\ntitle = \"Own\"\nkinds = [\"signature\"]\n\
             where = 'file.signer has \"Contoso\"'\nkeys = []\ntechniques = []\n\
             provenance = { source = \"remora\", date = 2026-11-24 }\n\n\
             [[rule]]\nid = \"probe-desk.connection\"",
        );
    let example = "\n# By hand.\n[[example]]\nkind = \"dns\"\nevent = { \"remote.host\" = \"eu.probe.example\" }\n\
                   fires = [\"probe-desk.domain\"]\nwhy = \"below\"\n";
    fs::write(&path, text + example).unwrap();
    run(&list, to.path(), 'a').unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for kept in [
        "vendor = \"Contoso\" # asked them",
        "# its own",
        "note = \"Seen.\"",
        "# By hand.",
        "probe-desk.own",
    ] {
        assert!(text.contains(kept), "{kept}:\n{text}");
    }
    let tool = tool(to.path());
    assert_eq!(tool.indicators[0].indicator.class, Class::EXCLUSIVE);
    assert_eq!(tool.rules.len(), 3);
    // The hand-made rule got examples, the hand-made example spares one.
    let of_own = |fires: bool| {
        tool.examples.iter().any(|example| {
            example.kind.name() == "signature"
                && example.fires.contains(&"probe-desk.own".into()) == fires
        })
    };
    assert!(of_own(true) && of_own(false));
    assert_eq!(tool.examples.iter().filter(|example| example.kind.name() == "dns").count(), 2);
    // And once more nothing changes.
    assert_eq!(run(&list, to.path(), 'a').unwrap().changed, Vec::<String>::new());
}

#[test]
fn what_came_from_the_list_follows_it() {
    let (from, to) = (list(QUERY), tempfile::tempdir().unwrap());
    run(&from, to.path(), 'a').unwrap();
    // The site's host as an indicator that a person made of the list's page.
    let path = to.path().join("probe-desk.toml");
    let text = fs::read_to_string(&path).unwrap();
    let site = format!(
        "[[indicator]]\ntype = \"domain\"\nvalue = \"www.probe.example\"\nclass = \"exclusive\"\nrole = \"marketing\"\n\
         provenance = {{ source = \"rmm-tools\", commit = \"{}\", file = \"x\", date = 2026-11-24 }}\n\n[[rule]]",
        "a".repeat(40)
    );
    fs::write(&path, text.replacen("[[rule]]", &site, 1)).unwrap();

    let from = list(&QUERY.replace("'relay.probe.example'", "'new.example'"));
    let done = run(&from, to.path(), 'b').unwrap();
    let said: Vec<&str> =
        done.remarks.iter().filter(|r| r.code == "gone").map(|r| r.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "the domain \"relay.probe.example\" is not in the list any more, and was taken out of probe-desk.toml"
        ]
    );
    let tool = tool(to.path());
    let values: Vec<&str> =
        tool.indicators.iter().map(|entry| entry.indicator.value.as_str()).collect();
    assert_eq!(values, ["probe.example", "www.probe.example", "new.example"]);
    assert!(tool.rules[0].where_text.contains("new.example"));
    // Everything is at the new commit, the head too.
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(&"b".repeat(40)) && !text.contains(&"a".repeat(40)), "{text}");
    assert_eq!(run(&from, to.path(), 'b').unwrap().changed, Vec::<String>::new());
}

#[test]
fn a_fault_in_one_file_leaves_all_as_they_were() {
    let (list, to) = (list(QUERY), tempfile::tempdir().unwrap());
    write(list.path(), "RMM/Another/RMM_AHQ_Another.md", QUERY);
    fs::write(to.path().join("probe-desk.toml"), "[tool]\nid = 7\n").unwrap();
    let why = run(&list, to.path(), 'a').unwrap_err().to_string();
    assert!(why.starts_with("nothing is written: ") && why.contains("probe-desk.toml:2:"), "{why}");
    assert!(!to.path().join("another.toml").exists());
}

#[test]
fn two_folders_of_one_id_are_refused() {
    let (list, to) = (list(QUERY), tempfile::tempdir().unwrap());
    write(list.path(), "RMM/probe.desk/RMM_AHQ_x.md", QUERY);
    let why = run(&list, to.path(), 'a').unwrap_err().to_string();
    assert!(why.contains("probe-desk") && why.contains("rename one"), "{why}");
}

#[test]
fn names_of_nobody_are_said() {
    let (list, to) = (list(QUERY), tempfile::tempdir().unwrap());
    write(
        list.path(),
        TABLE,
        "URI,RMM_Tool\r\nprobe.example,Probe-DESK\r\nx.example,nobody\r\n,a\r\n",
    );
    let done = run(&list, to.path(), 'a').unwrap();
    let said: Vec<(usize, &str)> = done
        .remarks
        .iter()
        .filter(|remark| remark.file == TABLE)
        .map(|remark| (remark.line, remark.code))
        .collect();
    assert_eq!(said, [(4, "csv-line"), (3, "no-owner"), (1, "crlf"), (2, "tool-spelling")]);
}

#[test]
fn another_folder_is_not_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let why = List::read(folder.path()).unwrap_err().to_string();
    assert!(why.contains("has no folder RMM"), "{why}");
}
