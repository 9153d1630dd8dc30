//! The closed field table: every name that rules, mappings, catalogs and
//! outputs use, with its type and meaning; and the aliases, the column names
//! of Defender and Sentinel, which mean different fields in different tables.
//!
//! Closed means: a field that is not in here does not exist. Open means the
//! id: [`Field`] is a number, so that a plugin built against a newer table can
//! ask an older host for a field it lacks and reads `""` (or null) instead of
//! failing. Ids are never reused or renumbered.
//!
//! `docs/fields.md` is generated from this table (a test keeps it so).

use crate::kind::{self, Kind};

crate::open_id! {
    /// The id of a field. Unknown ids read `""`, or null for numbers.
    Field(u16)
}

/// No field: an interest in a whole kind.
pub const NONE: Field = Field(0);

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// UTF-8 text; never null: absent, null and `""` are one value.
    Text,
    /// A signed 64-bit integer, or null.
    Number,
}

/// One row of the field table.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// The id that crosses the ABI.
    pub field: Field,
    /// The canonical name, e.g. `remote.url`.
    pub name: &'static str,
    /// Text or number.
    pub ty: Type,
    /// What the value is, with its shape and units.
    pub meaning: &'static str,
}

macro_rules! fields {
    ($($id:literal $konst:ident $name:literal $ty:ident $meaning:literal;)*) => {
        $(#[doc = concat!("`", $name, "`: ", $meaning)] pub const $konst: Field = Field($id);)*
        /// Every field, in the order of its id.
        pub const FIELDS: &[FieldInfo] =
            &[$(FieldInfo { field: $konst, name: $name, ty: Type::$ty, meaning: $meaning },)*];
    };
}

fields! {
    1 TENANT "tenant" Text "The customer or directory the record belongs to (streaming `tenantId`, or `--tenant`).";
    2 WORKSPACE "workspace" Text "Sentinel's `TenantId` column, which names the Log Analytics workspace and not a tenant.";
    3 DEVICE_ID "device.id" Text "The stable device id that the source gives.";
    4 DEVICE_NAME "device.name" Text "The device's host name, fully qualified where the source has it so.";
    5 DEVICE_GROUP "device.group" Text "The device group of the source (`MachineGroup`).";
    6 USER "user" Text "The best name for people: UPN, else DOMAIN\\name, else name.";
    7 USER_UPN "user.upn" Text "`AccountUpn` verbatim; may be empty while an account name is filled. Key of process rules.";
    8 USER_SID "user.sid" Text "The account's security identifier.";
    9 REMOTE_HOST "remote.host" Text "The normalized remote host name from wherever the record has one: lower case, without scheme, user info, port, path and final dot; empty when it is an address.";
    10 REMOTE_URL "remote.url" Text "The URL or name column of a connection record, verbatim (`RemoteUrl`); filled from nothing else.";
    11 URL "url" Text "The whole URL of an http or proxy record, verbatim.";
    12 REMOTE_IP "remote.ip" Text "The peer's address, from the device's point of view.";
    13 LOCAL_IP "local.ip" Text "The device's own address.";
    14 PROTO "proto" Text "The transport protocol as the source spells it.";
    15 DNS_ANSWERS "dns.answers" Text "What the name resolved to: addresses and names joined by `;`.";
    16 DNS_RCODE "dns.rcode" Text "The DNS response code by name, e.g. `NXDOMAIN`.";
    17 HTTP_USER_AGENT "http.user_agent" Text "The User-Agent header.";
    18 TLS_CERT_SUBJECT "tls.cert_subject" Text "The subject of the certificate the server showed.";
    19 PROCESS_IMAGE "process.image" Text "Full path of the process image, file name included.";
    20 PROCESS_NAME "process.name" Text "File name of the process image.";
    21 PROCESS_FOLDER "process.folder" Text "The raw path column (`FolderPath`), which includes the file name in some rows only.";
    22 PROCESS_CMDLINE "process.cmdline" Text "Command line of the process.";
    23 PROCESS_COMPANY "process.company" Text "Company name in the image's version resource.";
    24 PROCESS_PRODUCT "process.product" Text "Product name in the image's version resource.";
    25 PROCESS_PRODUCT_VERSION "process.product_version" Text "Product version in the image's version resource.";
    26 PROCESS_DESCRIPTION "process.description" Text "File description in the image's version resource.";
    27 PROCESS_ORIGINAL_NAME "process.original_name" Text "Original file name in the image's version resource.";
    28 PROCESS_INTERNAL_NAME "process.internal_name" Text "Internal name in the image's version resource.";
    29 PROCESS_SIGNER "process.signer" Text "Subject of the certificate that signed the process image.";
    30 PROCESS_SIGNER_STATE "process.signer_state" Text "State of that signature: trusted, valid, unsigned, unknown, as the source spells it.";
    31 PROCESS_SHA256 "process.sha256" Text "SHA-256 of the process image, hex.";
    32 PROCESS_SHA1 "process.sha1" Text "SHA-1 of the process image, hex.";
    33 PROCESS_MD5 "process.md5" Text "MD5 of the process image, hex.";
    34 PROCESS_KEY "process.key" Text "What ties two events to one process: a GUID, or device, pid and start time joined by `|`.";
    35 PARENT_IMAGE "parent.image" Text "Full path (or, where the source has no more, file name) of the parent's image.";
    36 PARENT_NAME "parent.name" Text "File name of the parent's image.";
    37 PARENT_CMDLINE "parent.cmdline" Text "Command line of the parent.";
    38 PARENT_FOLDER "parent.folder" Text "The raw path column of the parent.";
    39 PARENT_COMPANY "parent.company" Text "Company name in the parent's version resource.";
    40 PARENT_PRODUCT "parent.product" Text "Product name in the parent's version resource.";
    41 PARENT_DESCRIPTION "parent.description" Text "File description in the parent's version resource.";
    42 PARENT_ORIGINAL_NAME "parent.original_name" Text "Original file name in the parent's version resource.";
    43 PARENT_INTERNAL_NAME "parent.internal_name" Text "Internal name in the parent's version resource.";
    44 PARENT_SHA1 "parent.sha1" Text "SHA-1 of the parent's image, hex.";
    45 PARENT_SHA256 "parent.sha256" Text "SHA-256 of the parent's image, hex.";
    46 PARENT_MD5 "parent.md5" Text "MD5 of the parent's image, hex.";
    47 PARENT_SIGNER_STATE "parent.signer_state" Text "State of the parent's signature, as the source spells it.";
    48 FILE_NAME "file.name" Text "File name of a file, signature or image-load record.";
    49 FILE_PATH "file.path" Text "Full path of that file.";
    50 FILE_SHA1 "file.sha1" Text "SHA-1 of that file, hex.";
    51 FILE_SHA256 "file.sha256" Text "SHA-256 of that file, hex.";
    52 FILE_MD5 "file.md5" Text "MD5 of that file, hex.";
    53 FILE_SIGNER "file.signer" Text "Subject of the certificate that signed that file.";
    54 FILE_SIGNER_HASH "file.signer_hash" Text "Hash of that certificate, hex.";
    55 FILE_ISSUER "file.issuer" Text "Issuer of that certificate.";
    56 FILE_SIGNED "file.signed" Text "`true` or `false`, as the source says whether that file is signed.";
    57 FILE_TRUSTED "file.trusted" Text "`true` or `false`, as the source says whether that signature is trusted.";
    58 FILE_ORIGIN_URL "file.origin_url" Text "The URL that file was downloaded from.";
    59 SERVICE_NAME "service.name" Text "Name of a service.";
    60 SERVICE_PATH "service.path" Text "Image path of a service, arguments included.";
    61 SOFTWARE_NAME "software.name" Text "Product as an inventory lists it.";
    62 SOFTWARE_VENDOR "software.vendor" Text "Vendor as an inventory lists it.";
    63 SOFTWARE_VERSION "software.version" Text "Version as an inventory lists it.";
    64 INSTANCE "instance" Text "Which installation of a tool: a relay host, a tenant name, a session id.";
    65 EVENT_ID "event.id" Text "The source's own record id: an integer in decimal or a text. Defender's `ReportId`: unique only with device and time.";
    66 EVENT_PROVIDER "event.provider" Text "Windows provider or channel.";
    67 EVENT_ACTION "event.action" Text "What the source calls the event (`ActionType`), verbatim.";
    68 OUTCOME "outcome" Text "`success`, `failure`, `attempt`, or empty where the source does not say.";
    69 OBSERVATION "observation" Text "How a name was seen: `dns_query`, `dns_answer`, `tls_sni`, `quic_sni`, `http_host`, `proxy_connect`, `conn_named`, `conn_ip`, `conn_rdns`, `inbound`, `process_start`, `image_load`, `file_signature`, `service_install`.";
    70 TOOL "tool" Text "The tool of a judged finding.";
    71 RULE "rule" Text "The rule of a judged finding.";
    72 REMOTE_PORT "remote.port" Number "The peer's port, 0 to 65535.";
    73 LOCAL_PORT "local.port" Number "The device's own port, 0 to 65535.";
    74 EVENT_CODE "event.code" Number "Windows event id.";
    75 PROCESS_PID "process.pid" Number "Process id.";
    76 PARENT_PID "parent.pid" Number "Process id of the parent.";
    77 EVENTS_REPRESENTED "events_represented" Number "How many events an aggregated row stands for; null for ordinary rows.";
}

impl Field {
    /// The row of the table, or none for unknown ids.
    pub fn info(self) -> Option<&'static FieldInfo> {
        FIELDS.get(usize::from(self.0).wrapping_sub(1))
    }

    /// The canonical name; `"?"` for an unknown id.
    pub fn name(self) -> &'static str {
        self.info().map_or("?", |info| info.name)
    }

    /// The field of this canonical name.
    pub fn from_name(name: &str) -> Option<Field> {
        FIELDS.iter().find(|info| info.name == name).map(|info| info.field)
    }

    /// Whether the field's values are numbers.
    pub fn is_number(self) -> bool {
        self.info().is_some_and(|info| info.ty == Type::Number)
    }
}

