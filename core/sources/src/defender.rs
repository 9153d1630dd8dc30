//! Microsoft Defender XDR (advanced hunting) and Microsoft Sentinel: the
//! tables `DeviceNetworkEvents`, `DeviceProcessEvents` and
//! `DeviceFileCertificateInfo`, and the answers of `DeviceEvents` to DNS questions.
//!
//! Both products have the same columns; the time column is `Timestamp` in one
//! and `TimeGenerated` in the other. Columns as in Microsoft's schema pages
//! for these tables; the column aliases that rules may use are in
//! `remora_abi::field::ALIASES`, and a test holds the two equal.
//!
//! Kinds are per row, for one portal export may hold the rows of several
//! tables with the columns of all.

use remora_abi::{Field, Kind, field::*, kind};

use crate::mapping::{FieldMap, Filled, KindRules, Mapping, Recognise, Shape, Table, Times};

type Columns = &'static [&'static str];

const fn shaped(field: Field, columns: Columns, shape: Shape) -> FieldMap {
    FieldMap { field, columns, shape, common: false }
}

const fn plain(field: Field, columns: Columns) -> FieldMap {
    shaped(field, columns, Shape::Verbatim)
}

const fn common(field: Field, columns: Columns, shape: Shape) -> FieldMap {
    FieldMap { field, columns, shape, common: true }
}

/// The last one is the envelope's: when it was sent, minutes later.
const TIME: Columns = &["Timestamp", "TimeGenerated", "time"];

/// Rows of every table.
const COMMON: &[FieldMap] = &[
    // In the envelope of the streaming export.
    common(TENANT, &["tenantId"], Shape::Verbatim),
    common(WORKSPACE, &["TenantId"], Shape::Verbatim),
    common(DEVICE_ID, &["DeviceId"], Shape::Verbatim),
    common(DEVICE_NAME, &["DeviceName"], Shape::Verbatim),
    common(DEVICE_GROUP, &["MachineGroup"], Shape::Verbatim),
    common(EVENT_ID, &["ReportId", "ReportId_long", "ReportId_string"], Shape::Verbatim),
    common(EVENT_ACTION, &["ActionType"], Shape::Verbatim),
    common(EVENT_CODE, &["EventID", "event_id"], Shape::Verbatim),
    // A row of an aggregated report stands for many events of its hour.
    common(
        EVENTS_REPRESENTED,
        &["AdditionalFields", "ActionType"],
        Shape::Member(&[("*AggregatedReport", "uniqueEventsAggregated")]),
    ),
];

/// Where rows of deep inspection carry the name.
const INSPECTED_NAMES: &[(&str, &str)] = &[
    ("DnsConnectionInspected*", "query"),
    ("SslConnectionInspected*", "server_name"),
    ("HttpConnectionInspected*", "host"),
];

