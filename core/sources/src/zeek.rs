//! Zeek's logs: `dns`, `ssl`, `http` and `conn`.
//!
//! Columns as in Zeek's own documentation of its logs and in public samples of
//! versions 2.1 to 6. Which log a record is of says the line `#path` or the
//! member `_path`; where that is a name of a site's own, or absent, the columns
//! do, so that a log that was renamed or split is not passed over.
//!
//! The address that asked (`id.orig_h`) is the device; there is no other name
//! of it. In `dns` the other side is the resolver and no remote end of
//! anything; in `conn`, the sides of a connection that came from elsewhere are
//! exchanged, where the log says so.

use remora_abi::{Field, field::*, kind};

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

/// The column that says which log it is. In logs of text the line `#path` does.
pub(crate) const PATH: &str = "_path";

/// Records of every log.
const COMMON: &[FieldMap] =
    &[common(EVENT_ID, &["uid"], Shape::Verbatim), common(PROTO, &["proto"], Shape::Verbatim)];

/// The device, where it is the one that began.
const LOCAL: &[FieldMap] = &[
    common(LOCAL_IP, &["id.orig_h"], Shape::Verbatim),
    common(LOCAL_PORT, &["id.orig_p"], Shape::Verbatim),
];

const REMOTE: &[FieldMap] = &[plain(REMOTE_IP, &["id.resp_h"]), plain(REMOTE_PORT, &["id.resp_p"])];

const DNS: &[FieldMap] = &[
    shaped(REMOTE_HOST, &["query"], Shape::Host),
    shaped(DNS_ANSWERS, &["answers"], Shape::List),
    plain(DNS_RCODE, &["rcode_name"]),
    common(
        OUTCOME,
        &["rcode_name"],
        Shape::ByAction(&[("NOERROR", "success"), ("", ""), ("*", "failure")]),
    ),
    common(OBSERVATION, &[], Shape::Constant("dns_query")),
];

const TLS: &[FieldMap] = &[
    shaped(REMOTE_HOST, &["server_name"], Shape::Host),
    plain(TLS_CERT_SUBJECT, &["subject"]),
    common(
        OUTCOME,
        &["established"],
        Shape::ByAction(&[
            ("T", "success"),
            ("true", "success"),
            ("F", "failure"),
            ("false", "failure"),
        ]),
    ),
    common(OBSERVATION, &[PATH, "server_name"], Shape::ByActionOr(&[], "tls_sni", "conn_ip")),
];

const HTTP: &[FieldMap] = &[
    shaped(REMOTE_HOST, &["host", "uri"], Shape::RequestHost),
    shaped(URL, &["host", "uri"], Shape::RequestUrl),
    plain(HTTP_USER_AGENT, &["user_agent"]),
    plain(USER, &["username"]),
    // Who refused, the server or a proxy before it, is not said.
    common(OUTCOME, &["status_code"], Shape::ByAction(&[("2*", "success"), ("3*", "success")])),
    common(
        OBSERVATION,
        &["method", "host"],
        Shape::ByActionOr(&[("CONNECT", "proxy_connect")], "http_host", "conn_ip"),
    ),
];

const CONNECTION: &[FieldMap] = &[
    shaped(REMOTE_IP, &["id.resp_h", "id.orig_h", "local_orig", "local_resp"], Shape::Side),
    shaped(REMOTE_PORT, &["id.resp_p", "id.orig_p", "local_orig", "local_resp"], Shape::Side),
    shaped(LOCAL_IP, &["id.orig_h", "id.resp_h", "local_orig", "local_resp"], Shape::Side),
    shaped(LOCAL_PORT, &["id.orig_p", "id.resp_p", "local_orig", "local_resp"], Shape::Side),
    // A connection that was seen from its middle (`OTH`) or from one side only (`RSTRH`, `SHR`)
    // may have been made or not.
    common(
        OUTCOME,
        &["conn_state"],
        Shape::ByAction(&[
            ("SF", "success"),
            ("S1", "success"),
            ("S2", "success"),
            ("S3", "success"),
            ("RSTO", "success"),
            ("RSTR", "success"),
            ("REJ", "failure"),
            ("S0", "attempt"),
            ("SH", "attempt"),
            ("RSTOS0", "attempt"),
        ]),
    ),
    common(OBSERVATION, &["local_orig", "local_resp"], Shape::ByDirection("conn_ip", "inbound")),
];

/// The mapping.
pub static ZEEK: Mapping = Mapping {
    recognise: Recognise { subject: &["id.orig_h"], origin: &["uid"] },
    kinds: KindRules {
        table_columns: &[PATH],
        within: &[],
        // `open_…` are logs of connections that have not ended, of a package of that name. Of the
        // others, those that have columns of the logs that are swept.
        tables: &[
            ("dns", Some(kind::DNS)),
            ("ssl", Some(kind::TLS)),
            ("http", Some(kind::HTTP)),
            ("conn", Some(kind::CONNECTION)),
            ("open_ssl", Some(kind::TLS)),
            ("open_http", Some(kind::HTTP)),
            ("open_conn", Some(kind::CONNECTION)),
            ("quic", None),
            ("sip", None),
            ("known_*", None),
            ("software", None),
            ("files", None),
            ("x509", None),
            ("notice", None),
            ("weird", None),
        ],
        action_column: PATH,
        actions: &[],
        filled: &[
            Filled { any: &["conn_state"], none: &[], kind: kind::CONNECTION },
            Filled { any: &["query", "rcode_name"], none: &[], kind: kind::DNS },
            Filled { any: &["cipher", "established"], none: &[], kind: kind::TLS },
            Filled { any: &["host", "trans_depth"], none: &["call_id", "helo"], kind: kind::HTTP },
        ],
    },
    tables: &[
        Table { kind: kind::DNS, time: &["ts"], fields: &[COMMON, LOCAL, DNS] },
        Table { kind: kind::TLS, time: &["ts"], fields: &[COMMON, LOCAL, REMOTE, TLS] },
        Table { kind: kind::HTTP, time: &["ts"], fields: &[COMMON, LOCAL, REMOTE, HTTP] },
        Table { kind: kind::CONNECTION, time: &["ts"], fields: &[COMMON, CONNECTION] },
    ],
    times: Times::Epoch,
    unique_ids: true,
};
