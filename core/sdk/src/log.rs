//! The way from a plugin file to the host's log.
//!
//! A plugin file has its own copy of the standard library and of `tracing`:
//! the host's panic hook never hears of its panics, and a subscriber that the
//! host installed never sees its events. So the plugin brings its own of
//! both, and they do nothing but call the host's log function.

use std::{
    fmt::{self, Write as _},
    panic,
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{abi::HostServicesRef, shim::panic_message};

/// Sends this library copy's panic messages, under `name`, and `tracing`
/// events to the host. Only the first call in a process does anything: the
/// host's services live as long as the process, so the first are as good as
/// any.
pub(crate) fn connect(host: HostServicesRef, name: &'static str) {
    static CONNECTED: Once = Once::new();
    CONNECTED.call_once(|| {
        panic::set_hook(Box::new(move |info| {
            let what = panic_message(info.payload());
            let message = match info.location() {
                Some(place) => format!("panicked at {place}: {what}"),
                None => format!("panicked: {what}"),
            };
            host.log()(number(Level::ERROR), name.into(), message.as_str().into());
        }));
        // Fails only if the plugin has installed a subscriber of its own,
        // which is then what its author wants.
        let _ = tracing::subscriber::set_global_default(Bridge { host, spans: AtomicU64::new(1) });
    });
}

/// The detector's name in its manifest; `"plugin"` if it states none.
pub(crate) fn name_in(manifest: &'static str) -> &'static str {
    manifest
        .lines()
        .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .unwrap_or("plugin")
}

/// Passes every event on. What is worth showing the host decides, for it
/// alone knows what the user asked for.
struct Bridge {
    host: HostServicesRef,
    spans: AtomicU64,
}

impl Subscriber for Bridge {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed).max(1))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let text = format!("{}{}", line.message, line.fields);
        let metadata = event.metadata();
        self.host.log()(
            number(*metadata.level()),
            metadata.target().into(),
            text.trim_start().into(),
        );
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// An event in words: the message, and ` key=value` for each other field.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("writing to a String does not fail");
    }
}

/// The level as the host counts it.
fn number(level: Level) -> u32 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}
