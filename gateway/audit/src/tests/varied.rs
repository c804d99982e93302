//! Entries as a gateway writes them: of every kind that is drafted, about
//! people and records, with what an answer's entry carries.

use super::*;
use crate::{
    ActorKind, Aggregate, CommitmentKey, Component, Decision, DraftActor, Effect, EntryTime, Fields, Filter,
    Loaded, Mac, Outcome, Search, Source, SourceFrom,
};

/// Everybody these entries are about, in no order.
pub(super) fn cast() -> Vec<Identifier> {
    let mut cast: Vec<_> = (1..=24).map(person).collect();
    cast.push(Identifier::new(IdentifierKind::Enterprise, "0100233488"));
    cast.push(Identifier::new(IdentifierKind::Parcel, "22366/12/345"));
    cast
}

/// The draft of entry `index`; an outcome answers the entry before it.
pub(super) fn varied(index: u64) -> Draft {
    const KINDS: [Kind; 10] = [
        Kind::AccessIntent,
        Kind::AccessOutcome,
        Kind::DossierOpened,
        Kind::ComponentDecided,
        Kind::AccessIntent,
        Kind::AccessOutcome,
        Kind::AccessDenied,
        Kind::LogRead,
        Kind::DossierClosed,
        Kind::ConfigLoaded,
    ];
    let n = usize::try_from(index).unwrap();
    let mut varied = draft(n / 10 % 40)
        .trace(format!("{index:032x}"))
        .caller("portal", format!("H32.{}", n % 7))
        .actor(DraftActor::Officer { account: format!("lan.nguyen{}", n % 5).into(), agency: None })
        .procedure(format!("1.00422{}", n % 3));
    varied.kind = KINDS[n % KINDS.len()];
    let at = EntryTime::new(Timestamp::from_microsecond(NOON).unwrap());
    match varied.kind {
        Kind::AccessIntent => varied = about(varied, n),
        Kind::AccessOutcome => {
            let key = CommitmentKey::generate().unwrap();
            varied = about(varied, n - 1).answers(index - 1).outcome(Outcome::Found);
            varied.commitment = Some((Mac::over(&key, b"answer"), key));
            varied.source = Some(Source {
                data_time: Some(at),
                fetched_by: None,
                from: SourceFrom::Registry,
                registry: "population".into(),
                retrieved_at: Some(at),
            });
            varied.upstream = vec![format!("{index:08x}-0000-4000-8000-000000000000").into()];
        }
        Kind::DossierOpened => {
            varied = about(varied, n).actor(DraftActor::Citizen(person(1 + index as u32 % 24)));
        }
        Kind::ComponentDecided => {
            varied.component = Some(Component {
                key: "1.004222#2".into(),
                mode: Some("FULL".into()),
                outcome: "REUSED".into(),
                prefilled: 4,
                total: 9,
            });
        }
        Kind::AccessDenied => {
            varied = about(varied, n).outcome(Outcome::Denied).reason("SUBJECT_NOT_IN_DOSSIER");
        }
        Kind::LogRead => {
            let filters = vec![Filter { name: "dossier".into(), value: Some("H32.212-261121-0007".into()) }];
            varied.search = Some(Search { count: 3, filters });
        }
        Kind::ConfigLoaded => {
            varied = Draft::new(Kind::ConfigLoaded).actor(DraftActor::System);
            varied.loaded = Some(Loaded { digest: "sha256:ee".into(), what: "policy".into() });
        }
        _ => {}
    }
    if n % 100 == 98 {
        varied = Draft::new(Kind::RefusalsAggregated).caller("portal", "H32").actor(DraftActor::Absent);
        let reason = "QUOTA_EXHAUSTED".into();
        varied.aggregate = Some(Aggregate { count: 17, from: at, reason, to: at });
    } else if n % 100 == 88 {
        varied = Draft::new(Kind::CredentialRefused).reason("TOKEN_EXPIRED");
    }
    varied
}

fn about(draft: Draft, n: usize) -> Draft {
    let mut draft = draft.subject(person(1 + n as u32 % 24), "applicant");
    if n.is_multiple_of(3) {
        draft = draft.subject(person(1 + (n as u32 + 7) % 24), "spouse");
    }
    if n.is_multiple_of(4) {
        draft = draft.subject(Identifier::new(IdentifierKind::Parcel, "22366/12/345"), "parcel");
    } else if n % 4 == 1 {
        draft = draft.subject(Identifier::new(IdentifierKind::Enterprise, "0100233488"), "enterprise");
    }
    draft.legal_basis = vec!["Luật Cư trú 2020, Điều 38".into()];
    draft.fields = Some(Fields {
        asked: vec!["full_name".into(), "birth_date".into(), "residence".into()],
        disclosed: vec!["full_name".into()],
    });
    draft.decision = Some(Decision {
        catalogue_digest: Some(format!("sha256:{}", "c".repeat(64)).into()),
        effect: Effect::Permit,
        policies: vec!["dossier.subject".into()],
        policy_digest: Some(format!("sha256:{}", "d".repeat(64)).into()),
    });
    draft
}

/// Of the kinds that are drafted none is left out.
#[test]
fn every_kind_that_is_drafted_is_there() {
    let drafted = (0..100).map(|n| varied(n).kind).collect::<std::collections::BTreeSet<_>>();
    let own = [
        Kind::SubjectCreated,
        Kind::SubjectErased,
        Kind::EntryNotReleased,
        Kind::LogKeyRotated,
        Kind::LogBegun,
    ];
    let missing: Vec<_> = Kind::ALL.iter().filter(|kind| !drafted.contains(kind)).collect();
    assert!(missing.iter().all(|kind| own.contains(kind)), "{missing:?}");
    assert_eq!(ActorKind::ALL.len(), 4, "officer, citizen, absent and system are all here");
}
