//! One made-up event, and how each form writes it.

use std::io::{self, Write};

use crate::{inputs::listed, random::Random};

/// A device of the made-up network.
pub struct Device {
    id: String,
    name: String,
    user: String,
    address: String,
}

/// The devices of the network.
pub fn devices(random: &mut Random) -> Vec<Device> {
    let site = ["ber", "mil", "osl", "tls", "vie"];
    let device = |number| Device {
        id: hex(random, 40),
        name: format!("{}-{number:05}.contoso.example", random.pick(&site)),
        user: format!("user{:04}", random.below(3_000)),
        address: format!(
            "10.{}.{}.{}",
            random.below(256),
            random.below(256),
            1 + random.below(254)
        ),
    };
    (0..4_000).map(device).collect()
}

/// So many digits.
fn hex(random: &mut Random, digits: usize) -> String {
    let mut text = String::with_capacity(digits + 16);
    while text.len() < digits {
        text.push_str(&format!("{:016x}", random.draw()));
    }
    text.truncate(digits);
    text
}

/// File name, folder, company, product and arguments of programs that talk.
const PROGRAMS: [[&str; 5]; 8] = [
    [
        "chrome.exe",
        r"c:\program files\google\chrome\application",
        "Google LLC",
        "Google Chrome",
        "--type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-US --service-sandbox-type=none --mojo-platform-channel-handle=",
    ],
    [
        "msedge.exe",
        r"c:\program files (x86)\microsoft\edge\application",
        "Microsoft Corporation",
        "Microsoft Edge",
        "--type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-US --string-annotations --mojo-platform-channel-handle=",
    ],
    [
        "svchost.exe",
        r"c:\windows\system32",
        "Microsoft Corporation",
        "Microsoft® Windows® Operating System",
        "-k NetworkService -p -s Dnscache -h ",
    ],
    [
        "outlook.exe",
        r"c:\program files\microsoft office\root\office16",
        "Microsoft Corporation",
        "Microsoft Outlook",
        "/restore /n ",
    ],
    [
        "firefox.exe",
        r"c:\program files\mozilla firefox",
        "Mozilla Corporation",
        "Firefox",
        "-contentproc -parentBuildID 20260101120000 -prefsLen ",
    ],
    [
        "onedrive.exe",
        r"c:\program files\microsoft onedrive",
        "Microsoft Corporation",
        "Microsoft OneDrive",
        "/background /session ",
    ],
    [
        "powershell.exe",
        r"c:\windows\system32\windowspowershell\v1.0",
        "Microsoft Corporation",
        "Microsoft® Windows® Operating System",
        r"-NoProfile -File c:\programdata\contoso\inventory\collect.ps1 -Run ",
    ],
    [
        "java.exe",
        r"c:\program files\java\jdk-21\bin",
        "Oracle Corporation",
        "Java(TM) Platform SE",
        "-Xmx4g -jar c:\\srv\\billing\\billing.jar --port=",
    ],
];

const WORDS: [&str; 24] = [
    "cloud", "north", "data", "green", "net", "smart", "bright", "open", "micro", "delta", "nova",
    "lunar", "metro", "global", "first", "clear", "deep", "iron", "river", "valley", "anchor",
    "signal", "vector", "logic",
];
const BELOW: [&str; 16] = [
    "www",
    "api",
    "cdn",
    "static",
    "login",
    "events",
    "telemetry",
    "update",
    "edge",
    "gw",
    "push",
    "files",
    "media",
    "eu-west-1",
    "collector",
    "img",
];
const PATHS: [&str; 8] = [
    "/",
    "/index.html",
    "/api/v1/events",
    "/collect?v=2",
    "/login",
    "/assets/app.js",
    "/v2/heartbeat?id=814201&src=web",
    "/download/setup.exe",
];
const ACTIONS: [&str; 5] = [
    "ConnectionSuccess",
    "ConnectionSuccess",
    "ConnectionSuccess",
    "DnsConnectionInspected",
    "SslConnectionInspected",
];

/// A connection, or a query, of a device.
pub struct Event<'a> {
    number: usize,
    device: &'a Device,
    /// As the log has it: a host, a URL, a host and port, or nothing.
    url: String,
    host: String,
    /// Goes to a listed domain or below one.
    pub hit: bool,
    program: &'static [&'static str; 5],
    action: &'static str,
    address: String,
    port: usize,
    draws: [u64; 4],
}

