//! Which plugins may run: by hash, by key, by being named; and that looking at
//! one never runs it.

use std::fs;

use crate::{
    gallery::{Plugin, set_mode},
    report::State,
    util::{Dir, Host, Ran, TestCommand, built, sha256},
};

fn sweep<'d>(dir: &'d Dir, args: &[&str]) -> TestCommand<'d> {
    let mut sweep = dir.remora();
    sweep.args(["sweep", "--output", "ndjson"]).args(args).stdin("");
    sweep
}

fn states(ran: &Ran) -> Vec<(String, State)> {
    let detectors = ran.report().summary.detectors;
    // The catalog's detector is always there.
    let others = detectors.into_iter().filter(|one| one.name != "catalog");
    others.map(|one| (one.name, one.state)).collect()
}

fn ok(name: &str) -> (String, State) {
    (name.to_owned(), State::Ok)
}

fn refused(name: &str) -> (String, State) {
    (name.to_owned(), State::Refused)
}

const FOLDER: [&str; 2] = ["--plugin-dir", "plugins"];

/// A folder with the faulty plugin, and its bytes.
fn with_plugin(place: &str) -> (Dir, Vec<u8>) {
    let dir = Dir::new(Host::LinkedIn);
    let bytes = fs::read(&built().faulty).expect("it was built");
    dir.create(place, &bytes);
    (dir, bytes)
}

#[test]
fn a_hash_allows_one_file_and_can_be_taken_back() {
    let (dir, mut bytes) = with_plugin("plugins/faulty.so");
    dir.create("plugins/notes.txt", "no plugin");
    let untrusted = sweep(&dir, &FOLDER).run();
    untrusted.ended(0).said(&["plugin plugins/faulty.so was not loaded: nobody has trusted it"]);
    untrusted.said(&["help: ", "remora plugin trust plugins/faulty.so"]);
    assert_eq!(states(&untrusted), [refused("faulty"), ok("supremo")]);
    sweep(&dir, &FOLDER).arg("--strict").run().ended(2).report();

    let trusted = dir.remora().args(["plugin", "trust", "plugins/faulty.so"]).run();
    let text = trusted.ended(0).text();
    assert!(text.contains(&sha256(&bytes)) && text.contains("trust.toml"), "{text}");
    let ran = sweep(&dir, &FOLDER).arg("--strict").run();
    assert_eq!(states(ran.ended(0).silent()), [ok("faulty"), ok("supremo")]);

    // Other bytes are another plugin, found or named.
    let before = sha256(&bytes);
    bytes.push(0);
    dir.create("plugins/faulty.so", &bytes);
    let changed = sweep(&dir, &FOLDER).run();
    changed.ended(0).said(&["faulty", "with other bytes", &before, &sha256(&bytes)]);
    assert_eq!(states(&changed), [refused("faulty"), ok("supremo")]);
    let named = sweep(&dir, &["--plugin", "plugins/faulty.so"]).run();
    named.ended(2).said(&["plugin plugins/faulty.so was not loaded", "with other bytes"]);
    named.said(&["help: ", "remora plugin untrust faulty"]);
    eqnice!("", named.text());

    // Trusting them says what is not trusted any more.
    let again = dir.remora().args(["plugin", "trust", "plugins/faulty.so"]).run();
    assert!(again.ended(0).text().contains(&format!("no longer trusted: faulty ({before})")));
    assert_eq!(states(&sweep(&dir, &FOLDER).run()), [ok("faulty"), ok("supremo")]);

    // Without the entry, a plugin that is named is trusted for that run.
    for plugin in ["faulty", "nobody"] {
        let gone = dir.remora().args(["plugin", "untrust", plugin]).run();
        assert_eq!(gone.status, Some(if plugin == "faulty" { 0 } else { 2 }), "{}", gone.stderr);
    }
    sweep(&dir, &["--plugin", "plugins/faulty.so"]).run().ended(0).silent();
    assert_eq!(states(&sweep(&dir, &FOLDER).run()), [refused("faulty"), ok("supremo")]);

    // By hash too.
    dir.remora().args(["plugin", "trust", "plugins/faulty.so"]).run().ended(0);
    dir.remora().args(["plugin", "untrust", &sha256(&bytes)]).run().ended(0);
    assert_eq!(states(&sweep(&dir, &FOLDER).run()), [refused("faulty"), ok("supremo")]);
}

