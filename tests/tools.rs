//! `remora tools list`, `show` and `find`: the catalog as a person reads it.

use std::collections::BTreeSet;

use remora_catalog::{Tool, embedded_tools};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::util::{Dir, Host, Ran};

fn tools(args: &[&str]) -> Ran {
    Dir::new(Host::LinkedIn).remora().arg("tools").args(args).run()
}

fn json(args: &[&str]) -> Value {
    let ran = tools(&[args, &["--output", "json"]].concat());
    serde_json::from_str(ran.ended(0).silent().text()).expect("one object")
}

/// Nothing that a terminal would obey, nothing wider than it, but long names,
/// which are to be copied.
fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        let long = line.split(' ').any(|word| word.width() > width / 2);
        assert!(line.width() <= width || long, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert_eq!(line, line.trim_end(), "blanks at the end of a line");
    }
}

#[test]
fn the_list_has_every_tool() {
    let ran = tools(&["list"]);
    let text = ran.ended(0).silent().text();
    assert_fits(text, 100);
    let all: Vec<Tool> = embedded_tools().collect();
    let listed: Vec<&str> = text
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let ids: Vec<&str> = all.iter().map(|tool| tool.id.as_str()).collect();
    assert_eq!(listed, ids);
    // Those that nothing finds are told.
    let closing = text.split("\n\n").last().expect("a closing").replace('\n', " ");
    for tool in &all {
        let without = tool.rules.is_empty();
        assert_eq!(
            closing.contains(&format!(" {},", tool.id))
                || closing.contains(&format!(" {}.", tool.id)),
            without,
            "{}",
            tool.id
        );
    }
    let object = json(&["list"]);
    assert_eq!(object["schema"], "remora.tools/1");
    let listed = object["tools"].as_array().expect("a list");
    assert_eq!(listed.len(), all.len());
    for (one, tool) in listed.iter().zip(&all) {
        assert_eq!(one["id"], tool.id.as_str());
        assert_eq!(one["rules"], tool.rules.len());
        assert_eq!(one["evidence"].is_null(), tool.rules.is_empty(), "{}", tool.id);
    }
    let support = json(&["list", "--category", "remote-support,remote-access"]);
    let categories: BTreeSet<&str> = support["tools"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|tool| tool["category"].as_str())
        .collect();
    assert!(categories.contains("remote-support") && !categories.contains("remote-desktop"));
    tools(&["list", "--category", "remote-suport"])
        .ended(2)
        .said(&["did you mean remote-support?"]);
}

/// Every tool is shown with all its indicators, rules and sources.
#[test]
fn every_tool_is_shown_whole() {
    let all: Vec<Tool> = embedded_tools().collect();
    let ids: Vec<&str> = all.iter().map(|tool| tool.id.as_str()).collect();
    let args = [&["show"][..], &ids].concat();
    let ran = tools(&args);
    assert_fits(ran.ended(0).silent().text(), 80);
    // One text for each, in their order.
    let texts: Vec<&str> = ran.text().split("\n\n\n").collect();
    assert_eq!(texts.len(), all.len());
    let object = json(&args);
    assert_eq!(object["schema"], "remora.tool/1");
    for ((tool, text), one) in all.iter().zip(&texts).zip(object["tools"].as_array().unwrap()) {
        assert!(text.lines().next().unwrap().contains(&format!("({})", tool.id)), "{text}");
        for entry in &tool.indicators {
            assert!(
                text.contains(&entry.indicator.value),
                "{}: {}",
                tool.id,
                entry.indicator.value
            );
        }
        for entry in &tool.rules {
            assert!(text.contains(&entry.rule.id), "{}: {}", tool.id, entry.rule.id);
        }
        assert_eq!(text.contains("no rule: nothing finds"), tool.rules.is_empty(), "{}", tool.id);
        assert_eq!(text.contains("J Schell"), text.contains("rmm-tools:"), "{}", tool.id);
        let count = |key: &str| one[key].as_array().map_or(0, Vec::len);
        assert_eq!(count("indicators"), tool.indicators.len(), "{}", tool.id);
        assert_eq!(count("rules"), tool.rules.len(), "{}", tool.id);
        assert_eq!(count("instances"), tool.instances.len(), "{}", tool.id);
        assert_eq!(count("next_steps"), tool.next_steps.len(), "{}", tool.id);
        for (rule, entry) in one["rules"].as_array().into_iter().flatten().zip(&tool.rules) {
            assert_eq!(rule["where"], entry.rule.expr.to_string());
            assert_eq!(rule["provenance"]["date"], entry.provenance.date.as_str());
        }
    }
}