impl<'a> Event<'a> {
    /// Makes the event of this number; `hits` of ten thousand go to a listed domain.
    pub fn make(
        number: usize,
        hits: usize,
        domains: &[String],
        devices: &'a [Device],
        random: &mut Random,
    ) -> Event<'a> {
        let lot = random.below(10_000);
        let (host, url) = if lot < hits {
            hit(domains, random)
        } else if lot < hits + 20 {
            near(domains, random)
        } else if lot % 5 < 2 {
            (String::new(), String::new())
        } else {
            other(domains, random)
        };
        Event {
            number,
            device: &devices[random.below(devices.len()).min(random.below(devices.len()))],
            hit: lot < hits,
            host,
            url,
            program: &PROGRAMS[random.below(PROGRAMS.len())],
            action: random.pick(&ACTIONS),
            address: format!("203.0.{}.{}", random.below(114), random.below(256)),
            port: if random.below(5) > 0 { 443 } else { 8_080 },
            draws: [(); 4].map(|()| random.draw()),
        }
    }

    fn time(&self, before: usize) -> String {
        let tenths = self.number * 137 + 9_000_000 - before;
        let (seconds, rest) = (tenths / 10_000, tenths % 10_000);
        let (day, second) = (12 + seconds / 86_400, seconds % 86_400);
        // A month has days enough for ten million records; the last one takes the rest.
        format!(
            "2026-01-{:02}T{:02}:{:02}:{:02}.{rest:04}000Z",
            day.min(31),
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }

    /// The columns' values, in their order; numbers are marked by the columns.
    fn values(&self) -> [String; 28] {
        let [name, folder, company, product, arguments] = *self.program;
        let some = |at: usize, below: u64| (self.draws[at] % below).to_string();
        let hash = |seed: u64, digits| hex(&mut Random::new(seed), digits);
        [
            self.time(0),
            self.device.id.clone(),
            self.device.name.clone(),
            self.action.to_owned(),
            self.address.clone(),
            self.port.to_string(),
            self.url.clone(),
            self.device.address.clone(),
            (49_152 + self.draws[0] % 16_384).to_string(),
            "Tcp".to_owned(),
            "Private".to_owned(),
            "Public".to_owned(),
            hash(self.draws[1] % 200, 40),
            hash(self.draws[1] % 200, 64),
            name.to_owned(),
            (40_000 + self.draws[1] % 200 * 7_919).to_string(),
            company.to_owned(),
            product.to_owned(),
            some(2, 30_000),
            format!("\"{folder}\\{name}\" {arguments}{}", some(2, 90_000)),
            self.time(600_000),
            format!("{folder}\\{name}"),
            "services.exe".to_owned(),
            some(3, 9_000),
            "contoso".to_owned(),
            self.device.user.clone(),
            format!("{}@contoso.example", self.device.user),
            (self.number + 1).to_string(),
        ]
    }

    /// As one JSON object and a line end.
    ///
    /// # Errors
    ///
    /// What writing gives.
    pub fn ndjson(&self, out: &mut impl Write) -> io::Result<()> {
        let mut before = '{';
        for ((name, number), value) in columns().zip(self.values()) {
            write!(out, "{before}\"{name}\":")?;
            if number {
                out.write_all(value.as_bytes())?;
            } else {
                serde_json::to_writer(&mut *out, &value)?;
            }
            before = ',';
        }
        out.write_all(b"}\n")
    }

    /// As a row of the portal's export.
    ///
    /// # Errors
    ///
    /// What writing gives.
    pub fn csv(&self, out: &mut impl Write) -> io::Result<()> {
        for (at, value) in self.values().iter().enumerate() {
            if at > 0 {
                out.write_all(b",")?;
            }
            if value.contains([',', '"']) {
                write!(out, "\"{}\"", value.replace('"', "\"\""))?;
            } else {
                out.write_all(value.as_bytes())?;
            }
        }
        out.write_all(b"\n")
    }

    /// As a line of `dns.log`.
    ///
    /// # Errors
    ///
    /// What writing gives.
    pub fn zeek(&self, out: &mut impl Write) -> io::Result<()> {
        // A resolver is not asked for addresses: these ask for a name of the house.
        let host = if self.host.is_empty() { "files.contoso.example" } else { &self.host };
        writeln!(
            out,
            "{}.{:06}\tC{}\t{}\t{}\t10.0.0.53\t53\tudp\t{}\t0.0{:05}\t{host}\t1\tC_INTERNET\t1\tA\t0\t\
             NOERROR\tF\tF\tT\tT\t0\t{}\t{}.000000\tF",
            1_768_176_000 + self.number / 73,
            self.number % 73 * 13_698,
            hex(&mut Random::new(self.draws[0]), 17),
            self.device.address,
            49_152 + self.draws[0] % 16_384,
            self.draws[1] % 65_536,
            self.draws[2] % 90_000,
            self.address,
            30 + self.draws[3] % 3_600,
        )
    }
}

