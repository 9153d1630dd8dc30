//! Exports of Defender's rows whose columns have other names.
//!
//! Data only: what a column of another name is called in the mapping. A column
//! that has the mapping's own name in the same header counts before one that
//! is only renamed to it. Blanks in a name do not count where the name is not
//! known with them.

use crate::FormatName;

/// Other names of columns.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The format's name.
    pub format: FormatName,
    /// All of these columns make a header one of this dialect; written without blanks.
    pub marks: &'static [&'static str],
    /// The other name, without blanks, and the mapping's.
    pub names: &'static [(&'static str, &'static str)],
}

/// The device page's timeline in the portal: names with blanks (`Event Time`), and the names that
/// hunting tables had until 2020, which older exports have without blanks. Times have no zone and
/// are UTC. A row of the data type `Techniques` repeats another row.
const TIMELINE: Dialect = Dialect {
    format: FormatName::DefenderTimeline,
    marks: &["EventTime", "MachineId"],
    names: &[
        ("EventTime", "Timestamp"),
        ("MachineId", "DeviceId"),
        ("ComputerName", "DeviceName"),
        ("Sha256", "SHA256"),
        ("Md5", "MD5"),
        ("InitiatingProcessSha1", "InitiatingProcessSHA1"),
        ("InitiatingProcessSha256", "InitiatingProcessSHA256"),
        ("InitiatingProcessMd5", "InitiatingProcessMD5"),
        ("RemoteURL", "RemoteUrl"),
        ("RemoteIp", "RemoteIP"),
        ("LocalIp", "LocalIP"),
        ("DataType", "$table"),
    ],
};

/// The service's own table of process starts, as its vendor's notebooks have it.
const INTERNAL: Dialect = Dialect {
    format: FormatName::DefenderInternal,
    marks: &["ReportTime", "MachineId"],
    names: &[
        ("ReportTime", "Timestamp"),
        ("MachineId", "DeviceId"),
        ("ComputerDnsName", "DeviceName"),
        ("ReportIndex", "ReportId"),
        ("CreatedProcessName", "FileName"),
        ("CreatedProcessFilePath", "FolderPath"),
        ("CreatedProcessCommandLine", "ProcessCommandLine"),
        ("CreatedProcessId", "ProcessId"),
        ("CreatedProcessCreationTime", "ProcessCreationTime"),
        ("CreatedProcessFileSha1", "SHA1"),
        ("CreatedProcessFileSha256", "SHA256"),
        ("CreatedProcessFileMd5", "MD5"),
        ("CreatedProcessAccountUpn", "AccountUpn"),
        ("CreatedProcessAccountDomainName", "AccountDomain"),
        ("CreatedProcessAccountName", "AccountName"),
        ("CreatedProcessAccountSid", "AccountSid"),
        ("CreatedProcessVersionInfoCompanyName", "ProcessVersionInfoCompanyName"),
        ("CreatedProcessVersionInfoProductName", "ProcessVersionInfoProductName"),
        ("CreatedProcessVersionInfoProductVersion", "ProcessVersionInfoProductVersion"),
        ("CreatedProcessVersionInfoInternalFileName", "ProcessVersionInfoInternalFileName"),
        ("CreatedProcessVersionInfoOriginalFileName", "ProcessVersionInfoOriginalFileName"),
        ("CreatedProcessVersionInfoFileDescription", "ProcessVersionInfoFileDescription"),
        ("InitiatingProcessName", "InitiatingProcessFileName"),
        ("InitiatingProcessImageFilePath", "InitiatingProcessFolderPath"),
        ("Process_CommandLine", "InitiatingProcessCommandLine"),
        ("InitiatingProcessImageSha1", "InitiatingProcessSHA1"),
        ("InitiatingProcessImageSha256", "InitiatingProcessSHA256"),
        ("InitiatingProcessImageMd5", "InitiatingProcessMD5"),
        ("InitiatingProcessAccountDomainName", "InitiatingProcessAccountDomain"),
        ("InitiatingProcessParentProcessName", "InitiatingProcessParentFileName"),
        ("InitiatingProcessParentProcessId", "InitiatingProcessParentId"),
    ],
};

/// All, the first that a header is one of counting.
pub static DIALECTS: &[Dialect] = &[INTERNAL, TIMELINE];

/// The dialect of a header with these names.
pub(crate) fn of(names: &[String]) -> Option<&'static Dialect> {
    let has = |mark: &&str| names.iter().any(|name| without_blanks(name) == *mark);
    DIALECTS.iter().find(|dialect| dialect.marks.iter().all(has))
}

impl Dialect {
    /// What the mapping calls a column.
    pub(crate) fn name(&self, name: &str) -> Option<&'static str> {
        self.names.iter().find(|(other, _)| *other == name).map(|&(_, name)| name)
    }
}

/// A name of a column without the blanks in it.
pub(crate) fn without_blanks(name: &str) -> String {
    name.chars().filter(|&c| c != ' ').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{defender::DEFENDER, plan::Plan};

    #[test]
    fn other_names_lead_to_columns_that_are_read() {
        let plan = Plan::new(&DEFENDER);
        for dialect in DIALECTS {
            for (other, name) in dialect.names {
                assert!(plan.column(name.as_bytes()).is_some(), "{other} leads nowhere");
                assert!(!other.contains(' '), "{other}");
            }
        }
    }
}
