//! What `motlan sandbox` prints: commands that work as they stand.

use std::fmt::Write as _;

use motlan_domain::SubjectKey;

use super::World;
use crate::wiring::Gateway;

/// The guide for a running sandbox. Empty only if the world has no families.
pub fn guide(world: &World, program: &str, gateway: &Gateway) -> String {
    let (grpc, probe) = (gateway.grpc(), gateway.probe());
    let mut text = String::new();
    let folder = world.folder().display().to_string();
    let _ = writeln!(text, "Môi trường thử nghiệm đang chạy / the sandbox is up (synthetic people only)");
    let _ = writeln!(text, "  gRPC (mutual TLS) {grpc}\n  probe             {probe}/readyz");
    if let Some(log) = gateway.log() {
        let _ = writeln!(text, "  published log     {log}/checkpoint");
    }
    let _ = writeln!(text, "  control           {}", world.registries().endpoints().control);
    let _ = writeln!(text, "  folder            {folder}\n\nThử tiếp / try next:");
    let procedure = world.catalogue().procedures().find(|procedure| procedure.code.as_str() == "1.004222");
    let plan = procedure.and_then(|procedure| world.plan(procedure, None, 0).ok());
    let family = world.registries().world().families().first();
    if let (Some(plan), Some(family)) = (plan, family) {
        // A dossier of an earlier start is still there, open.
        let dossier = plan.dossier_code(6 + world.starts());
        let subjects: Vec<String> = plan
            .subjects
            .iter()
            .map(|(role, key)| format!("--subject {}", quoted(&subject(role, key))))
            .collect();
        let clients = quoted(&format!("{folder}/clients"));
        let (code, agency, subjects) = (&plan.procedure, &plan.agency, subjects.join(" "));
        let _ = writeln!(
            text,
            "  C={clients}\n  {program} open --client $C/portal --receipt-key $C/portal/receipt.key \
             --dossier {dossier} --procedure {code} --agency {agency} {subjects}\n  \
             {program} resolve --client $C/one-stop --dossier {dossier}\n  \
             {program} resolve --client $C/portal --dossier {dossier} --no-token\n  \
             {program} verify --client $C/verifier --purpose identity-verification --id {id} --name {name} \
             --birth-date {born}\n  \
             {program} get --client $C/one-stop --dossier {dossier}\n  \
             {program} close --client $C/one-stop --dossier {dossier} --reason DECIDED\n  \
             {program} audit search --client $C/auditor --dossier {dossier} --order oldest\n  \
             {program} audit search --client $C/auditor --subject person:{id} --limit 10{verify}",
            verify = gateway.log().map(|log| verify(program, &folder, log)).unwrap_or_default(),
            id = family.applicant.id,
            name = quoted(&family.applicant.name),
            born = family.applicant.birth_date,
        );
    }
    let _ = writeln!(text, "\nNhấn Ctrl-C để dừng / Ctrl-C stops it.");
    text
}

/// How an auditor verifies the log over the network, and how anybody does.
fn verify(program: &str, folder: &str, log: &str) -> String {
    let key = quoted(&format!("{folder}/log.pub"));
    format!(
        "\n  {program} audit verify --log {log} --key {key} --client $C/auditor --deep\n  \
         {program} audit verify --log {log} --key {key} --ca $C/auditor/ca.pem --hashes-only"
    )
}

/// A subject as `motlan open` reads it.
fn subject(role: &str, key: &SubjectKey) -> String {
    let kind = match key {
        SubjectKey::Person(_) => "person",
        SubjectKey::Cmnd(_) => "cmnd",
        SubjectKey::Enterprise(_) => "enterprise",
        SubjectKey::Certificate(_) => "certificate",
        SubjectKey::Parcel(_) => "parcel",
        SubjectKey::Insurance(_) => "insurance",
    };
    format!("{role}={kind}:{}", key.expose())
}

/// In single quotes for a POSIX shell, where it needs any.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