/// The process that did it, in the tables of connections and of other events.
const INITIATING: &[FieldMap] = &[
    // The table has no `AccountUpn`; edited exports do.
    plain(USER_UPN, &["InitiatingProcessAccountUpn", "AccountUpn"]),
    shaped(
        USER,
        &[
            "InitiatingProcessAccountUpn",
            "AccountUpn",
            "InitiatingProcessAccountDomain",
            "InitiatingProcessAccountName",
        ],
        Shape::Account,
    ),
    plain(USER_SID, &["InitiatingProcessAccountSid"]),
    shaped(
        PROCESS_IMAGE,
        &["InitiatingProcessFolderPath", "InitiatingProcessFileName"],
        Shape::Path,
    ),
    plain(PROCESS_NAME, &["InitiatingProcessFileName"]),
    plain(PROCESS_FOLDER, &["InitiatingProcessFolderPath"]),
    plain(PROCESS_CMDLINE, &["InitiatingProcessCommandLine"]),
    plain(PROCESS_COMPANY, &["InitiatingProcessVersionInfoCompanyName"]),
    plain(PROCESS_PRODUCT, &["InitiatingProcessVersionInfoProductName"]),
    plain(PROCESS_PRODUCT_VERSION, &["InitiatingProcessVersionInfoProductVersion"]),
    plain(PROCESS_DESCRIPTION, &["InitiatingProcessVersionInfoFileDescription"]),
    plain(PROCESS_ORIGINAL_NAME, &["InitiatingProcessVersionInfoOriginalFileName"]),
    plain(PROCESS_INTERNAL_NAME, &["InitiatingProcessVersionInfoInternalFileName"]),
    plain(PROCESS_SHA256, &["InitiatingProcessSHA256"]),
    plain(PROCESS_SHA1, &["InitiatingProcessSHA1"]),
    plain(PROCESS_MD5, &["InitiatingProcessMD5"]),
    plain(PROCESS_PID, &["InitiatingProcessId"]),
    common(
        PROCESS_KEY,
        &["DeviceId", "InitiatingProcessId", "InitiatingProcessCreationTime"],
        Shape::ProcessKey,
    ),
    // The column holds a name in most rows and a path in some.
    plain(PARENT_IMAGE, &["InitiatingProcessParentFileName"]),
    plain(PARENT_NAME, &["InitiatingProcessParentFileName"]),
    plain(PARENT_PID, &["InitiatingProcessParentId"]),
];

const CONNECTION: &[FieldMap] = &[
    plain(REMOTE_URL, &["RemoteUrl"]),
    shaped(
        REMOTE_HOST,
        &["RemoteUrl", "AdditionalFields", "ActionType"],
        Shape::HostOf(INSPECTED_NAMES),
    ),
    plain(REMOTE_IP, &["RemoteIP"]),
    plain(REMOTE_PORT, &["RemotePort"]),
    plain(LOCAL_IP, &["LocalIP"]),
    plain(LOCAL_PORT, &["LocalPort"]),
    plain(PROTO, &["Protocol"]),
    shaped(
        DNS_ANSWERS,
        &["AdditionalFields", "ActionType"],
        Shape::Member(&[("DnsConnectionInspected*", "answers")]),
    ),
    shaped(
        DNS_RCODE,
        &["AdditionalFields", "ActionType"],
        Shape::Member(&[("DnsConnectionInspected*", "rcode_name")]),
    ),
    shaped(
        TLS_CERT_SUBJECT,
        &["AdditionalFields", "ActionType"],
        Shape::Member(&[("SslConnectionInspected*", "subject")]),
    ),
    shaped(
        HTTP_USER_AGENT,
        &["AdditionalFields", "ActionType"],
        Shape::Member(&[("HttpConnectionInspected*", "user_agent")]),
    ),
    common(
        OBSERVATION,
        &["ActionType", "RemoteUrl"],
        Shape::ByActionOr(
            &[
                ("DnsConnectionInspected*", "dns_query"),
                ("SslConnectionInspected*", "tls_sni"),
                ("HttpConnectionInspected*", "http_host"),
                ("Inbound*", "inbound"),
                ("ListeningConnectionCreated*", "inbound"),
            ],
            "conn_named",
            "conn_ip",
        ),
    ),
    common(
        OUTCOME,
        &["ActionType"],
        Shape::ByAction(&[
            ("ConnectionSuccess*", "success"),
            ("InboundConnectionAccepted*", "success"),
            ("ConnectionFailed*", "failure"),
            ("InboundConnectionBlocked*", "failure"),
            ("ConnectionAttempt*", "attempt"),
            ("InboundConnectionAttempt*", "attempt"),
        ]),
    ),
];

