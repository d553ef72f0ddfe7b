//! The settings, section by section: each line is a field, its kind, its default and why it exists.
//!
//! One line makes the field of the typed section, its documentation, and the entry in [`table`].

mod files;
mod jobs;
mod security;
mod serving;
mod storage;

use std::sync::LazyLock;

pub use files::Files;
pub use jobs::Jobs;
pub use security::Security;
pub use serving::{Demo, Limits, Log, Server, Subscriptions, Telemetry};
pub use storage::{Data, Lane, Main, Master, Nodes, Tenants};

use super::setting::{Fallback, Kind, Setting, TimeUnit};

/// Whether the instance serves others; decides some of the defaults below.
pub(super) const ENVIRONMENT: Setting = Setting::new(
    "environment",
    Kind::Word(&["development", "production"]),
    fixed("development"),
    "Where this instance runs: production needs its own secrets and hides the schema from strangers.",
)
.old(&["NODE_ENV"]);

/// Every setting, in the order of the default file.
pub fn table() -> &'static [Setting] {
    static TABLE: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        let sections = [
            Server::SETTINGS,
            Data::SETTINGS,
            Main::SETTINGS,
            Master::SETTINGS,
            Tenants::SETTINGS,
            Security::SETTINGS,
            Limits::SETTINGS,
            Subscriptions::SETTINGS,
            Files::SETTINGS,
            Lane::SETTINGS,
            Nodes::SETTINGS,
            Jobs::SETTINGS,
            Log::SETTINGS,
            Telemetry::SETTINGS,
            Demo::SETTINGS,
        ];
        std::iter::once(ENVIRONMENT).chain(sections.into_iter().flatten().copied()).collect()
    });
    &TABLE
}

/// The setting of that key.
pub fn find(key: &str) -> Option<&'static Setting> {
    table().iter().find(|setting| setting.key == key)
}

const fn fixed(text: &'static str) -> Fallback {
    Fallback::Fixed(text)
}

const fn per(development: &'static str, production: &'static str) -> Fallback {
    Fallback::Per { development, production }
}

const NONE: Fallback = Fallback::Fixed("");

const fn ms(min: u64, max: u64) -> Kind {
    Kind::Time(TimeUnit::Milliseconds, min, max)
}

const fn seconds(min: u64, max: u64) -> Kind {
    Kind::Time(TimeUnit::Seconds, min, max)
}

/// Declares a section: `field: type = kind, default, "why" [, .old(&[…])] ;`.
macro_rules! section {
    (
        $(#[doc = $doc:literal])*
        $name:ident in $section:literal {
            $($field:ident: $type:ty = $kind:expr, $default:expr, $why:literal
                $(, .$how:ident($names:expr $(,)?))*;)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $(#[doc = $why] pub $field: $type,)*
        }

        impl $name {
            pub(in crate::config) const SETTINGS: &[$crate::config::Setting] = &[$(
                $crate::config::Setting::new(
                    concat!($section, ".", stringify!($field)),
                    $kind,
                    $default,
                    $why,
                )$(.$how($names))*,
            )*];

            pub(in crate::config) fn read(
                values: &$crate::config::resolve::Values,
            ) -> Result<Self, $crate::config::Problem> {
                Ok(Self {
                    $($field: values.field(concat!($section, ".", stringify!($field)))?,)*
                })
            }
        }
    };
}
use section;
