//! How a module of the course is written down: its trait, its mutants and its checks.

/// Declares the trait of a module with what follows from its slots: the reference as an implementation, the way in
/// from the library (`hook`), the way in from a check (`ask`), an implementation that calls itself, and the table.
macro_rules! lesson {
    (
        $(#[$doc:meta])*
        $Trait:ident, $module:ident, $number:literal;
        $(
            $(#[$slot_doc:meta])*
            $role:ident fn $slot:ident($($arg:ident: $ty:ty),*) -> $out:ty, hint $hint:literal, $reference:expr;
        )*
    ) => {
        $(#[$doc])*
        pub trait $Trait: Send + Sync + 'static {
            $(
                $(#[$slot_doc])*
                ///
                /// # Errors
                ///
                /// [`Error::Unsolved`](crate::Error::Unsolved) until it is written; your own for input it cannot serve.
                fn $slot(&self, $($arg: $ty),*) -> crate::Result<$out> {
                    lesson!(@default $role ($($arg),*) concat!(stringify!($module), ".", stringify!($slot)), $hint, $reference)
                }
            )*
        }

        /// The slots of this module, in the order of the trait.
        pub const SLOTS: &[super::Slot] = &[$(super::Slot {
            id: concat!(stringify!($module), ".", stringify!($slot)),
            module: $number,
            place: Place::$slot as u8,
            name: stringify!($slot),
            role: lesson!(@role $role),
            hint: $hint,
            signature: concat!("fn ", stringify!($slot), "(&self", $(", ", stringify!($arg), ": ", stringify!($ty),)* ") -> Result<", stringify!($out), ">"),
        }),*];

        #[expect(non_camel_case_types, reason = "named like the slots they number")]
        enum Place { $($slot),* }

        impl $Trait for super::Reference {
            $(fn $slot(&self, $($arg: $ty),*) -> crate::Result<$out> { $reference })*
        }

        impl $Trait for super::Unwritten {}

        impl $Trait for super::SelfCalling {
            $(fn $slot(&self, $($arg: $ty),*) -> crate::Result<$out> { ask::$slot($($arg),*) })*
        }

        /// From the library to the slots: `None` if the reference has to serve.
        pub(crate) mod hook {
            use super::*;
            $(pub(crate) fn $slot($($arg: $ty),*) -> crate::Result<Option<$out>> {
                crate::course::install::serve(slot::$slot, |c| c.$module.as_deref(), |l| l.$slot($($arg),*))
            })*
        }

        /// From a check to the slots of the installed course.
        pub(super) mod ask {
            use super::*;
            $(pub(in super::super) fn $slot($($arg: $ty),*) -> crate::Result<$out> {
                hook::$slot($($arg),*)?.ok_or(crate::Error::Unsolved { lesson: slot::$slot.id, hint: slot::$slot.hint })
            })*
        }

        /// Each slot of the table by its name.
        #[expect(non_upper_case_globals, reason = "named like the slots they stand for")]
        pub(crate) mod slot {
            $(pub(crate) const $slot: &crate::course::Slot = &super::SLOTS[super::Place::$slot as usize];)*
        }
    };
    (@default core ($($arg:ident),*) $id:expr, $hint:literal, $reference:expr) => {{
        let _ = ($($arg,)*);
        Err(crate::Error::Unsolved { lesson: $id, hint: $hint })
    }};
    (@default given ($($arg:ident),*) $id:expr, $hint:literal, $reference:expr) => { $reference };
    (@role core) => { super::slot::Role::Core };
    (@role given) => { super::slot::Role::Given };
}
pub(crate) use lesson;

/// Declares the seeded mistakes of a module. Every slot needs an entry, so that the others stay the reference's.
macro_rules! mutants {
    (
        $Trait:ident;
        $(fn $slot:ident($($arg:ident: $ty:ty),*) -> $out:ty { $($name:literal => $body:expr,)* })*
    ) => {
        /// Names of the seeded mistakes of each slot.
        pub(super) const MUTANTS: &[(&str, &[&str])] = &[$((stringify!($slot), &[$($name),*])),*];

        impl $Trait for crate::course::Mutant {
            $(fn $slot(&self, $($arg: $ty),*) -> crate::Result<$out> {
                if self.slot == stringify!($slot) {
                    let mut rest = self.number;
                    $(
                        if rest == 0 {
                            return Ok($body);
                        }
                        rest -= 1;
                    )*
                    let _ = rest;
                }
                $Trait::$slot(&crate::course::Reference, $($arg),*)
            })*
        }
    };
}
pub(crate) use mutants;

/// Declares the checks of a module, and the macro that makes one test of each.
macro_rules! checks {
    (
        $d:tt $export:ident $module:ident;
        $($slot:ident {
            $($case:ident $kind:ident $points:literal $hint:literal => $body:expr;)*
        })*
    ) => {
        /// The checks of this module.
        pub(super) const CHECKS: &[crate::course::Check] = &[$($(crate::course::Check {
            id: concat!(stringify!($module), ".", stringify!($slot), ".", stringify!($case)),
            slot: super::slot::$slot,
            points: $points,
            kind: crate::course::Kind::$kind,
            hint: $hint,
            body: || $body,
        },)*)*];

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $export {
            ($d installed:expr) => {
                mod $module {
                    $(mod $slot {
                        $(#[test]
                        fn $case() {
                            $crate::course::assert_check(
                                &super::super::course_under_test(),
                                concat!(stringify!($module), ".", stringify!($slot), ".", stringify!($case)),
                                $d installed,
                            );
                        })*
                    })*
                }
            };
        }
    };
}
pub(crate) use checks;
