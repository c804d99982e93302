//! The contract keeps its own rules, and canonical JSON agrees with an
//! implementation that is not ours.

#[path = "../build/access_table.rs"]
mod access_table;

use std::collections::BTreeSet;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage,
    SerializeOptions, Value,
};

use crate::FILE_DESCRIPTOR_SET;
use crate::access::{AccessClass, access_class, methods};

include!(concat!(env!("OUT_DIR"), "/json_tests.rs"));

fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the descriptor set decodes")
}

fn ours(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages().filter(|message| message.package_name().starts_with("motlan.")).collect()
}

fn typed<M>(wire: &[u8]) -> (serde_json::Value, Vec<u8>, String)
where
    M: Message + Default + serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug + PartialEq,
{
    let message = M::decode(wire).expect("decodes");
    let json = serde_json::to_value(&message).expect("serialises");
    let again: M = serde_json::from_value(json.clone()).expect("deserialises");
    assert!(message == again, "JSON and back changes a message");
    (json, again.encode_to_vec(), format!("{message:?}"))
}

/// A value for a field, every leaf set; `depth` bounds recursive messages.
fn sample(field: &FieldDescriptor, depth: u8) -> Option<Value> {
    let one = match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::String => Value::String("Nguyễn Thị Ánh".to_owned()),
        Kind::Bytes => Value::Bytes(vec![0, 250, 251, 255].into()),
        Kind::Uint32 => Value::U32(7),
        Kind::Uint64 => Value::U64(9_007_199_254_740_993),
        Kind::Int32 => Value::I32(-7),
        Kind::Int64 => Value::I64(1_795_000_000),
        Kind::Enum(declared) => Value::EnumNumber(declared.values().last()?.number()),
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => timed(&message, 1_795_233_600, 120_000_000),
            "google.protobuf.Duration" => timed(&message, 900, 500_000_000),
            _ if depth == 0 => return None,
            _ => Value::Message(filled(&message, None, depth - 1)),
        },
        other => panic!("no sample for {other:?}: add one"),
    };
    Some(if field.is_list() { Value::List(vec![one.clone(), one]) } else { one })
}

fn timed(message: &MessageDescriptor, seconds: i64, nanos: i32) -> Value {
    let mut value = DynamicMessage::new(message.clone());
    value.set_field_by_name("seconds", Value::I64(seconds));
    value.set_field_by_name("nanos", Value::I32(nanos));
    Value::Message(value)
}

/// Every field set; of a oneof the last one, or `choice`.
fn filled(message: &MessageDescriptor, choice: Option<&str>, depth: u8) -> DynamicMessage {
    let mut value = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let alternative = field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic());
        let chosen = choice.is_none_or(|name| !alternative || name == field.name());
        if let Some(sample) = sample(&field, depth).filter(|_| chosen) {
            value.set_field(&field, sample);
        }
    }
    value
}

fn check_json(message: &DynamicMessage) {
    let name = message.descriptor().full_name().to_owned();
    let wire = message.encode_to_vec();
    let (json, again, debug) = through_json(&name, &wire);
    let reference = message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .expect("the reference implementation serialises");
    assert_eq!(json, reference, "{name}: canonical JSON differs from the reference implementation");
    let decoded = DynamicMessage::decode(message.descriptor(), again.as_slice()).expect("decodes");
    assert!(decoded == *message, "{name}: the wire bytes after JSON mean something else");
    assert!(!debug.contains("Nguyễn"), "{name}: Debug shows content");
}

#[test]
fn json_is_canonical_for_every_message_empty_and_filled() {
    let messages = ours(&pool());
    assert!(messages.len() > 60, "only {} messages were checked", messages.len());
    for message in &messages {
        check_json(&DynamicMessage::new(message.clone()));
        check_json(&filled(message, None, 4));
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            for field in oneof.fields() {
                check_json(&filled(message, Some(field.name()), 4));
            }
        }
    }
}

#[test]
fn the_reference_comparison_can_fail() {
    // Negative control: snake_case names are proto names, not canonical ones.
    let pool = pool();
    let freshness = pool.get_message_by_name("motlan.common.v1.Freshness").expect("is declared");
    let message = filled(&freshness, None, 2);
    let (json, ..) = through_json("motlan.common.v1.Freshness", &message.encode_to_vec());
    let options = SerializeOptions::new().use_proto_field_name(true);
    let other = message.serialize_with_options(serde_json::value::Serializer, &options).expect("serialises");
    assert_ne!(json, other);
}

#[test]
fn every_method_has_an_access_class() {
    let pool = pool();
    let extension = pool.get_extension_by_name("motlan.common.v1.access").expect("is declared");
    assert_eq!(extension.number(), 50001);
    let mut seen = 0;
    for service in pool.services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            assert!(
                method.options().has_extension(&extension),
                "{path}: the option is lost from the descriptor set"
            );
            assert!(access_class(&path).is_some(), "{path}: not in the table");
            seen += 1;
        }
    }
    assert_eq!(seen, methods().len());
    assert_eq!(access_class("/motlan.population.v1.PopulationService/GetPerson"), Some(AccessClass::Data));
    assert_eq!(access_class("/motlan.audit.v1.AuditService/GetEntry"), Some(AccessClass::Audit));
    assert_eq!(access_class("/motlan.population.v1.PopulationService/Unheard"), None);
    assert_eq!(access_class("/grpc.health.v1.Health/Check"), None);
}

