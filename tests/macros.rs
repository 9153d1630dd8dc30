//! The two macros of the suite.

/// A test that runs once on each host: with the detectors linked in, and with
/// the same detector loaded as a plugin. The body gets a scratch [`Dir`] and a
/// `remora sweep` that runs in it; what all its commands print must be the
/// same bytes on both hosts.
///
/// [`Dir`]: crate::util::Dir
macro_rules! remora_test {
    ($name:ident, |$dir:ident, $cmd:ident| $body:block) => {
        #[test]
        fn $name() {
            $crate::util::on_each_host(|$dir, $cmd| $body);
        }
    };
}

/// `assert_eq!` for texts of several lines.
macro_rules! eqnice {
    ($expected:expr, $got:expr) => {
        eqnice!($expected, $got, "")
    };
    ($expected:expr, $got:expr, $($what:tt)+) => {{
        let (expected, got) = (&$expected, &$got);
        if expected != got {
            panic!(
                "{}\nexpected:\n~~~~~~~~~~\n{expected}\n~~~~~~~~~~\ngot:\n~~~~~~~~~~\n{got}\n~~~~~~~~~~\n",
                format_args!($($what)+)
            );
        }
    }};
}
