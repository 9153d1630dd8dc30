//! The tables of Defender's advanced hunting and of Sentinel that a sweep reads
//! something of: their columns, and where they have each field.
//!
//! Columns as in Microsoft's references of both products (the pages "…table in
//! the advanced hunting schema" of Defender XDR, and "Azure Monitor Logs
//! reference"); a query that names a column that a table lacks is an error
//! there. A test holds these tables against what the reader of such exports
//! makes of them.

use remora_rules::{
    abi::{
        Field, Kind,
        field::{self, ALIASES},
        kind,
    },
    kql::Place,
};

/// Whose tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Microsoft Defender XDR, advanced hunting.
    Defender,
    /// Microsoft Sentinel, hence Log Analytics.
    Sentinel,
}

impl Product {
    /// The column that holds the time.
    pub fn time(self) -> &'static str {
        match self {
            Product::Defender => "Timestamp",
            Product::Sentinel => "TimeGenerated",
        }
    }

    /// Columns that its tables have and the other's have not.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Product::Defender => &[],
            Product::Sentinel => &["MachineGroup", "TenantId", "Type"],
        }
    }
}

/// A column that a query makes of others before it filters.
#[derive(Debug)]
pub struct Made {
    /// Its name.
    pub column: &'static str,
    /// How it is made.
    pub expression: &'static str,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// As both products call it.
    pub name: &'static str,
    /// The kind of the events that its rows become.
    pub kind: Kind,
    /// Which rows become events, if not all.
    pub only: Option<&'static str>,
    /// A column that is made first.
    pub made: Option<Made>,
    /// The columns that a sweep reads, but for the time's and the product's own.
    pub columns: &'static [&'static str],
    /// Fields that are not simply one of the columns.
    places: &'static [(Field, Place)],
}

impl Table {
    /// Where the table has a field.
    pub fn place(&self, field: Field) -> Place {
        if let Some((_, place)) = self.places.iter().find(|(own, _)| *own == field) {
            return *place;
        }
        // The tables of connections and of other events have the same process.
        let initiating = |column: &str| column.starts_with("InitiatingProcess");
        let alias = ALIASES.iter().find(|alias| {
            let own = alias.kind == self.kind
                || alias.kind == kind::ANY
                || (self.kind == kind::DNS
                    && alias.kind == kind::CONNECTION
                    && initiating(alias.column));
            own && alias.field == field && self.columns.contains(&alias.column)
        });
        alias.map_or(Place::Nowhere, |alias| Place::Is(alias.column))
    }