#[test]
fn tools_are_named_by_any_of_their_names() {
    let one = tools(&["show", "supremo"]);
    for name in ["SupRemo", "SUP-REMO", "sup remo"] {
        let other = tools(&["show", name]);
        eqnice!(one.ended(0).text(), other.ended(0).text());
    }
    // Once, though it is named twice; by another name.
    let twice = tools(&["show", "supremo", "SupRemo"]);
    eqnice!(one.text(), twice.ended(0).text());
    assert!(tools(&["show", "ScreenConnect"]).ended(0).text().contains("(connectwise)"));
    tools(&["show", "supermo"]).ended(2).said(&["\"supermo\"", "did you mean", "supremo"]);
    tools(&["show", "qqqqqqqqqqqq"]).ended(2).said(&["remora tools list"]);
}

/// A term, and what the first match is: tool, type, value, how.
#[test]
fn terms_lead_to_tools() {
    for (term, tool, by, value, how) in [
        (
            "relay-1f.net.anydesk.com",
            "anydesk",
            "host-pattern",
            "relay-*.net.anydesk.com",
            "pattern",
        ),
        (
            "https://www.supremocontrol.com/x",
            "supremo",
            "domain",
            "www.supremocontrol.com",
            "exact",
        ),
        ("my-anydesk.com", "anydesk", "domain", "anydesk.com", "lookalike"),
        ("Nanosystems S.R.L.", "supremo", "signer", "Nanosystems S.R.L.", "exact"),
        ("Mikogo", "beamyourscreen", "name", "Mikogo", "exact"),
    ] {
        let object = json(&["find", term]);
        assert_eq!(object["schema"], "remora.find/1");
        let first = &object["terms"][0]["matches"][0];
        let got = [&first["tool"], &first["by"], &first["value"], &first["how"]];
        assert_eq!(got, [tool, by, value, how], "{term}");
        let ran = tools(&["find", term]);
        assert_fits(ran.ended(0).silent().text(), 80);
        assert!(ran.text().contains(value));
    }
    // Nothing found is no error.
    let ran = tools(&["find", "contoso.example", "anydesk.com"]);
    assert!(ran.ended(0).silent().text().contains("no tool of the catalog"));
    tools(&["find"]).ended(2);
    // Hostile text is shown, not obeyed.
    assert_fits(tools(&["find", "\u{1b}[31m\u{202e}x"]).ended(0).text(), 80);
}

const INVENTORY: &str = "DeviceId,DeviceName,SoftwareVendor,SoftwareName,SoftwareVersion
1,pc-1,nanosystems,supremo,4.11
2,pc-2,nanosystems,supremo,4.12
2,pc-2,nanosystems,uranium_backup,9.1
3,pc-3,google,chrome,120
3,pc-3,microsoft,endpoint_manager,1
4,pc-4,teamviewer
5,pc-5,anydesk,anydesk,8
";

#[test]
fn inventories_name_tools() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("software.csv", INVENTORY);
    let find = |args: &[&str]| dir.remora().args(["tools", "find"]).args(args).run();
    let ran = find(&["--inventory", "software.csv"]);
    ran.ended(0).said(&["software.csv:7: ", "3 columns where the header has 5"]);
    assert_fits(ran.text(), 80);
    let ran = find(&["--inventory", "software.csv", "--output", "json"]);
    let object: Value = serde_json::from_str(ran.ended(0).text()).expect("one object");
    let read = &object["inventories"][0];
    assert_eq!((&read["rows"], &read["refused"]), (&6.into(), &1.into()));
    assert_eq!(read["columns"]["device"], "DeviceName");
    let tools = read["tools"].as_array().expect("tools");
    let ids: Vec<&str> = tools.iter().filter_map(|tool| tool["tool"].as_str()).collect();
    assert_eq!(ids, ["anydesk", "supremo"]);
    let supremo = &tools[1];
    assert_eq!(supremo["confidence"], "likely");
    assert_eq!(supremo["devices"], serde_json::json!(["pc-1", "pc-2"]));
    // The vendor's other product is no more than possible.
    let of = |name: &str| {
        let programs = supremo["programs"].as_array().expect("programs");
        programs.iter().find(|program| program["name"] == name).cloned().expect("it is there")
    };
    assert_eq!(of("supremo")["confidence"], "likely");
    assert_eq!(of("uranium_backup")["confidence"], "possible");
}