/// A device's own resolver asked for a name: `DeviceEvents` rows `DnsQueryResponse`.
const DNS: &[FieldMap] = &[
    shaped(
        REMOTE_HOST,
        &["RemoteUrl", "AdditionalFields", "ActionType"],
        Shape::HostOf(&[("*", "DnsQueryString")]),
    ),
    shaped(
        DNS_ANSWERS,
        &["AdditionalFields", "ActionType"],
        Shape::Member(&[("*", "DnsQueryResult[].Result")]),
    ),
    common(OBSERVATION, &[], Shape::Constant("dns_query")),
];

/// The columns `InitiatingProcess…` are the parent here.
const PROCESS: &[FieldMap] = &[
    plain(USER_UPN, &["AccountUpn"]),
    shaped(USER, &["AccountUpn", "AccountDomain", "AccountName"], Shape::Account),
    plain(USER_SID, &["AccountSid"]),
    shaped(PROCESS_IMAGE, &["FolderPath", "FileName"], Shape::Path),
    plain(PROCESS_NAME, &["FileName"]),
    plain(PROCESS_FOLDER, &["FolderPath"]),
    plain(PROCESS_CMDLINE, &["ProcessCommandLine"]),
    plain(PROCESS_COMPANY, &["ProcessVersionInfoCompanyName"]),
    plain(PROCESS_PRODUCT, &["ProcessVersionInfoProductName"]),
    plain(PROCESS_PRODUCT_VERSION, &["ProcessVersionInfoProductVersion"]),
    plain(PROCESS_DESCRIPTION, &["ProcessVersionInfoFileDescription"]),
    plain(PROCESS_ORIGINAL_NAME, &["ProcessVersionInfoOriginalFileName"]),
    plain(PROCESS_INTERNAL_NAME, &["ProcessVersionInfoInternalFileName"]),
    plain(PROCESS_SHA256, &["SHA256"]),
    plain(PROCESS_SHA1, &["SHA1", "Sha1"]),
    plain(PROCESS_MD5, &["MD5"]),
    plain(PROCESS_PID, &["ProcessId"]),
    common(PROCESS_KEY, &["DeviceId", "ProcessId", "ProcessCreationTime"], Shape::ProcessKey),
    shaped(
        PARENT_IMAGE,
        &["InitiatingProcessFolderPath", "InitiatingProcessFileName"],
        Shape::Path,
    ),
    plain(PARENT_NAME, &["InitiatingProcessFileName"]),
    plain(PARENT_FOLDER, &["InitiatingProcessFolderPath"]),
    plain(PARENT_CMDLINE, &["InitiatingProcessCommandLine"]),
    plain(PARENT_COMPANY, &["InitiatingProcessVersionInfoCompanyName"]),
    plain(PARENT_PRODUCT, &["InitiatingProcessVersionInfoProductName"]),
    plain(PARENT_DESCRIPTION, &["InitiatingProcessVersionInfoFileDescription"]),
    plain(PARENT_ORIGINAL_NAME, &["InitiatingProcessVersionInfoOriginalFileName"]),
    plain(PARENT_INTERNAL_NAME, &["InitiatingProcessVersionInfoInternalFileName"]),
    plain(PARENT_SHA256, &["InitiatingProcessSHA256"]),
    plain(PARENT_SHA1, &["InitiatingProcessSHA1"]),
    plain(PARENT_MD5, &["InitiatingProcessMD5"]),
    plain(PARENT_SIGNER_STATE, &["InitiatingProcessSignatureStatus"]),
    plain(PARENT_PID, &["InitiatingProcessId"]),
    common(OBSERVATION, &[], Shape::Constant("process_start")),
];

const SIGNATURE: &[FieldMap] = &[
    plain(FILE_SIGNER, &["Signer"]),
    plain(FILE_SIGNER_HASH, &["SignerHash"]),
    plain(FILE_ISSUER, &["Issuer"]),
    plain(FILE_SHA1, &["SHA1"]),
    shaped(FILE_SIGNED, &["IsSigned"], Shape::Truth),
    shaped(FILE_TRUSTED, &["IsTrusted"], Shape::Truth),
    common(OBSERVATION, &[], Shape::Constant("file_signature")),
];