    /// The table of this name, case ignored.
    pub fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

/// Every table that a sweep reads something of.
pub const TABLES: &[Table] = &[
    Table {
        name: "DeviceNetworkEvents",
        kind: kind::CONNECTION,
        only: None,
        // Rows of deep inspection carry the name here, and have no URL.
        made: Some(Made {
            column: "InspectedName",
            expression: "case(
    ActionType startswith_cs \"DnsConnectionInspected\", tostring(parse_json(tostring(AdditionalFields)).query),
    ActionType startswith_cs \"SslConnectionInspected\", tostring(parse_json(tostring(AdditionalFields)).server_name),
    ActionType startswith_cs \"HttpConnectionInspected\", tostring(parse_json(tostring(AdditionalFields)).host),
    \"\")",
        }),
        columns: &[
            "DeviceId",
            "DeviceName",
            "ActionType",
            "RemoteUrl",
            "RemoteIP",
            "RemotePort",
            "LocalIP",
            "LocalPort",
            "Protocol",
            "InitiatingProcessFileName",
            "InitiatingProcessFolderPath",
            "InitiatingProcessCommandLine",
            "InitiatingProcessId",
            "InitiatingProcessCreationTime",
            "InitiatingProcessSHA1",
            "InitiatingProcessSHA256",
            "InitiatingProcessMD5",
            "InitiatingProcessVersionInfoCompanyName",
            "InitiatingProcessVersionInfoProductName",
            "InitiatingProcessVersionInfoProductVersion",
            "InitiatingProcessVersionInfoFileDescription",
            "InitiatingProcessVersionInfoOriginalFileName",
            "InitiatingProcessVersionInfoInternalFileName",
            "InitiatingProcessAccountUpn",
            "InitiatingProcessAccountDomain",
            "InitiatingProcessAccountName",
            "InitiatingProcessAccountSid",
            "InitiatingProcessParentFileName",
            "InitiatingProcessParentId",
            "ReportId",
            "AdditionalFields",
        ],
        places: &[
            (field::REMOTE_HOST, Place::Within(&["RemoteUrl", "InspectedName"])),
            (field::PROCESS_IMAGE, INITIATING_IMAGE),
            (field::PARENT_IMAGE, Place::Is("InitiatingProcessParentFileName")),
            (field::PARENT_NAME, Place::Is("InitiatingProcessParentFileName")),
            (field::USER, Place::Hidden),
            (field::PROCESS_KEY, Place::Hidden),
            (field::OBSERVATION, Place::Hidden),
            (field::OUTCOME, Place::Hidden),
            (field::DNS_ANSWERS, Place::Hidden),
            (field::DNS_RCODE, Place::Hidden),
            (field::TLS_CERT_SUBJECT, Place::Hidden),
            (field::HTTP_USER_AGENT, Place::Hidden),
        ],
    },
    Table {
        name: "DeviceProcessEvents",
        kind: kind::PROCESS,
        only: None,
        made: None,
        columns: &[
            "DeviceId",
            "DeviceName",
            "ActionType",
            "FileName",
            "FolderPath",
            "ProcessCommandLine",
            "ProcessId",
            "ProcessCreationTime",
            "SHA1",
            "SHA256",
            "MD5",
            "ProcessVersionInfoCompanyName",
            "ProcessVersionInfoProductName",
            "ProcessVersionInfoProductVersion",
            "ProcessVersionInfoFileDescription",
            "ProcessVersionInfoOriginalFileName",
            "ProcessVersionInfoInternalFileName",
            "AccountUpn",
            "AccountDomain",
            "AccountName",
            "AccountSid",
            "InitiatingProcessFileName",
            "InitiatingProcessFolderPath",
            "InitiatingProcessCommandLine",
            "InitiatingProcessId",
            "InitiatingProcessSHA1",
            "InitiatingProcessSHA256",
            "InitiatingProcessMD5",
            "InitiatingProcessVersionInfoCompanyName",
            "InitiatingProcessVersionInfoProductName",
            "InitiatingProcessVersionInfoFileDescription",
            "InitiatingProcessVersionInfoOriginalFileName",
            "InitiatingProcessVersionInfoInternalFileName",
            "InitiatingProcessSignatureStatus",
            "ReportId",
            "AdditionalFields",
        ],
        places: &[
            (field::PROCESS_IMAGE, Place::Joined(&["FolderPath", "FileName"])),
            (field::PARENT_IMAGE, INITIATING_IMAGE),
            (field::USER, Place::Hidden),
            (field::PROCESS_KEY, Place::Hidden),
            (field::OBSERVATION, Place::Hidden),
        ],
    },
    Table {
        name: "DeviceFileCertificateInfo",
        kind: kind::SIGNATURE,
        only: None,
        made: None,
        columns: &[
            "DeviceId",
            "DeviceName",
            "SHA1",
            "Signer",
            "SignerHash",
            "Issuer",
            "IsSigned",
            "IsTrusted",
            "ReportId",
        ],
        places: &[
            // Truth values there.
            (field::FILE_SIGNED, Place::Hidden),
            (field::FILE_TRUSTED, Place::Hidden),
            (field::OBSERVATION, Place::Hidden),
        ],
    },
    Table {
        name: "DeviceEvents",
        kind: kind::DNS,
        only: Some("ActionType startswith_cs \"DnsQueryResponse\""),
        made: Some(Made {
            column: "QueriedName",
            expression: "tostring(parse_json(tostring(AdditionalFields)).DnsQueryString)",
        }),
        columns: &[
            "DeviceId",
            "DeviceName",
            "ActionType",
            "RemoteUrl",
            "InitiatingProcessFileName",
            "InitiatingProcessFolderPath",
            "InitiatingProcessCommandLine",
            "InitiatingProcessId",
            "InitiatingProcessCreationTime",
            "InitiatingProcessSHA1",
            "InitiatingProcessSHA256",
            "InitiatingProcessMD5",
            "InitiatingProcessVersionInfoCompanyName",
            "InitiatingProcessVersionInfoProductName",
            "InitiatingProcessVersionInfoProductVersion",
            "InitiatingProcessVersionInfoFileDescription",
            "InitiatingProcessVersionInfoOriginalFileName",
            "InitiatingProcessVersionInfoInternalFileName",
            "InitiatingProcessAccountUpn",
            "InitiatingProcessAccountDomain",
            "InitiatingProcessAccountName",
            "InitiatingProcessAccountSid",
            "InitiatingProcessParentFileName",
            "InitiatingProcessParentId",
            "ReportId",
            "AdditionalFields",
        ],
        places: &[
            (field::REMOTE_HOST, Place::Within(&["RemoteUrl", "QueriedName"])),
            (field::PROCESS_IMAGE, INITIATING_IMAGE),
            (field::PARENT_IMAGE, Place::Is("InitiatingProcessParentFileName")),
            (field::PARENT_NAME, Place::Is("InitiatingProcessParentFileName")),
            (field::USER, Place::Hidden),
            (field::PROCESS_KEY, Place::Hidden),
            (field::OBSERVATION, Place::Hidden),
            (field::DNS_ANSWERS, Place::Hidden),
        ],
    },
];

const INITIATING_IMAGE: Place =
    Place::Joined(&["InitiatingProcessFolderPath", "InitiatingProcessFileName"]);