#[test]
fn the_users_own_folder_is_looked_at_without_being_named() {
    let (dir, _) = with_plugin("home/.local/share/remora/plugins/faulty.so");
    let elsewhere = Plugin::new("supremo").bytes;
    dir.create("data/remora/plugins/mine.so", elsewhere);
    let untrusted = sweep(&dir, &[]).run();
    assert_eq!(states(untrusted.ended(0)), [refused("faulty"), ok("supremo")]);
    // Where the XDG folder is another, that one is.
    let other = sweep(&dir, &[]).env("XDG_DATA_HOME", dir.path("data")).run();
    other.ended(0).said(&["data/remora/plugins/mine.so was not loaded"]);
    assert_eq!(states(&other), [ok("supremo"), refused("supremo")]);
    // And the trust file is where the XDG folder for configuration is.
    let trust = ["plugin", "trust", "home/.local/share/remora/plugins/faulty.so"];
    let config = dir.path("config");
    dir.remora().args(trust).env("XDG_CONFIG_HOME", &config).run().ended(0);
    assert!(dir.path("config/remora/trust.toml").exists());
    let trusted = sweep(&dir, &[]).env("XDG_CONFIG_HOME", &config).run();
    assert_eq!(states(trusted.ended(0).silent()), [ok("faulty"), ok("supremo")]);
    assert_eq!(states(&sweep(&dir, &[]).run()), [refused("faulty"), ok("supremo")]);
}

#[test]
fn detectors_that_were_not_asked_for_are_not_loaded_and_not_told_of() {
    let (dir, bytes) = with_plugin("plugins/faulty.so");
    dir.create("plugins/broken.so", "no plugin");
    let run = |args: &[&str]| {
        let mut sweep = sweep(&dir, args);
        sweep.args(FOLDER).env("REMORA_FAULTY_RAN", dir.path("ran")).run()
    };
    let only = run(&["--detector", "supremo", "--strict"]);
    assert_eq!(states(only.ended(0).silent()), [ok("supremo")]);
    // What was asked for and refused is an error, in its own words.
    run(&["--detector", "faulty"]).ended(2).said(&["plugins/faulty.so", "nobody has trusted it"]);
    // What nobody has may be in the file that cannot be read.
    let nobody = run(&["--detector", "nobody"]);
    nobody.ended(2).said(&["there is no detector \"nobody\""]).said(&["plugins/broken.so"]);
    dir.trust(&[("faulty", &sha256(&bytes))]);
    run(&["--detector", "supremo"]).ended(0).silent();
    let named = run(&["--plugin", "plugins/faulty.so", "--detector", "supremo"]);
    assert_eq!(states(named.ended(0).silent()), [ok("supremo")]);
    assert!(!dir.path("ran").exists(), "it was not asked for, and it ran");
    let both = run(&["--detector", "supremo,faulty"]);
    assert_eq!(states(both.ended(0)), [ok("faulty"), ok("supremo")]);
    assert!(dir.path("ran").exists(), "the constructor tells that it ran");
}

