//! Writing the parts of an entry as canonical JSON.
//!
//! As `serde_json` writes them, which looks at each byte of a text by itself; an
//! entry is nearly all texts without a character to escape, and those are copied
//! whole. What no part of an entry is made of is refused.

use serde::ser::{Error as _, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};
use serde_json::Error;

/// Texts are looked at in pieces of so many bytes.
const PIECE: usize = 32;

/// Writes one value at the end of a buffer.
pub(super) struct Json<'a>(pub(super) &'a mut Vec<u8>);

/// Values between brackets; what stands before the next one.
pub(super) struct Within<'a> {
    out: &'a mut Vec<u8>,
    before: u8,
    end: u8,
}

/// Writes a text, quoted.
fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    // Without a branch for each byte.
    let special = |piece: &[u8]| {
        let of = |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
        piece.iter().fold(0, |found, byte| found | of(byte)) != 0
    };
    let (pieces, rest) = text.as_bytes().as_chunks::<PIECE>();
    if special(rest) || pieces.iter().any(|piece| special(piece)) {
        return serde_json::to_writer(out, text);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

fn refused<T>(what: &str) -> Result<T, Error> {
    Err(Error::custom(format_args!("{what} in an entry")))
}

// === impl Json ===

impl<'a> Json<'a> {
    fn within(self, begin: u8, end: u8) -> Within<'a> {
        Within { out: self.0, before: begin, end }
    }
}

/// Kinds of values that are refused.
macro_rules! refuse {
    ($($method:ident($($kind:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $kind),*) -> Result<$ok, Error> {
            refused(stringify!($method))
        })*
    };
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Within<'a>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Impossible<(), Error>;
    type SerializeStruct = Within<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    refuse! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        super::template::decimal(value, self.0);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        text(self.0, value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        text(self.0, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.within(b'{', b'}');
        object.serialize_field(variant, value)?;
        SerializeStruct::end(object)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Within<'a>, Error> {
        Ok(self.within(b'[', b']'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Within<'a>, Error> {
        Ok(self.within(b'{', b'}'))
    }
}

// === impl Within ===

impl Within<'_> {
    fn next(&mut self) {
        self.out.push(std::mem::replace(&mut self.before, b','));
    }

    fn finish(self) {
        if self.before != b',' {
            self.out.push(self.before);
        }
        self.out.push(self.end);
    }
}

impl SerializeSeq for Within<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.next();
        value.serialize(Json(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

impl SerializeStruct for Within<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.next();
        text(self.out, key)?;
        self.out.push(b':');
        value.serialize(Json(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.finish();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Serialize>(value: &T) {
        let mut out = b"before".to_vec();
        value.serialize(Json(&mut out)).unwrap();
        let expected = [&b"before"[..], &serde_json::to_vec(value).unwrap()].concat();
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&expected));
    }

    #[derive(serde::Serialize)]
    enum Either {
        Bare,
        With(&'static str),
    }

    #[derive(serde::Serialize)]
    struct Part {
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        either: Vec<Either>,
        empty: Vec<u64>,
        many: Vec<Option<u16>>,
    }

    #[test]
    fn texts_are_those_of_serde_json() {
        // Every character that may need an escape, at every place of a piece.
        for special in (0..0x80).chain([0x80, 0x7ff, 0x2028, 0xffff, 0x1_f600]).filter_map(char::from_u32) {
            for at in 0..=2 * PIECE {
                let mut text = "x".repeat(2 * PIECE + 3);
                text.insert(at, special);
                check(&text);
            }
        }
        check(&"");
    }

    #[test]
    fn values_are_those_of_serde_json() {
        for number in [0, 9, 10, 4_294_967_296, (1 << 53) - 1, u64::MAX] {
            check(&number);
        }
        check(&Either::With("\u{1ebd}\""));
        for absent in [None, Some(7)] {
            let either = vec![Either::Bare, Either::With("b")];
            check(&Part { absent, either, empty: vec![], many: vec![Some(1), Some(2)] });
        }
        check(&vec![true, false]);
        for of_no_entry in [None, Some(-1.5)] {
            assert!(of_no_entry.serialize(Json(&mut Vec::new())).is_err());
        }
    }
}
