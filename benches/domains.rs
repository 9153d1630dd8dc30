//! Domain matching: is this host one of the listed domains, or below one?
//!
//! The ways of [`remora_benches::ways`] at 186 and 2,000 domains, and those that
//! are built in seconds at 100,000. Every way is asked for all its answers
//! before it is measured; what it answers stands in its name where that is not
//! the question. Building is not measured here. The program `domains` of this
//! crate measures it, and memory, and goes up to a million domains; its figures
//! are the published ones (`docs/domain-matching.md`).

use std::hint::black_box;

use criterion::{BenchmarkId, Throughput};
use remora_benches::{
    domains::{self, Question},
    ways::WAYS,
};

/// How many hosts are asked: few enough for the slowest ways.
const HOSTS: usize = 2_000;

/// The ways that take more than seconds to build or to answer at 100,000.
const SLOW: &[&str] = &["regex, one alternation", "regex set", "one by one, contains"];

fn main() {
    let mut criterion = remora_benches::criterion();
    let hosts = domains::hosts(HOSTS);
    for &size in &domains::SIZES[..3] {
        let list = domains::list(size);
        for way in WAYS.iter().filter(|way| size <= 2_000 || !SLOW.contains(&way.name)) {
            let mut search = (way.build)(&list).expect("these lists are taken by these ways");
            for host in &hosts {
                let found = search(&host.name);
                assert_eq!(found, host.answers(way.question), "{}: {}", way.name, host.name);
            }
            let name = match way.question {
                Question::Under => way.name.to_owned(),
                question => format!("{} ({})", way.name, question.name()),
            };
            let mut group = criterion.benchmark_group("domains");
            group.throughput(Throughput::Elements(hosts.len() as u64));
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| black_box(&hosts).iter().filter(|host| search(&host.name)).count());
            });
            group.finish();
        }
    }
    criterion.final_summary();
}
