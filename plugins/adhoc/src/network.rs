//! Networks of addresses.

use std::net::IpAddr;

/// An address with the number of its leading bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `address` or `address/bits`; nothing if it is neither. Bits behind
    /// those that count are dropped.
    pub(crate) fn read(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().ok()?;
        let all = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then(|| Network { base: masked(base, bits), bits })
    }

    /// Whether it is one address.
    pub(crate) fn is_address(&self) -> bool {
        self.bits == if self.base.is_ipv4() { 32 } else { 128 }
    }

    /// How many bits count.
    pub(crate) fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether an address as a log spells it lies in it.
    pub(crate) fn holds(&self, address: &str) -> bool {
        address.parse::<IpAddr>().is_ok_and(|address| {
            address.is_ipv4() == self.base.is_ipv4() && masked(address, self.bits) == self.base
        })
    }

    /// How every spelling of its addresses begins; `""` if they have nothing in
    /// common. A spelling of version 6 may leave out zeros, so that only what
    /// stands before the first group of zeros is sure.
    pub(crate) fn prefix(&self) -> String {
        match self.base {
            IpAddr::V4(base) => {
                let octets = base.octets();
                let kept = usize::from(self.bits / 8).min(3);
                octets[..kept].iter().map(|octet| format!("{octet}.")).collect()
            }
            IpAddr::V6(base) => {
                // The last group has nothing behind it.
                let kept = usize::from(self.bits / 16).min(7);
                let groups = base.segments();
                // A group may be written with leading zeros, too.
                let sure = groups[..kept].iter().take_while(|group| **group > 0xfff);
                sure.map(|group| format!("{group:x}:")).collect()
            }
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.is_address() {
            true => write!(f, "{}", self.base),
            false => write!(f, "{}/{}", self.base, self.bits),
        }
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Network;

    #[test]
    fn networks_are_read_and_hold_their_addresses() {
        for (network, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.77/27", "203.0.113.65", "203.0.113.96"),
            ("10.0.0.0/9", "10.127.0.1", "10.128.0.1"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.10"),
            ("2001:db8::/32", "2001:db8:1::9", "2001:db9::9"),
            ("2001:db8:0:1::/64", "2001:0db8:0000:0001::5", "2001:db8::5"),
        ] {
            let network = Network::read(network).expect("it is one");
            assert!(network.holds(inside), "{network} {inside}");
            assert!(!network.holds(outside), "{network} {outside}");
            assert!(!network.holds("") && !network.holds("host.example"), "{network}");
        }
        for wrong in ["", "203.0.113", "203.0.113.0/33", "203.0.113.0/x", "2001:db8::/129"] {
            assert_eq!(Network::read(wrong), None, "{wrong}");
        }
        assert_eq!(Network::read("203.0.113.77/27").unwrap().to_string(), "203.0.113.64/27");
    }

    proptest! {
        /// What lies in a network begins as the network says, however it is spelled.
        #[test]
        fn the_prefix_is_never_too_narrow(base: u128, other: u128, bits in 16u8..=128, padded: bool) {
            let network = Network::read(&format!("{}/{bits}", std::net::Ipv6Addr::from(base))).unwrap();
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            let inside = std::net::Ipv6Addr::from(base & mask | other & !mask);
            let spelled = if padded {
                inside.segments().map(|group| format!("{group:x}")).join(":")
            } else {
                inside.to_string()
            };
            prop_assert!(network.holds(&spelled));
            prop_assert!(spelled.starts_with(&network.prefix()), "{spelled} {}", network.prefix());
        }

        #[test]
        fn the_prefix_of_version_4_is_never_too_narrow(base: u32, other: u32, bits in 0u8..=32) {
            let network = Network::read(&format!("{}/{bits}", std::net::Ipv4Addr::from(base))).unwrap();
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            let inside = std::net::Ipv4Addr::from(base & mask | other & !mask).to_string();
            prop_assert!(network.holds(&inside));
            prop_assert!(inside.starts_with(&network.prefix()));
        }
    }
}
