//! The words of closed lists, as files and reports spell them.

use crate::{Category, Deployment, Mode, Platform};

macro_rules! names {
    ($($of:ident { $($variant:ident $name:literal,)* })*) => {
        $(impl $of {
            /// Every one, in the order of the documentation.
            pub const ALL: &[$of] = &[$($of::$variant,)*];

            /// The word in files and reports.
            pub fn name(self) -> &'static str {
                match self { $($of::$variant => $name,)* }
            }
        })*
    };
}

names! {
    Category {
        RemoteDesktop "remote-desktop",
        RemoteManagement "remote-management",
        RemoteSupport "remote-support",
        DeviceManagement "device-management",
        RemoteAccess "remote-access",
    }
    Platform {
        Windows "windows",
        Macos "macos",
        Linux "linux",
        Android "android",
        Ios "ios",
    }
    Deployment {
        Cloud "cloud",
        SelfHosted "self-hosted",
        Both "both",
    }
    Mode {
        Portable "portable",
        Attended "attended",
        Unattended "unattended",
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize as _, de::IntoDeserializer as _, de::value::StrDeserializer};

    use super::*;

    /// A word reads back as what it stands for.
    #[test]
    fn words_are_those_of_the_files() {
        fn read(name: &str) -> StrDeserializer<'_, serde::de::value::Error> {
            name.into_deserializer()
        }
        for one in Category::ALL {
            assert_eq!(Category::deserialize(read(one.name())).as_ref(), Ok(one));
        }
        for one in Platform::ALL {
            assert_eq!(Platform::deserialize(read(one.name())).as_ref(), Ok(one));
        }
        for one in Deployment::ALL {
            assert_eq!(Deployment::deserialize(read(one.name())).as_ref(), Ok(one));
        }
        for one in Mode::ALL {
            assert_eq!(Mode::deserialize(read(one.name())).as_ref(), Ok(one));
        }
    }
}
