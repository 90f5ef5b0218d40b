//! Enumerations whose values have names, each written down once.

/// Defines an enumeration, a row for each value and its name: in the API, in files, in the database.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $type:ident { $($(#[$doc:meta])* $value:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type { $($(#[$doc])* $value),+ }

        impl $type {
            /// All of them, in their order.
            pub const EVERY: [$type; [$($name),+].len()] = [$($type::$value),+];

            /// The same with their names.
            pub const NAMED: &[(&str, $type)] = &[$(($name, $type::$value)),+];

            pub fn name(self) -> &'static str {
                match self { $($type::$value => $name),+ }
            }

            pub fn from_name(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$value),)+ _ => None }
            }
        }
    };
}

pub(crate) use named;
