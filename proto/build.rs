//! Bindings, canonical JSON, the descriptor set and the table of access
//! classes, all from the .proto files and without `protoc`. Fails when a method
//! declares no access class.

#[path = "build/access_table.rs"]
mod access_table;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, MessageDescriptor};

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

    tonic_prost_build::configure()
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