/// Rows of a table that is not swept but for these.
const WITHIN: &[(&str, &str, Kind)] = &[
    ("AdvancedHunting-DeviceEvents", "DnsQueryResponse*", kind::DNS),
    ("DeviceEvents", "DnsQueryResponse*", kind::DNS),
];

/// Names of tables, as `Type` and `$table` give them, and the envelope's `category`. The `Device…`
/// tables that are not swept are all others of Defender for Endpoint.
const TABLES: &[(&str, Option<Kind>)] = &[
    ("AdvancedHunting-DeviceNetworkEvents", Some(kind::CONNECTION)),
    ("AdvancedHunting-DeviceProcessEvents", Some(kind::PROCESS)),
    ("AdvancedHunting-DeviceFileCertificateInfo", Some(kind::SIGNATURE)),
    ("AdvancedHunting-*", None),
    ("DeviceNetworkEvents", Some(kind::CONNECTION)),
    ("DeviceProcessEvents", Some(kind::PROCESS)),
    ("DeviceFileCertificateInfo", Some(kind::SIGNATURE)),
    // A row of a device's timeline that repeats another one.
    ("Techniques", None),
    ("Device*", None),
    ("Alert*", None),
    ("Cloud*", None),
    ("Email*", None),
    ("Identity*", None),
    ("Message*", None),
    ("UrlClickEvents", None),
    ("SecurityEvent", None),
    ("SecurityAlert", None),
    ("SecurityIncident", None),
    ("SigninLogs", None),
    ("AADSignInEventsBeta", None),
    ("OfficeActivity", None),
];

/// Action types, those of the swept tables first. The rest are of `DeviceEvents`,
/// `DeviceFileEvents`, `DeviceRegistryEvents`, `DeviceLogonEvents`, `DeviceImageLoadEvents` and
/// `UrlClickEvents`, as the schema reference in the portal lists them; some of them sound like
/// connections or processes and are not rows of those tables.
const ACTIONS: &[(&str, Option<Kind>)] = &[
    ("Connection*", Some(kind::CONNECTION)),
    ("*Inspected", Some(kind::CONNECTION)),
    ("Inbound*", Some(kind::CONNECTION)),
    ("ListeningConnection*", Some(kind::CONNECTION)),
    ("*InspectedAggregatedReport", Some(kind::CONNECTION)),
    ("ProcessCreated", Some(kind::PROCESS)),
    ("DnsQueryResponse*", Some(kind::DNS)),
    ("ProcessCreatedUsingWmiQuery", None),
    ("ProcessPrimaryTokenModified", None),
    ("Firewall*", None),
    ("RemoteDesktopConnection", None),
    ("UntrustedWifiConnection", None),
    ("File*", None),
    ("Registry*", None),
    ("Logon*", None),
    ("ImageLoaded*", None),
    ("*ApiCall", None),
    ("AccountCheckedForBlankPassword", None),
    ("Amsi*", None),
    ("Antivirus*", None),
    ("AppControl*", None),
    ("AppGuard*", None),
    ("AppLocker*", None),
    ("Asr*", None),
    ("AuditPolicyModification", None),
    ("Bluetooth*", None),
    ("BrowserLaunchedToOpenUrl", None),
    ("Click*", None),
    ("ClrUnbackedModuleLoaded", None),
    ("Contained*", None),
    ("ControlFlowGuard*", None),
    ("ControlledFolder*", None),
    ("DeviceBootAttestationInfo", None),
    ("DirectoryService*", None),
    ("DnsQuery*", None),
    ("DpapiAccessed", None),
    ("DriverLoad", None),
    ("ExploitGuard*", None),
    ("GetClipboardData", None),
    ("LdapSearch", None),
    ("MemoryRemoteProtect", None),
    ("NamedPipeEvent", None),
    ("NetworkProtection*", None),
    ("NetworkShare*", None),
    ("OtherAlertRelatedActivity", None),
    ("Password*", None),
    ("PlistPropertyModified", None),
    ("Pnp*", None),
    ("PowerShellCommand", None),
    ("PrintJobBlocked", None),
    ("RemoteWmiOperation", None),
    ("RemovableStorage*", None),
    ("SafeDocFileScan", None),
    ("ScheduledTask*", None),
    ("ScreenshotTaken", None),
    ("ScriptContent", None),
    ("SecurityGroup*", None),
    ("SecurityLogCleared", None),
    ("SensitiveFile*", None),
    ("Service*", None),
    ("ShellLinkCreateFileEvent", None),
    ("SmartScreen*", None),
    ("Tampering*", None),
    ("Tvm*", None),
    ("UrlErrorPage", None),
    ("UrlScanInProgress", None),
    ("UsbDrive*", None),
    ("UserAccount*", None),
    ("Wmi*", None),
    ("WriteToLsassProcessMemory", None),
    ("*Connection*", Some(kind::CONNECTION)),
    ("Process*", Some(kind::PROCESS)),
];