#[test]
fn what_is_no_inventory_is_told() {
    let dir = Dir::new(Host::LinkedIn);
    dir.create("software.csv", INVENTORY);
    dir.create("other.csv", "a;b\n1;AnyDesk\n");
    dir.create("empty.csv", "");
    let find = |args: &[&str]| dir.remora().args(["tools", "find", "--inventory"]).args(args).run();
    find(&["other.csv"]).ended(2).said(&["other.csv:1: ", "--column name=", "\"b\""]);
    find(&["empty.csv"]).ended(2).said(&["empty.csv:1: ", "header"]);
    find(&["missing.csv"]).ended(2).said(&["missing.csv"]);
    find(&["other.csv", "--column", "what=b"]).ended(2).said(&["what=b", "name=COLUMN"]);
    find(&["other.csv", "--column", "name=c"]).ended(2).said(&["other.csv:1: ", "\"c\"", "\"a\""]);
    let ran = find(&["other.csv", "--column", "name=b"]);
    assert!(ran.ended(0).silent().text().contains("AnyDesk (anydesk): likely"));
    // One bad file among good ones: the good ones are read.
    let ran = find(&["other.csv", "--inventory", "software.csv"]);
    assert!(ran.ended(2).text().contains("SupRemo (supremo): likely"));
}

/// A tool of one's own is known as the embedded ones are, and its queries fetch
/// what its rules find.
#[test]
fn tools_of_ones_own_are_known() {
    let dir = Dir::new(Host::LinkedIn);
    let remora = |args: &[&str]| dir.remora().arg("tools").args(args).run();
    let file = "[tool]\nid = \"mine\"\nname = \"My Remote\"\nvendor = \"Mine Ltd\"\n\
        home = \"https://mine.example/\"\ncategory = \"remote-desktop\"\n\
        platforms = [\"windows\"]\ndeployment = \"cloud\"\n\
        techniques = [{ id = \"T1219\", name = \"Remote Access Tools\", attack = \"18\" }]\n\
        next_steps = [\"Ask.\"]\n\n\
        [[indicator]]\ntype = \"domain\"\nvalue = \"relay.mine.example\"\n\
        class = \"exclusive\"\nrole = \"relay\"\n\
        provenance = { source = \"remora\", date = 2026-11-24 }\n\n\
        [[indicator]]\ntype = \"path\"\nvalue = '\\Mine\\agent.exe'\n\
        class = \"exclusive\"\nrole = \"agent\"\n\
        provenance = { source = \"remora\", date = 2026-11-24 }\n";
    dir.create("own/mine.toml", file);
    let ran = remora(&["show", "my-remote", "--catalog-add", "own"]);
    assert!(ran.ended(0).silent().text().contains("relay.mine.example"));
    let ran = remora(&["find", "x.relay.mine.example", "--catalog", "own"]);
    assert!(ran.ended(0).text().contains("My Remote (mine): below the domain"));
    let ran = remora(&["list", "--catalog", "own"]);
    assert!(ran.ended(0).text().contains("1 tool, "));
    let ran = remora(&["kql", "--catalog-add", "own", "--tool", "mine", "--days", "1"]);
    let text = ran.ended(0).text();
    // Rules that are made of indicators ask for them; of a path the part that
    // lies in one column.
    assert!(text.contains("RemoteUrl has \"relay.mine.example\""), "{text}");
    assert!(text.contains("FolderPath contains \"agent.exe\""), "{text}");
    assert!(text.contains("FileName contains \"agent.exe\""), "{text}");
    // A file that cannot be read is an error with its place.
    dir.create("own/mine.toml", file.replace("exclusive", "exclusiv"));
    remora(&["list", "--catalog-add", "own"]).ended(2).said(&["own", "mine.toml:"]);
}