#[test]
fn a_method_without_an_access_class_fails_the_build() {
    let made = |option: &str| {
        let source = format!(
            "syntax = \"proto3\"; package motlan.test.v1; import \"motlan/common/v1/access.proto\"; \
             message A {{}} service TestService {{ rpc Ask(A) returns (A) {{ {option} }} }}"
        );
        let contract = protox::file::IncludeFileResolver::new(env!("CARGO_MANIFEST_DIR").into());
        let mut resolver = protox::file::ChainFileResolver::new();
        resolver.add(Only(source));
        resolver.add(contract);
        resolver.add(protox::file::GoogleFileResolver::new());
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).open_file("test.proto").expect("compiles");
        let set = compiler.encode_file_descriptor_set();
        access_table::of(&DescriptorPool::decode(set.as_slice()).expect("decodes"))
    };
    let table = made("option (motlan.common.v1.access) = ACCESS_CLASS_AUDIT;").expect("declared");
    assert!(table.contains(r#"("/motlan.test.v1.TestService/Ask", AccessClass::Audit)"#), "{table}");
    for undeclared in ["", "option (motlan.common.v1.access) = ACCESS_CLASS_UNSPECIFIED;"] {
        let error = made(undeclared).expect_err("undeclared").to_string();
        assert!(error.contains("/motlan.test.v1.TestService/Ask declares no access class"), "{error}");
    }
}

/// Resolves one file, from memory.
struct Only(String);

impl protox::file::FileResolver for Only {
    fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
        if name == "test.proto" {
            protox::file::File::from_source(name, &self.0)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

#[test]
fn services_and_methods_are_those_of_the_contract() {
    let names: BTreeSet<&str> =
        methods().iter().map(|(path, _)| path.trim_start_matches("/motlan.")).collect();
    let expected = [
        "audit.v1.AuditService/GetCheckpoint",
        "audit.v1.AuditService/GetConsistencyProof",
        "audit.v1.AuditService/GetEntry",
        "audit.v1.AuditService/GetInclusionProof",
        "audit.v1.AuditService/OpenSubjects",
        "audit.v1.AuditService/SearchEntries",
        "audit.v1.AuditService/WatchEntries",
        "business.v1.BusinessService/GetEnterprise",
        "business.v1.BusinessService/VerifyEnterprise",
        "catalogue.v1.CatalogueService/GetProcedure",
        "catalogue.v1.CatalogueService/ListProcedures",
        "dossier.v1.DossierService/CloseDossier",
        "dossier.v1.DossierService/GetDossier",
        "dossier.v1.DossierService/OpenDossier",
        "dossier.v1.DossierService/ResolveDossier",
        "insurance.v1.InsuranceService/GetHealthCard",
        "insurance.v1.InsuranceService/GetParticipation",
        "land.v1.LandService/GetCertificate",
        "land.v1.LandService/GetParcel",
        "land.v1.LandService/ListCertificates",
        "population.v1.PopulationService/GetHousehold",
        "population.v1.PopulationService/GetPerson",
        "population.v1.PopulationService/VerifyIdentity",
    ];
    assert_eq!(names, expected.into_iter().collect());
}

#[test]
fn enum_values_carry_their_enum_name_and_start_unspecified() {
    let pool = pool();
    let mut seen = 0;
    for declared in pool.all_enums().filter(|declared| declared.package_name().starts_with("motlan.")) {
        let prefix = upper_snake(declared.name());
        for value in declared.values() {
            let rest = value.name().strip_prefix(&prefix).and_then(|rest| rest.strip_prefix('_'));
            assert!(rest.is_some(), "{}: {} lacks the prefix", declared.full_name(), value.name());
            assert_eq!(value.number() == 0, rest == Some("UNSPECIFIED"), "{}", declared.full_name());
        }
        seen += 1;
    }
    assert!(seen > 15, "only {seen} enums were checked");
}

#[test]
fn data_requests_carry_a_purpose_and_mutations_a_request_id() {
    let pool = pool();
    let mut seen = 0;
    for service in pool.services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let request = method.input();
            let has = |name: &str| request.get_field_by_name(name).is_some();
            match access_class(&path) {
                // A resolve names its dossier, which is its purpose.
                Some(AccessClass::Data) => {
                    assert!(has("purpose") || has("dossier_code"), "{path}: no purpose");
                }
                Some(AccessClass::Operate) if !method.name().starts_with("Get") => {
                    assert!(has("request_id"), "{path}: no request id");
                }
                _ => {}
            }
            seen += 1;
        }
    }
    assert!(seen > 15);
}

fn upper_snake(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(character.to_ascii_uppercase());
    }
    out
}
