//! The catalogue as it ships.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::civil::date;
use motlan_domain::dataset::{Dataset, FieldSet};
use motlan_domain::id::{AgencyCode, ProcedureCode, PurposeId};
use motlan_domain::question::Operation;
use motlan_domain::subject::SubjectKind;

use super::{DEPLOY, copy, procedure, shipped, shipped_purposes};
use crate::{
    Accept, AgencyLevel, Basis, BlankSource, Catalogue, Component, Decide, How, Mode, Procedure, RoleId,
};

fn components(catalogue: &Catalogue) -> Vec<(&Procedure, &Component)> {
    catalogue
        .procedures()
        .flat_map(|procedure| procedure.components.iter().map(move |c| (procedure, c)))
        .collect()
}

#[test]
fn all_procedures_and_components_load() {
    let catalogue = shipped();
    assert_eq!(catalogue.procedures().len(), 29);
    let components = components(&catalogue);
    assert_eq!(components.len(), 209);
    assert_eq!(components.iter().filter(|(_, c)| c.rule.basis == Basis::Stated).count(), 39);
    let code = ProcedureCode::parse("1.004222").unwrap();
    assert_eq!(catalogue.procedure(&code).unwrap().name_vi, "Đăng ký thường trú");
    assert!(catalogue.procedure(&ProcedureCode::parse("1.004223").unwrap()).is_none());
}

#[test]
fn keys_follow_the_code_or_the_position() {
    let catalogue = shipped();
    let keys: BTreeSet<_> =
        components(&catalogue).iter().map(|(p, c)| (p.code.clone(), c.key.clone())).collect();
    assert_eq!(keys.len(), 209, "a key names one component of a procedure");
    let keys =
        |code| procedure(&catalogue, code).components.iter().map(|c| c.key.as_str()).collect::<Vec<_>>();
    assert_eq!(keys("1.012783"), ["1.012783#1", "1.012783#2"]);
    assert_eq!(keys("1.001570")[..2], ["1.001570#1", "TP-G12.000920"]);
    assert_eq!(keys("1.010041"), ["000.00.00.G01-KQ003647"]);
}

#[test]
fn a_folder_and_the_embedded_copy_are_one() {
    let embedded = shipped();
    let loaded = Catalogue::load(&Path::new(DEPLOY).join("catalogue")).unwrap();
    assert_eq!(loaded.digest(), embedded.digest());
    assert_eq!(embedded.digest().len(), 64);
}

#[test]
fn any_byte_changes_the_digest() {
    let untouched = shipped();
    for file in
        ["ORIGIN.md", "agencies.toml", "rules/1.010041.toml", "forms/ct01.toml", "procedures/1.010041.json"]
    {
        let folder = copy("catalogue");
        let path = folder.path().join(file);
        let mut content = fs::read(&path).unwrap();
        // White space means nothing to a reader, and everything to a digest.
        content.push(b'\n');
        fs::write(&path, content).unwrap();
        let changed = Catalogue::load(folder.path()).unwrap();
        assert_ne!(changed.digest(), untouched.digest(), "{file}");
    }
    let folder = copy("catalogue");
    assert_eq!(Catalogue::load(folder.path()).unwrap().digest(), untouched.digest());
}

#[test]
fn every_case_asks_for_something_and_every_component_is_asked_for() {
    let catalogue = shipped();
    for procedure in catalogue.procedures() {
        for case in &procedure.cases {
            let asked = procedure.components_in(&case.id).count();
            assert!(asked > 0, "{} {}", procedure.code, case.id);
            assert!(procedure.roles_in(&case.id).iter().any(|role| role.id == RoleId::APPLICANT));
        }
        // A component that everybody owes must be owed where nothing else is said.
        let default = &procedure.default_case().id;
        assert!(procedure.components_in(default).any(|c| c.required), "{}", procedure.code);
    }
}

