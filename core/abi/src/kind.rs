//! The kinds of event: which table or log a record comes from.
//!
//! A kind follows the source's own table. *How* a name was seen (a DNS
//! question, a TLS handshake ...) is a field of its own,
//! [`OBSERVATION`](crate::field::OBSERVATION), because one table can hold
//! several ways of seeing.

crate::open_id! {
    /// The kind of an event. Open: an unknown kind in an [`Interest`](crate::Interest)
    /// is refused by the host, because ignoring it would miss events.
    Kind(u16)
}

/// One row of the kind table.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// The id that crosses the ABI.
    pub kind: Kind,
    /// The name in rules, catalogs and output.
    pub name: &'static str,
    /// Which records are of this kind.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($id:literal $konst:ident $name:literal $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $konst: Kind = Kind($id);)*
        /// Every kind, in the order of its id.
        pub const KINDS: &[KindInfo] =
            &[$(KindInfo { kind: $konst, name: $name, meaning: $meaning },)*];
    };
}

/// In an interest: any kind. No event has it.
pub const ANY: Kind = Kind(0);

kinds! {
    1 CONNECTION "connection" "A network connection: every `DeviceNetworkEvents` row, Sysmon 3, Zeek conn, a flow record.";
    2 DNS "dns" "A DNS question or answer: DNS server and resolver logs, Sysmon 22, Zeek and Suricata dns.";
    3 HTTP "http" "An HTTP request seen on the wire: Zeek and Suricata http.";
    4 TLS "tls" "A TLS handshake seen on the wire: Zeek ssl, Suricata tls.";
    5 PROXY "proxy" "A request that a web proxy logged.";
    6 PROCESS "process" "A process start: every `DeviceProcessEvents` row, Sysmon 1, Windows 4688.";
    7 SIGNATURE "signature" "A verified file signature: every `DeviceFileCertificateInfo` row.";
    8 FILE "file" "A file created, renamed or changed: `DeviceFileEvents`, Sysmon 11.";
    9 IMAGE_LOAD "image-load" "A module loaded into a process: `DeviceImageLoadEvents`, Sysmon 7.";
    10 SERVICE "service" "A service installed: Windows 7045 and 4697.";
    11 INVENTORY "inventory" "An installed product as an inventory lists it.";
    12 FINDING "finding" "A judged finding, for detectors that correlate.";
}

impl Kind {
    /// The row of the table, or none for [`ANY`] and unknown ids.
    pub fn info(self) -> Option<&'static KindInfo> {
        KINDS.iter().find(|info| info.kind == self)
    }

    /// The name in rules and output; `"?"` for an unknown id.
    pub fn name(self) -> &'static str {
        self.info().map_or("?", |info| info.name)
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Kind> {
        KINDS.iter().find(|info| info.name == name).map(|info| info.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_dense_and_names_unique() {
        for (at, info) in KINDS.iter().enumerate() {
            assert_eq!(usize::from(info.kind.0), at + 1, "{}", info.name);
            assert_eq!(Kind::from_name(info.name), Some(info.kind));
        }
    }
}
