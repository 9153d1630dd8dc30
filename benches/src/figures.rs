//! Figures as the records and plots write them.

/// Seconds, with a unit and two or three digits that count.
pub fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 0.9995e-6 => (s * 1e9, "ns"),
        s if s < 0.9995e-3 => (s * 1e6, "\u{b5}s"),
        s if s < 0.9995 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    format!("{} {unit}", short(value))
}

/// Bytes, with a unit.
pub fn size(bytes: f64) -> String {
    let (value, unit) = match bytes {
        bytes if bytes < 999.5e3 => (bytes / 1e3, "kB"),
        bytes if bytes < 999.5e6 => (bytes / 1e6, "MB"),
        bytes => (bytes / 1e9, "GB"),
    };
    format!("{} {unit}", short(value))
}

fn short(value: f64) -> String {
    if value < 9.95 && value.fract() > 0.001 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// With a comma before every three digits.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units() {
        assert_eq!([1e-9, 0.0123, 2.0, 44.4e-9].map(time), ["1 ns", "12 ms", "2 s", "44 ns"]);
        assert_eq!([4096.0, 1.5e6, 3e9].map(size), ["4.1 kB", "1.5 MB", "3 GB"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
