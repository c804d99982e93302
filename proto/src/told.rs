//! The answer of every method that tells records, written from parts that are
//! encoded already: most answers are told many times.

use std::sync::Arc;

use prost::DecodeError;
use prost::bytes::{Buf, BufMut};
use prost::encoding::{DecodeContext, WireType, int32, message, skip_field};

use crate::common::v1::{FieldState, Freshness, Receipt};

/// On the wire the same as each of the messages named in `build.rs`, whose fields
/// have the same numbers: outcome 1, records 2, fields 3, freshness 4, receipt 5,
/// incomplete_cause 6. It is only ever written.
#[derive(Clone, Default, PartialEq)]
pub struct Told {
    /// How it ended (1).
    pub outcome: i32,
    /// The records and the states of the fields (2 and 3), as [`records_and_fields`]
    /// writes them.
    pub records_and_fields: Arc<[u8]>,
    /// How old it is (4).
    pub freshness: Option<Freshness>,
    /// Where it stands in the log (5).
    pub receipt: Option<Receipt>,
    /// Why it is not whole (6).
    pub incomplete_cause: i32,
}

/// Records and states of fields as they stand in every answer.
pub fn records_and_fields<M: prost::Message>(
    records: impl IntoIterator<Item = M>,
    fields: &[FieldState],
) -> Arc<[u8]> {
    let mut out = Vec::new();
    for record in records {
        message::encode(2, &record, &mut out);
    }
    message::encode_repeated(3, fields, &mut out);
    out.into()
}

// === impl Told ===

impl prost::Message for Told {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        if self.outcome != 0 {
            int32::encode(1, &self.outcome, buf);
        }
        buf.put_slice(&self.records_and_fields);
        if let Some(freshness) = &self.freshness {
            message::encode(4, freshness, buf);
        }
        if let Some(receipt) = &self.receipt {
            message::encode(5, receipt, buf);
        }
        if self.incomplete_cause != 0 {
            int32::encode(6, &self.incomplete_cause, buf);
        }
    }

    fn encoded_len(&self) -> usize {
        let number = |tag, value: &i32| if *value == 0 { 0 } else { int32::encoded_len(tag, value) };
        number(1, &self.outcome)
            + self.records_and_fields.len()
            + self.freshness.as_ref().map_or(0, |freshness| message::encoded_len(4, freshness))
            + self.receipt.as_ref().map_or(0, |receipt| message::encoded_len(5, receipt))
            + number(6, &self.incomplete_cause)
    }

    /// Nothing reads one: whoever does finds it empty.
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        skip_field(wire_type, tag, buf, context)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told(…)")
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::business::v1 as business;
    use crate::insurance::v1 as insurance;
    use crate::land::v1 as land;
    use crate::population::v1 as population;

    fn parts() -> (Vec<FieldState>, Freshness, Receipt) {
        let field =
            |name: &str| FieldState { name: name.to_owned(), sensitive: true, ..FieldState::default() };
        let freshness = Freshness { cache_state: 2, ..Freshness::default() };
        let receipt = Receipt { origin: "log.example/motlan".to_owned(), index: 7, ..Receipt::default() };
        (vec![field("code"), field("name")], freshness, receipt)
    }

    /// Each answer by the message of the contract and by `Told`, with a record and
    /// without.
    macro_rules! same {
        ($($answer:path, $records:ident: $record:expr;)+) => { $({
            type Answer = $answer;
            let (fields, freshness, receipt) = parts();
            let some = Answer { $records: $record, ..Answer::default() };
            let none = Answer::default();
            for (outcome, incomplete_cause, from) in [(1, 0, some), (4, 2, none.clone()), (0, 0, none)] {
                let told = Told {
                    outcome,
                    records_and_fields: records_and_fields(from.$records.clone(), &fields),
                    freshness: Some(freshness),
                    receipt: Some(receipt.clone()),
                    incomplete_cause,
                };
                let whole = Answer {
                    outcome,
                    fields: fields.clone(),
                    freshness: Some(freshness),
                    receipt: Some(receipt.clone()),
                    incomplete_cause,
                    ..from
                };
                assert_eq!(told.encode_to_vec(), whole.encode_to_vec(), stringify!($answer));
                assert_eq!(told.encoded_len(), whole.encoded_len(), stringify!($answer));
            }
        })+ };
    }

    #[test]
    fn it_is_what_the_message_would_have_written() {
        let certificate =
            |serial: &str| land::Certificate { serial: Some(serial.to_owned()), ..Default::default() };
        let enterprise = business::Enterprise { code: Some("4201234567".to_owned()), ..Default::default() };
        same! {
            business::GetEnterpriseResponse, record: Some(enterprise);
            insurance::GetHealthCardResponse, record: Some(insurance::HealthCard::default());
            insurance::GetParticipationResponse, record: Some(insurance::Participation::default());
            land::GetCertificateResponse, record: Some(certificate("AA 00001"));
            land::GetParcelResponse, record: Some(land::Parcel::default());
            land::ListCertificatesResponse, records: vec![certificate("AA 00001"), certificate("AA 00002")];
            population::GetHouseholdResponse, record: Some(population::Household::default());
            population::GetPersonResponse, record: Some(population::Person::default());
        }
    }

    #[test]
    fn nothing_at_all_is_nothing() {
        assert!(Told::default().encode_to_vec().is_empty());
    }
}