#[test]
fn looking_at_a_plugin_runs_nothing_of_it() {
    let (dir, bytes) = with_plugin("plugins/faulty.so");
    let look =
        |args: &[&str]| dir.remora().args(args).env("REMORA_FAULTY_RAN", dir.path("ran")).run();
    let info = look(&["plugin", "info", "plugins/faulty.so"]);
    let text = info.ended(0).silent().text();
    for part in ["would load", "faulty", "0.1.0", "abi         1.", "Apache-2.0", &sha256(&bytes)] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let json = look(&["plugin", "info", "--json", "plugins/faulty.so"]);
    let told: serde_json::Value = serde_json::from_str(json.ended(0).text()).expect("JSON");
    assert_eq!((&told["name"], &told["state"]), (&"faulty".into(), &"would load".into()));

    let list = |args: &[&str]| -> serde_json::Value {
        let list = look(&[&["plugin", "list", "--json", "--plugin-dir", "plugins"], args].concat());
        serde_json::from_str(list.ended(0).silent().text()).expect("JSON")
    };
    let all = list(&[]);
    assert_eq!((&all[1]["state"], &all[1]["name"]), (&"linked in".into(), &"supremo".into()));
    assert_eq!((&all[2]["state"], &all[2]["name"]), (&"refused".into(), &"faulty".into()));
    assert_eq!(all[2]["sha256"], sha256(&bytes));
    look(&["plugin", "trust", "plugins/faulty.so"]).ended(0);
    assert_eq!(list(&[])[2]["state"], "would load");
    assert_eq!(list(&[])[2]["trust"], "its hash is in the trust file");
    let table = look(&["plugin", "list", "--plugin-dir", "plugins"]);
    table.ended(0);
    for part in
        ["linked in", "would load", "plugins/faulty.so", "trust.toml", "share/remora/plugins"]
    {
        assert!(table.text().contains(part), "{part} is not in {}", table.text());
    }
    look(&["plugin", "untrust", "faulty"]).ended(0);
    assert!(!dir.path("ran").exists(), "it ran");
    // That it would have told is shown elsewhere: loaded, it does.
    sweep(&dir, &["--plugin", "plugins/faulty.so"])
        .env("REMORA_FAULTY_RAN", dir.path("ran"))
        .run()
        .ended(0);
    assert!(dir.path("ran").exists());
    // What is refused, `trust` does not take.
    dir.create("plugins/broken.so", "no plugin");
    let broken = look(&["plugin", "trust", "plugins/broken.so"]);
    broken.ended(2).said(&["plugins/broken.so was not loaded", "not a shared object"]);
}

#[test]
fn a_plugin_that_replaces_a_linked_in_detector_is_shown_as_that() {
    let dir = Dir::new(Host::LinkedIn);
    let bytes = fs::read(&built().supremo).expect("it was built");
    dir.create("plugins/supremo.so", &bytes);
    dir.trust(&[("supremo", &sha256(&bytes))]);
    let list = dir.remora().args(["plugin", "list", "--json", "--plugin-dir", "plugins"]).run();
    let list: serde_json::Value = serde_json::from_str(list.ended(0).text()).expect("JSON");
    assert_eq!((&list[1]["state"], &list[2]["state"]), (&"replaced".into(), &"would load".into()));
    let ran = sweep(&dir, &FOLDER).arg("-v").run();
    assert_eq!(states(ran.ended(0)), [ok("supremo")]);
    ran.said(&["replaces the linked-in detector", "supremo"]);
}

#[test]
fn a_key_allows_what_its_owner_signs() {
    let (dir, mut bytes) = with_plugin("plugins/faulty.so");
    let pair = || minisign::KeyPair::generate_unencrypted_keypair().expect("a key is made");
    let (ours, other) = (pair(), pair());
    let sign = |pair: &minisign::KeyPair, bytes: &[u8]| {
        let signature = minisign::sign(Some(&pair.pk), &pair.sk, bytes, None, None);
        dir.create("plugins/faulty.so.minisig", signature.expect("it is signed").to_string());
    };
    let pin = |extra: &str| {
        let key = ours.pk.to_base64();
        let text = format!("{extra}[[key]]\nname = \"the team\"\nminisign = {key:?}\n");
        dir.create("home/.config/remora/trust.toml", text);
    };
    let of_sweep = || states(sweep(&dir, &FOLDER).run().ended(0));
    let refusal = |part: &str| {
        let ran = sweep(&dir, &FOLDER).run();
        ran.ended(0).said(&["plugins/faulty.so was not loaded", part]);
        assert_eq!(states(&ran), [refused("faulty"), ok("supremo")]);
    };

    // A signature alone is nothing: whose is it?
    sign(&ours, &bytes);
    refusal("nobody has trusted it");
    pin("");
    assert_eq!(of_sweep(), [ok("faulty"), ok("supremo")]);
    let list = dir.remora().args(["plugin", "list", "--json", "--plugin-dir", "plugins"]).run();
    assert!(list.ended(0).text().contains("signed with the key of the team"), "{}", list.text());

    sign(&other, &bytes);
    refusal("of none of the trusted keys");
    dir.create("plugins/faulty.so.minisig", "no signature");
    refusal("no minisign signature");
    fs::remove_file(dir.path("plugins/faulty.so.minisig")).expect("it is removed");
    refusal("nobody has trusted it");

    // Of other bytes.
    sign(&ours, &bytes);
    bytes.push(0);
    dir.create("plugins/faulty.so", &bytes);
    refusal("not of these bytes");
    sign(&ours, &bytes);
    assert_eq!(of_sweep(), [ok("faulty"), ok("supremo")]);

    // A name that is pinned to a hash stays pinned, whoever signs.
    let hash = "0".repeat(64);
    pin(&format!("[[plugin]]\nname = \"faulty\"\nsha256 = {hash:?}\n"));
    refusal("with other bytes");
}