const FILLED: &[Filled] = &[
    Filled {
        any: &["Signer", "SignerHash", "IsSigned"],
        none: &["RemoteUrl", "RemoteIP", "ProcessCommandLine"],
        kind: kind::SIGNATURE,
    },
    Filled { any: &["RemoteUrl", "RemoteIP", "RemotePort"], none: &[], kind: kind::CONNECTION },
    Filled {
        any: &["ProcessVersionInfo*", "ProcessCommandLine", "FolderPath"],
        none: &[],
        kind: kind::PROCESS,
    },
];

/// The mapping.
pub static DEFENDER: Mapping = Mapping {
    recognise: Recognise {
        subject: &[
            "ActionType",
            "RemoteUrl",
            "RemoteIP",
            "RemotePort",
            "ProcessCommandLine",
            "FolderPath",
            "ProcessVersionInfo*",
            "InitiatingProcess*",
            "Signer",
            "SignerHash",
            "IsSigned",
        ],
        origin: &["DeviceId", "DeviceName", "ReportId", "ReportId_long", "ReportId_string"],
    },
    kinds: KindRules {
        table_columns: &["category", "Type", "$table"],
        within: WITHIN,
        tables: TABLES,
        action_column: "ActionType",
        actions: ACTIONS,
        filled: FILLED,
    },
    tables: &[
        Table { kind: kind::CONNECTION, time: TIME, fields: &[COMMON, INITIATING, CONNECTION] },
        Table { kind: kind::DNS, time: TIME, fields: &[COMMON, INITIATING, DNS] },
        Table { kind: kind::PROCESS, time: TIME, fields: &[COMMON, PROCESS] },
        Table { kind: kind::SIGNATURE, time: TIME, fields: &[COMMON, SIGNATURE] },
    ],
    times: Times::Iso,
    // A report id is unique on its device only.
    unique_ids: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule that names a column must see that column: every alias is read, as it stands, where
    /// the alias table says it means the field.
    #[test]
    fn aliases_and_mapping_say_the_same() {
        let mut checked = 0;
        for table in DEFENDER.tables {
            for alias in ALIASES.iter().filter(|a| a.kind == table.kind || a.kind == kind::ANY) {
                let maps: Vec<_> = table.fields.iter().copied().flatten().collect();
                let map = maps.iter().find(|map| map.field == alias.field);
                let map =
                    map.unwrap_or_else(|| panic!("{} lacks {}", table.kind.name(), alias.column));
                assert!(map.columns.contains(&alias.column), "{}", alias.column);
                assert!(matches!(map.shape, Shape::Verbatim | Shape::Truth), "{}", alias.column);
                checked += 1;
            }
        }
        assert!(checked > 70);
    }
}