/// The columns of the export, and whether JSON writes them as numbers.
pub fn columns() -> impl Iterator<Item = (&'static str, bool)> {
    [
        ("Timestamp", false),
        ("DeviceId", false),
        ("DeviceName", false),
        ("ActionType", false),
        ("RemoteIP", false),
        ("RemotePort", true),
        ("RemoteUrl", false),
        ("LocalIP", false),
        ("LocalPort", true),
        ("Protocol", false),
        ("LocalIPType", false),
        ("RemoteIPType", false),
        ("InitiatingProcessSHA1", false),
        ("InitiatingProcessSHA256", false),
        ("InitiatingProcessFileName", false),
        ("InitiatingProcessFileSize", true),
        ("InitiatingProcessVersionInfoCompanyName", false),
        ("InitiatingProcessVersionInfoProductName", false),
        ("InitiatingProcessId", true),
        ("InitiatingProcessCommandLine", false),
        ("InitiatingProcessCreationTime", false),
        ("InitiatingProcessFolderPath", false),
        ("InitiatingProcessParentFileName", false),
        ("InitiatingProcessParentId", true),
        ("InitiatingProcessAccountDomain", false),
        ("InitiatingProcessAccountName", false),
        ("InitiatingProcessAccountUpn", false),
        ("ReportId", true),
    ]
    .into_iter()
}

fn domain<'a>(domains: &'a [String], random: &mut Random) -> &'a str {
    &domains[random.below(domains.len())]
}

fn hit(domains: &[String], random: &mut Random) -> (String, String) {
    let domain = domain(domains, random);
    let below = format!("{}.{domain}", random.pick(&BELOW));
    match random.below(6) {
        0 | 1 => (domain.to_owned(), domain.to_owned()),
        2 => (domain.to_owned(), domain.to_uppercase()),
        3 => (below.clone(), below),
        4 => (below.clone(), format!("{below}:8443")),
        _ => (below.clone(), format!("https://{below}{}", random.pick(&PATHS))),
    }
}

/// A name that holds a listed one and is neither that nor below it.
fn near(domains: &[String], random: &mut Random) -> (String, String) {
    loop {
        let domain = domain(domains, random);
        let (host, url) = match random.below(3) {
            0 => (format!("not{domain}"), None),
            1 => (format!("{domain}.{}.example", random.pick(&WORDS)), None),
            _ => {
                let host = format!("{}.example", random.pick(&WORDS));
                (host.clone(), Some(format!("https://{host}/r?u={domain}")))
            }
        };
        if !listed(&host, domains) {
            return (host.clone(), url.unwrap_or(host));
        }
    }
}

fn other(domains: &[String], random: &mut Random) -> (String, String) {
    loop {
        let (one, two) = (random.pick(&WORDS), random.pick(&WORDS));
        let zone = random.pick(&["com", "com", "com", "net", "org", "io", "de", "co.uk"]);
        let host = match random.below(4) {
            0 => format!("d{}.{one}{two}.{zone}", hex(random, 12)),
            1 => format!("{one}{two}{}.{zone}", random.below(100)),
            _ => format!("{}.{one}{two}.{zone}", random.pick(&BELOW)),
        };
        if listed(&host, domains) {
            continue;
        }
        let url = match random.below(5) {
            0 => format!("https://{host}{}", random.pick(&PATHS)),
            _ => host.clone(),
        };
        return (host, url);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::domains;

    #[test]
    fn hits_are_listed_and_others_are_not() {
        let domains = domains();
        let mut random = Random::new(1);
        for _ in 0..2_000 {
            assert!(listed(&hit(&domains, &mut random).0, &domains));
            assert!(!listed(&near(&domains, &mut random).0, &domains));
            assert!(!listed(&other(&domains, &mut random).0, &domains));
        }
    }
}