#[test]
fn forms_list_every_blank_once() {
    let catalogue = shipped();
    assert_eq!(catalogue.forms().len(), 35);
    for form in catalogue.forms() {
        let keys: BTreeSet<_> = form.blanks.iter().map(|blank| &blank.key).collect();
        assert_eq!(keys.len(), form.blanks.len(), "{}", form.id);
        let registry = form.registry_blanks().count();
        assert!((10..=36).contains(&form.blanks.len()), "{} has {}", form.id, form.blanks.len());
        assert!(
            registry > 0 && registry < form.blanks.len(),
            "{}: some blanks only the applicant knows",
            form.id
        );
        assert_eq!(form.derived, form.id != "ct01", "{}", form.id);
    }
    let used: BTreeSet<_> =
        catalogue.procedures().flat_map(|p| p.forms()).map(|form| form.id.clone()).collect();
    assert_eq!(used.len(), catalogue.forms().len(), "no form lies about unused");
}

#[test]
fn ct01_is_the_published_form() {
    let catalogue = shipped();
    let form = catalogue.form("ct01").unwrap();
    let keys: Vec<_> = form.blanks.iter().map(|blank| blank.key.as_str()).collect();
    let expected = [
        "recipient",
        "full_name",
        "birth_date",
        "sex",
        "personal_id",
        "phone",
        "email",
        "household_head_full_name",
        "household_head_relation",
        "household_head_personal_id",
        "request",
        "member_full_name",
        "member_birth_date",
        "member_sex",
        "member_personal_id",
        "member_relation",
    ];
    assert_eq!(keys, expected);
    let by_applicant = form.blanks.iter().filter(|blank| blank.source == BlankSource::Applicant).count();
    assert_eq!(by_applicant, 4, "recipient, telephone, e-mail and the request");
    // The household on record is not who moves.
    for (blank, datum) in form.registry_blanks().filter(|(blank, _)| blank.repeated) {
        assert_eq!(datum.in_role.as_ref().map(RoleId::as_str), Some("moving_member"), "{}", blank.key);
    }
}

#[test]
fn a_list_of_contributions_is_of_one_insurance() {
    let catalogue = shipped();
    let mut seen = BTreeMap::new();
    for form in catalogue.forms() {
        for (blank, datum) in
            form.registry_blanks().filter(|(_, datum)| datum.field.name() == "contributions")
        {
            let kind = datum.kind.clone().unwrap_or_else(|| panic!("{} {}: of which?", form.id, blank.key));
            assert!(
                blank.label_vi.contains(if kind == "BHTN" { "thất nghiệp" } else { "xã hội" }),
                "{}",
                blank.key
            );
            *seen.entry(kind).or_insert(0) += 1;
        }
    }
    assert_eq!(seen, BTreeMap::from([("BHTN".to_owned(), 2), ("BHXH".to_owned(), 3)]));
}

#[test]
fn a_procedure_registers_the_union_of_its_rules() {
    let catalogue = shipped();
    for procedure in catalogue.procedures() {
        let mut union: BTreeMap<(RoleId, Dataset), FieldSet> = BTreeMap::new();
        for component in &procedure.components {
            match &component.rule.decide {
                Decide::Lookup(lookup) => {
                    for role in &lookup.roles {
                        let set = union.entry((role.clone(), lookup.dataset)).or_default();
                        *set = set.union(lookup.fields);
                    }
                }
                Decide::Form(form) => {
                    for (_, datum) in form.registry_blanks() {
                        let set = union.entry((datum.role.clone(), datum.dataset)).or_default();
                        *set = set.with(datum.field);
                    }
                }
                _ => {}
            }
        }
        for ((role, dataset), fields) in &union {
            assert!(fields.is_subset_of(procedure.registered(role, *dataset)), "{}", procedure.code);
        }
        // Beyond the rules stand only the fields that show a link.
        for (role, dataset, fields) in procedure.registered_all() {
            let asked = union.get(&(role.clone(), dataset)).copied().unwrap_or_default();
            for field in fields.minus(asked).iter(dataset) {
                let links = ["spouse", "father", "mother", "representative", "household_head", "members"];
                assert!(links.contains(&field.name()), "{} registers {}", procedure.code, field.name());
            }
        }
    }
    let residence = procedure(&catalogue, "1.004222");
    let person = Dataset::Person;
    let fields = residence.registered_any(person).names(person);
    assert!(
        fields.contains(&"full_name") && !fields.contains(&"marital_status") && !fields.contains(&"hometown")
    );
    assert!(residence.registered_any(Dataset::Enterprise).is_empty());
}

