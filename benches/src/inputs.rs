//! What is swept: made-up records with the truth beside them.
//!
//! One stream of events is written in three forms. A share of them goes to
//! listed domains, twice that share to names that only look like one, and the
//! rest to others or to bare addresses, as in real network logs.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use remora_rules::{Required, required::required};

use crate::{
    event::{Event, columns, devices},
    random::Random,
};

/// How the records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Defender rows, one JSON object a line.
    Ndjson,
    /// The same as the portal exports them.
    Csv,
    /// Queries in Zeek's `dns.log`.
    Zeek,
}

/// A file to make.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// For the table.
    pub title: &'static str,
    /// For the file.
    pub name: &'static str,
    /// How the records are written.
    pub form: Form,
    /// Records to a listed domain, of ten thousand.
    pub hits: usize,
}

/// The files of the comparison.
pub const PLANS: [Plan; 4] = [
    Plan {
        title: "Defender NDJSON, 0.1 % of rows to listed domains",
        name: "sparse.ndjson",
        form: Form::Ndjson,
        hits: 10,
    },
    Plan {
        title: "Defender NDJSON, 5 % of rows to listed domains",
        name: "dense.ndjson",
        form: Form::Ndjson,
        hits: 500,
    },
    Plan {
        title: "Defender CSV, 0.1 % of rows to listed domains",
        name: "sparse.csv",
        form: Form::Csv,
        hits: 10,
    },
    Plan {
        title: "Zeek dns.log, 0.1 % of queries for listed domains",
        name: "dns.log",
        form: Form::Zeek,
        hits: 10,
    },
];

/// The names that the catalog's `.domain` rules ask for, without those that
/// are no whole name (a bare word) or lie below another: so that a host is one
/// domain's or none's, and every program is asked the same question.
pub fn domains() -> Vec<String> {
    let mut all = BTreeSet::new();
    for set in remora_catalog::embedded_rule_sets() {
        for rule in set.rules.iter().filter(|rule| rule.id.ends_with(".domain")) {
            let Required::Interests(interests) = required(&rule.expr, &rule.kinds) else {
                continue;
            };
            all.extend(interests.into_iter().map(|interest| interest.literal.to_lowercase()));
        }
    }
    let whole = |name: &&String| name.contains('.') && !name.starts_with(['.', '-']);
    let names: BTreeSet<&String> = all.iter().filter(whole).collect();
    let above = |name: &str| name.match_indices('.').any(|(at, _)| all.contains(&name[at + 1..]));
    names.into_iter().filter(|name| !above(name)).cloned().collect()
}

/// Whether a host is a listed domain or below one.
pub fn listed(host: &str, domains: &[String]) -> bool {
    let ends = std::iter::once(0).chain(host.match_indices('.').map(|(at, _)| at + 1));
    ends.into_iter().any(|at| domains.binary_search_by(|one| one.as_str().cmp(&host[at..])).is_ok())
}

/// Writes a file and gives the number of records to listed domains.
///
/// # Errors
///
/// What writing gives.
pub fn write(plan: Plan, records: usize, domains: &[String], path: &Path) -> io::Result<usize> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    match plan.form {
        Form::Ndjson => {}
        Form::Csv => {
            let names: Vec<&str> = columns().map(|(name, _)| name).collect();
            writeln!(out, "{}", names.join(","))?;
        }
        Form::Zeek => out.write_all(ZEEK_HEAD.as_bytes())?,
    }
    let mut random = Random::new(0x5eed_0001);
    let devices = devices(&mut random);
    let mut hits = 0;
    for number in 0..records {
        let event = Event::make(number, plan.hits, domains, &devices, &mut random);
        hits += usize::from(event.hit);
        match plan.form {
            Form::Ndjson => event.ndjson(&mut out)?,
            Form::Csv => event.csv(&mut out)?,
            Form::Zeek => event.zeek(&mut out)?,
        }
    }
    out.flush()?;
    Ok(hits)
}

const ZEEK_HEAD: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n\
    #unset_field\t-\n#path\tdns\n#open\t2026-01-12-00-00-00\n\
    #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\t\
    qclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\t\
    rejected\n\
    #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\t\
    count\tstring\tcount\tstring\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\t\
    vector[interval]\tbool\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_of_whole_names_none_below_another() {
        let domains = domains();
        assert!(domains.len() > 150, "{}", domains.len());
        assert!(domains.iter().all(|name| name.contains('.')));
        for name in &domains {
            let (_, above) = name.split_once('.').expect("it has a dot");
            assert!(!listed(above, &domains), "{name}");
        }
    }
}
