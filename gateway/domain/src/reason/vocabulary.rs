//! One way to declare a small vocabulary of codes: variants, texts and next
//! steps in one table, so that none is left out of any list.

/// Declares an enum of codes. Each variant: stable code, text in Vietnamese and
/// in English, next step in Vietnamese and in English.
macro_rules! vocabulary {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident =
                $code:literal, $vi:literal, $en:literal, $next_vi:literal, $next_en:literal; )*
        }
    ) => {
        $(#[$meta])*
        pub enum $name { $( $(#[$variant_meta])* $variant, )* }

        impl $name {
            /// Every one, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// Stable upper-case code.
            pub const fn reason(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// For a person who reads Vietnamese.
            pub const fn text_vi(self) -> &'static str {
                match self { $( Self::$variant => $vi, )* }
            }

            /// For a person who reads English.
            pub const fn text_en(self) -> &'static str {
                match self { $( Self::$variant => $en, )* }
            }

            /// What to do next.
            pub const fn advice(self) -> $crate::reason::Advice {
                match self { $( Self::$variant => $crate::reason::Advice { vi: $next_vi, en: $next_en }, )* }
            }
        }
    };
}

pub(crate) use vocabulary;