#[test]
fn sensitive_fields_are_registered_by_one_form_only() {
    let catalogue = shipped();
    let mut registering = Vec::new();
    for procedure in catalogue.procedures() {
        for dataset in Dataset::ALL {
            let sensitive = procedure.registered_any(dataset).intersection(dataset.sensitive_fields());
            registering
                .extend(sensitive.names(dataset).into_iter().map(|name| (procedure.code.as_str(), name)));
        }
    }
    assert_eq!(registering, [("1.004859", "ethnicity")]);
}

#[test]
fn a_copy_never_replaces_an_original() {
    let catalogue = shipped();
    let mut copies = BTreeMap::new();
    for (procedure, component) in components(&catalogue) {
        if let Decide::Lookup(lookup) = &component.rule.decide {
            assert!(!lookup.accept.is_empty(), "{}: nothing accepted unseen", component.key);
            if lookup.mode == Mode::CopyOnly {
                assert_eq!(lookup.original_required, component.originals > 0, "{}", component.key);
                *copies.entry(lookup.original_required).or_insert(0) += 1;
            }
        }
        assert_eq!(
            component.form().is_some(),
            component.rule.mode() == Some(Mode::PrefillOnly),
            "{}",
            procedure.code
        );
    }
    assert!(copies.len() == 2, "both are exercised: {copies:?}");
}

#[test]
fn a_thing_is_never_disclosed_without_a_tie() {
    let catalogue = shipped();
    let mut seen = 0;
    for procedure in catalogue.procedures() {
        for role in &procedure.roles {
            let thing = role.kind != SubjectKind::Person;
            assert_eq!(role.link_required, thing, "{} {}", procedure.code, role.id);
            seen += usize::from(thing);
        }
        // A stranger who is named by the applicant is not for the applicant to read.
        for stranger in ["partner", "deceased", "ward", "house_owner", "transferor", "receiving_head"] {
            assert!(!procedure.role(stranger).is_some_and(|role| role.family_of_applicant), "{stranger}");
        }
    }
    assert!(seen > 5);
}