/// A column name that stands for a field in the records of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The kind whose table has the column; [`kind::ANY`] for every kind.
    pub kind: Kind,
    /// The column, spelled exactly as in the source: column names are
    /// case-sensitive in KQL.
    pub column: &'static str,
    /// The field it means there.
    pub field: Field,
}

macro_rules! aliases {
    ($($kind:ident { $($column:literal => $field:ident,)* })*) => {
        &[$($(Alias { kind: kind::$kind, column: $column, field: $field },)*)*]
    };
}

/// Defender's and Sentinel's columns. Rules accept them in place of a field's
/// name where they mean one field in all kinds of the rule; mappings read
/// them. Columns as documented for the tables `DeviceNetworkEvents`,
/// `DeviceProcessEvents` and `DeviceFileCertificateInfo` of Microsoft
/// Defender XDR, plus the names that published rules use by mistake
/// (`Sha1`, `event_id`).
pub const ALIASES: &[Alias] = aliases! {
    ANY {
        "DeviceId" => DEVICE_ID,
        "DeviceName" => DEVICE_NAME,
        "MachineGroup" => DEVICE_GROUP,
        "TenantId" => WORKSPACE,
        "ReportId" => EVENT_ID,
        "ActionType" => EVENT_ACTION,
        "event_id" => EVENT_CODE,
        "EventID" => EVENT_CODE,
    }
    CONNECTION {
        "RemoteUrl" => REMOTE_URL,
        "RemoteIP" => REMOTE_IP,
        "RemotePort" => REMOTE_PORT,
        "LocalIP" => LOCAL_IP,
        "LocalPort" => LOCAL_PORT,
        "Protocol" => PROTO,
        "InitiatingProcessAccountUpn" => USER_UPN,
        "AccountUpn" => USER_UPN,
        "InitiatingProcessAccountSid" => USER_SID,
        "InitiatingProcessFileName" => PROCESS_NAME,
        "InitiatingProcessFolderPath" => PROCESS_FOLDER,
        "InitiatingProcessCommandLine" => PROCESS_CMDLINE,
        "InitiatingProcessVersionInfoCompanyName" => PROCESS_COMPANY,
        "InitiatingProcessVersionInfoProductName" => PROCESS_PRODUCT,
        "InitiatingProcessVersionInfoProductVersion" => PROCESS_PRODUCT_VERSION,
        "InitiatingProcessVersionInfoFileDescription" => PROCESS_DESCRIPTION,
        "InitiatingProcessVersionInfoOriginalFileName" => PROCESS_ORIGINAL_NAME,
        "InitiatingProcessVersionInfoInternalFileName" => PROCESS_INTERNAL_NAME,
        "InitiatingProcessSHA256" => PROCESS_SHA256,
        "InitiatingProcessSHA1" => PROCESS_SHA1,
        "InitiatingProcessMD5" => PROCESS_MD5,
        "InitiatingProcessId" => PROCESS_PID,
        "InitiatingProcessParentFileName" => PARENT_NAME,
        "InitiatingProcessParentId" => PARENT_PID,
    }
    PROCESS {
        "AccountUpn" => USER_UPN,
        "AccountSid" => USER_SID,
        "FileName" => PROCESS_NAME,
        "FolderPath" => PROCESS_FOLDER,
        "ProcessCommandLine" => PROCESS_CMDLINE,
        "ProcessVersionInfoCompanyName" => PROCESS_COMPANY,
        "ProcessVersionInfoProductName" => PROCESS_PRODUCT,
        "ProcessVersionInfoProductVersion" => PROCESS_PRODUCT_VERSION,
        "ProcessVersionInfoFileDescription" => PROCESS_DESCRIPTION,
        "ProcessVersionInfoOriginalFileName" => PROCESS_ORIGINAL_NAME,
        "ProcessVersionInfoInternalFileName" => PROCESS_INTERNAL_NAME,
        "SHA256" => PROCESS_SHA256,
        "SHA1" => PROCESS_SHA1,
        "Sha1" => PROCESS_SHA1,
        "MD5" => PROCESS_MD5,
        "ProcessId" => PROCESS_PID,
        "InitiatingProcessFileName" => PARENT_NAME,
        "InitiatingProcessFolderPath" => PARENT_FOLDER,
        "InitiatingProcessCommandLine" => PARENT_CMDLINE,
        "InitiatingProcessVersionInfoCompanyName" => PARENT_COMPANY,
        "InitiatingProcessVersionInfoProductName" => PARENT_PRODUCT,
        "InitiatingProcessVersionInfoFileDescription" => PARENT_DESCRIPTION,
        "InitiatingProcessVersionInfoOriginalFileName" => PARENT_ORIGINAL_NAME,
        "InitiatingProcessVersionInfoInternalFileName" => PARENT_INTERNAL_NAME,
        "InitiatingProcessSHA1" => PARENT_SHA1,
        "InitiatingProcessSHA256" => PARENT_SHA256,
        "InitiatingProcessMD5" => PARENT_MD5,
        "InitiatingProcessSignatureStatus" => PARENT_SIGNER_STATE,
        "InitiatingProcessId" => PARENT_PID,
    }
    SIGNATURE {
        "Signer" => FILE_SIGNER,
        "SignerHash" => FILE_SIGNER_HASH,
        "Issuer" => FILE_ISSUER,
        "SHA1" => FILE_SHA1,
        "IsSigned" => FILE_SIGNED,
        "IsTrusted" => FILE_TRUSTED,
    }
};

/// The field that `column` means in records of `kind`, if it is an alias.
pub fn alias(kind: Kind, column: &str) -> Option<Field> {
    ALIASES
        .iter()
        .find(|alias| alias.column == column && (alias.kind == kind || alias.kind == kind::ANY))
        .map(|alias| alias.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_dense_and_names_unique() {
        for (at, info) in FIELDS.iter().enumerate() {
            assert_eq!(usize::from(info.field.0), at + 1, "{}", info.name);
            assert_eq!(Field::from_name(info.name), Some(info.field));
            assert_eq!(info.field.info().map(|found| found.name), Some(info.name));
        }
        assert!(NONE.info().is_none());
        assert!(Field(u16::MAX).info().is_none());
    }

    #[test]
    fn an_alias_means_one_field_per_kind() {
        for (at, one) in ALIASES.iter().enumerate() {
            for other in &ALIASES[at + 1..] {
                let clash = one.column == other.column
                    && (one.kind == other.kind || one.kind == kind::ANY || other.kind == kind::ANY);
                assert!(!clash, "{} stands twice", one.column);
            }
        }
    }
}
