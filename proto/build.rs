//! Bindings, canonical JSON, the descriptor set and the table of access
//! classes, all from the .proto files and without `protoc`. Fails when a method
//! declares no access class.

#[path = "build/access_table.rs"]
mod access_table;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use prost_types::FileDescriptorSet;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    println!("cargo::rerun-if-changed=motlan");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");

    let mut files = Vec::new();
    collect(&root.join("motlan"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let documented = compiler.file_descriptor_set();
    // The set that is served carries no comments, and keeps custom options as
    // the bytes they are: prost's own types would drop them.
    compiler.include_source_info(false);
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor_set.bin"), &encoded)?;

    let pool = DescriptorPool::decode(encoded.as_slice())?;
    fs::write(out.join("access.rs"), access_table::of(&pool)?)?;
    fs::write(out.join("debug.rs"), redacted_debug(&pool)?)?;
    fs::write(out.join("json_tests.rs"), json_dispatch(&pool)?)?;

    served(&pool, &out.join("served"), documented.clone())?;

    tonic_prost_build::configure()
        .build_server(false)
        .compile_well_known_types(true)
        .extern_path(".google.protobuf.Timestamp", "crate::time::Timestamp")
        .extern_path(".google.protobuf", "::pbjson_types")
        .skip_debug(messages(&pool).iter().map(|message| format!(".{}", message.full_name())))
        .emit_rerun_if_changed(false)
        .out_dir(&out)
        .compile_fds(documented)?;

    pbjson_build::Builder::new().register_descriptors(&encoded)?.out_dir(&out).build(&[".motlan"])?;
    Ok(())
}

/// The services as the gateway offers them: over the messages of the other run,
/// but for the answers it writes from parts that are encoded already.
fn served(pool: &DescriptorPool, out: &Path, documented: FileDescriptorSet) -> Outcome<()> {
    fs::create_dir_all(out)?;
    let mut builder = tonic_prost_build::configure()
        .build_client(false)
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .emit_rerun_if_changed(false)
        .out_dir(out);
    let packages = pool.files().map(|file| file.package_name().to_owned());
    let packages: BTreeSet<_> = packages.filter(|name| name.starts_with("motlan.")).collect();
    for package in packages {
        // One that has no services is included all the same.
        fs::write(out.join(format!("{package}.rs")), "")?;
        let module = package.trim_start_matches("motlan.").replace('.', "::");
        builder = builder.extern_path(format!(".{package}"), format!("crate::{module}"));
    }
    for name in TOLD {
        let message = pool.get_message_by_name(name).ok_or_else(|| format!("{name} is no message"))?;
        told(&message)?;
        builder = builder.extern_path(format!(".{name}"), "crate::told::Told");
    }
    Ok(builder.compile_fds(documented)?)
}

/// The answers that tell records.
const TOLD: [&str; 8] = [
    "motlan.business.v1.GetEnterpriseResponse",
    "motlan.insurance.v1.GetHealthCardResponse",
    "motlan.insurance.v1.GetParticipationResponse",
    "motlan.land.v1.GetCertificateResponse",
    "motlan.land.v1.GetParcelResponse",
    "motlan.land.v1.ListCertificatesResponse",
    "motlan.population.v1.GetHouseholdResponse",
    "motlan.population.v1.GetPersonResponse",
];

/// What `src/told.rs` writes, as type, number, and whether there may be many;
/// the type of the records is each answer's own.
const WRITTEN: [(&str, u32, bool); 5] = [
    ("motlan.common.v1.Outcome", 1, false),
    ("motlan.common.v1.FieldState", 3, true),
    ("motlan.common.v1.Freshness", 4, false),
    ("motlan.common.v1.Receipt", 5, false),
    ("motlan.common.v1.IncompleteCause", 6, false),
];

/// Fails where an answer has another form than `src/told.rs` writes: it leaves
/// out a number that is 0, as only a field without presence may be.
fn told(message: &MessageDescriptor) -> Outcome<()> {
    let form = |field: &FieldDescriptor| {
        let (name, present) = match field.kind() {
            Kind::Message(of) => (of.full_name().to_owned(), true),
            Kind::Enum(of) => (of.full_name().to_owned(), false),
            other => (format!("{other:?}"), false),
        };
        let plain = !field.is_map() && field.containing_oneof().is_none();
        let plain = plain && (field.is_list() || field.supports_presence() == present);
        (name, field.number(), field.is_list(), plain)
    };
    let mut fields: Vec<_> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    let (records, others): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.number() == 2);
    let others: Vec<_> = others.into_iter().map(form).collect();
    let written = WRITTEN.map(|(name, number, many)| (name.to_owned(), number, many, true));
    let of_its_own = |field: &&FieldDescriptor| matches!(field.kind(), Kind::Message(_)) && form(field).3;
    if others == written && records.len() == 1 && records.iter().all(of_its_own) {
        return Ok(());
    }
    Err(format!("{} is not as src/told.rs writes it: {others:?}", message.full_name()).into())
}

/// Every .proto file below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// The messages of this contract, nested ones too.
fn messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    pool.all_messages().filter(|message| message.package_name().starts_with("motlan.")).collect()
}

/// `Debug` that names the type and shows nothing of its content: requests and
/// answers hold personal data.
fn redacted_debug(pool: &DescriptorPool) -> Outcome<String> {
    let mut code = String::new();
    for message in messages(pool) {
        if message.parent_message().is_some() {
            return Err(
                format!("{}: nested messages are not used in this contract", message.full_name()).into()
            );
        }
        let module = message.package_name().trim_start_matches("motlan.").replace('.', "::");
        redact(&mut code, &format!("crate::{module}::{}", message.name()), message.name())?;
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let path = format!("crate::{module}::{}::{}", snake(message.name()), camel(oneof.name()));
            redact(&mut code, &path, message.name())?;
        }
    }
    Ok(code)
}

fn redact(code: &mut String, path: &str, shown: &str) -> Outcome<()> {
    writeln!(
        code,
        "impl ::std::fmt::Debug for {path} {{\n    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> \
         ::std::fmt::Result {{\n        f.write_str(\"{shown}(…)\")\n    }}\n}}"
    )?;
    Ok(())
}

/// For the tests alone: a function that takes any message of the contract by
/// name and wire bytes through its typed form to JSON and back.
fn json_dispatch(pool: &DescriptorPool) -> Outcome<String> {
    let mut code = String::from(
        "fn through_json(name: &str, wire: &[u8]) -> (serde_json::Value, Vec<u8>, String) {\n    match name {\n",
    );
    for message in messages(pool) {
        let module = message.package_name().trim_start_matches("motlan.").replace('.', "::");
        writeln!(
            code,
            "        {:?} => typed::<crate::{module}::{}>(wire),",
            message.full_name(),
            message.name()
        )?;
    }
    code.push_str("        other => panic!(\"{other} is not a message of the contract\"),\n    }\n}\n");
    Ok(code)
}

/// `GetPersonRequest` to `get_person_request`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

/// `registered_purpose` to `RegisteredPurpose`.
fn camel(name: &str) -> String {
    let words = name.split('_').filter_map(|word| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_ascii_uppercase().to_string() + characters.as_str())
    });
    words.collect()
}