#[test]
fn roles_in_a_case_are_those_that_help() {
    let catalogue = shipped();
    let roles = |code: &str, case: &str| {
        let procedure = procedure(&catalogue, code);
        let case = &procedure.case(case).unwrap().id;
        procedure.roles_in(case).iter().map(|role| role.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        roles("1.004222", "own_home"),
        ["applicant", "household_head", "certificate", "moving_member"]
    );
    assert_eq!(roles("1.004222", "join_family"), ["applicant", "household_head", "moving_member"]);
    assert_eq!(roles("1.000894", "in_person"), ["applicant", "partner"]);
    assert_eq!(roles("2.000720", "owner_deceased"), ["applicant", "deceased", "enterprise"]);
    assert_eq!(roles("2.000815", "default"), ["applicant"]);
    let head = procedure(&catalogue, "1.004222").role("household_head").unwrap();
    assert!(matches!(&head.how, How::Linked { of, .. } if *of == "applicant"));
}

#[test]
fn conditions_bring_the_fields_they_are_judged_on() {
    let catalogue = shipped();
    let component = procedure(&catalogue, "1.001731").component("000.00.00.G18-KQ005131").unwrap();
    let Decide::Lookup(lookup) = &component.rule.decide else { panic!("a lookup") };
    assert_eq!(lookup.accept, [Accept::Deceased]);
    assert!(lookup.fields.contains(Dataset::Person.field("deceased").unwrap()));
}

#[test]
fn agencies_are_the_province_and_its_communes() {
    let catalogue = shipped();
    let communes: Vec<_> =
        catalogue.agencies().filter(|agency| agency.level == AgencyLevel::Commune).collect();
    assert_eq!(communes.len(), 65);
    let codes: BTreeSet<_> = communes.iter().filter_map(|agency| agency.commune_code.clone()).collect();
    assert_eq!(codes.len(), 65);
    assert!(communes.iter().all(|agency| agency.invented));
    let nha_trang = catalogue.agency_of_commune("22366").unwrap();
    assert_eq!(nha_trang.name_vi, "Ủy ban nhân dân phường Nha Trang");
    let land_office = catalogue.agency(&AgencyCode::parse("H32.13.01").unwrap()).unwrap();
    let notary = catalogue.agency(&AgencyCode::parse("H32.15.01").unwrap()).unwrap();
    for (code, by_commune, by_land_office) in [("1.004222", true, false), ("1.012783", false, true)] {
        let procedure = procedure(&catalogue, code);
        assert_eq!(procedure.handled_by(nha_trang), by_commune, "{code}");
        assert_eq!(procedure.handled_by(land_office), by_land_office, "{code}");
        assert!(!procedure.handled_by(notary), "{code}");
    }
}

#[test]
fn purposes_are_for_verifiers_only() {
    let catalogue = shipped();
    let purposes = shipped_purposes();
    assert_eq!(purposes.purposes().len(), 2);
    let purpose = purposes.purpose(&PurposeId::parse("identity-verification").unwrap()).unwrap();
    assert_eq!(purpose.operations.iter().copied().collect::<Vec<_>>(), [Operation::VerifyIdentity]);
    assert!(purpose.fields(Dataset::Certificate).is_empty());
    assert_eq!(purpose.fields(Dataset::Person).len(), 3);
    for (day, valid) in [(date(2025, 12, 31), false), (date(2026, 1, 1), true), (date(2028, 1, 1), false)] {
        assert_eq!(purpose.valid_on(day), valid, "{day}");
    }
    for purpose in purposes.purposes() {
        assert!(purpose.operations.iter().all(|operation| operation.verifies()), "{}", purpose.id);
        for agency in &purpose.agencies {
            assert_eq!(catalogue.agency(agency).unwrap().level, AgencyLevel::Verifier);
        }
    }
}

#[test]
fn texts_are_there_in_both_languages() {
    let catalogue = shipped();
    let mut seen = 0;
    let mut check = |place: &str, vi: &str, en: &str| {
        let vietnamese = |c: char| c.is_alphabetic() && !c.is_ascii();
        assert!(!vi.trim().is_empty() && vi.trim() == vi, "{place}: {vi:?}");
        assert!(!en.trim().is_empty() && en.trim() == en && !en.contains(vietnamese), "{place}: {en:?}");
        // Composed form: what people search for and what databases compare.
        let combining = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
        assert!(!vi.contains(combining), "{place}: {vi:?}");
        seen += 1;
    };
    for procedure in catalogue.procedures() {
        let code = procedure.code.as_str();
        check(code, &procedure.name_vi, &procedure.name_en);
        procedure.cases.iter().for_each(|case| check(code, &case.name_vi, &case.name_en));
        procedure.roles.iter().for_each(|role| check(code, &role.name_vi, &role.name_en));
    }
    for form in catalogue.forms() {
        check(form.id.as_str(), &form.name_vi, form.name_en.replace("NĐ-CP", "").trim());
        form.blanks.iter().for_each(|blank| check(&blank.key, &blank.label_vi, &blank.label_en));
    }
    catalogue.agencies().for_each(|agency| check(agency.code.as_str(), &agency.name_vi, &agency.name_en));
    assert!(seen > 800, "{seen}");
}