#[test]
fn a_trust_file_that_cannot_be_believed_allows_nothing() {
    let (dir, bytes) = with_plugin("plugins/faulty.so");
    dir.trust(&[("faulty", &sha256(&bytes))]);
    let file = "home/.config/remora/trust.toml";
    let refusal = |part: &str| {
        let found = sweep(&dir, &FOLDER).run();
        found.ended(0).said(&["plugins/faulty.so was not loaded", part]);
        assert_eq!(states(&found), [refused("faulty"), ok("supremo")]);
        // It may be pinned to other bytes.
        sweep(&dir, &["--plugin", "plugins/faulty.so"]).run().ended(2).said(&[part]);
        let trust = dir.remora().args(["plugin", "trust", "plugins/faulty.so"]).run();
        trust.ended(2).said(&[part]);
        // Who has no plugin need not care.
        sweep(&dir, &[]).run().ended(0).silent();
    };
    set_mode(&dir, file, 0o666);
    refusal("trust.toml can be written by everybody");
    set_mode(&dir, file, 0o644);
    set_mode(&dir, "home/.config/remora", 0o777);
    refusal("remora can be written by everybody");
    set_mode(&dir, "home/.config/remora", 0o755);
    assert_eq!(states(&sweep(&dir, &FOLDER).run()), [ok("faulty"), ok("supremo")]);
    dir.create(file, "[[plugin]]\nname = \"faulty\"\n");
    refusal("cannot be understood");
    dir.create(file, "[[plugin]]\nname = \"faulty\"\nsha256 = \"FF\"\n");
    refusal("no SHA-256");
}

#[test]
fn a_group_that_can_write_is_a_warning() {
    let (dir, bytes) = with_plugin("plugins/faulty.so");
    dir.trust(&[("faulty", &sha256(&bytes))]);
    set_mode(&dir, "plugins/faulty.so", 0o664);
    for args in [&FOLDER[..], &["--plugin", "plugins/faulty.so"]] {
        let ran = sweep(&dir, args).arg("--strict").run();
        assert_eq!(states(ran.ended(0)), [ok("faulty"), ok("supremo")]);
        let warned = ran.places.contains("plugins/faulty.so can be written by group");
        assert!(warned, "{}", ran.places);
    }
    let info = dir.remora().args(["plugin", "info", "plugins/faulty.so"]).run();
    assert!(info.ended(0).text().contains("warning"), "{}", info.text());
    assert!(info.text().contains("can be written by group"), "{}", info.text());
}

#[test]
fn folders_that_cannot_be_read() {
    let dir = Dir::new(Host::LinkedIn);
    // Named, it must be there.
    let named = sweep(&dir, &["--plugin-dir", "none"]).run();
    named.ended(2).said(&["the plugin folder none cannot be read"]);
    // The user's own need not be there; if it is something else, it is said.
    dir.create("home/.local/share/remora/plugins", "a file");
    let ran = sweep(&dir, &[]).run();
    ran.ended(0).said(&["the plugin folder", "cannot be read"]);
    assert_eq!(states(&ran), [refused("plugins"), ok("supremo")]);
}
