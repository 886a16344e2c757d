//! What the list of settings becomes: a layer in which each may be missing, and settings that are complete.

/// Makes of one list of settings, each `name: Type` or `name: Type = default`:
///
/// - `Options`, a layer: each is an `Option<Type>`. The attributes of an entry are those of its field here.
/// - `Options::over`, which lays one upon another, and `Options::defaults`, the lowest layer.
/// - `Complete`: a `Type` where there is a default, an `Option<Type>` where there is none.
macro_rules! settings {
    (
        $(#[$options:meta])*
        pub struct Options {
            $($(#[$field:meta])* $name:ident: $kind:ty $(= $default:expr)?,)*
        }
    ) => {
        $(#[$options])*
        pub struct Options {
            $($(#[$field])* pub $name: Option<$kind>,)*
        }

        impl Options {
            /// These, and those of `below` where one is missing.
            pub(super) fn over(self, below: Self) -> Self {
                Self { $($name: self.$name.or(below.$name),)* }
            }

            /// What is in force where nothing is given. What has no default is missing.
            pub(super) fn defaults() -> Self {
                Self { $($name: settings!(@default $($default)?),)* }
            }

            /// These, and the defaults where one is missing.
            pub(super) fn complete(self) -> Complete {
                Complete { $($name: settings!(@complete self.$name $(, $default)?),)* }
            }
        }

        /// Settings of which each that has a default is there.
        pub(super) struct Complete {
            $(pub(super) $name: settings!(@kind $kind $(, $default)?),)*
        }
    };
    (@default) => { None };
    (@default $default:expr) => { Some($default) };
    (@complete $given:expr) => { $given };
    (@complete $given:expr, $default:expr) => { $given.unwrap_or_else(|| $default) };
    (@kind $kind:ty) => { Option<$kind> };
    (@kind $kind:ty, $default:expr) => { $kind };
}

pub(super) use settings;
