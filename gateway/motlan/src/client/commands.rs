//! The client commands: each one call, shown for people or as JSON.

use std::io::Write;

use anyhow::Context as _;
use motlan_proto::common::v1::{Outcome, Purpose, purpose};
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{
    Assertion, CloseDossierRequest, GetDossierRequest, OpenDossierRequest, OpeningEvidence,
    ResolveDossierRequest, resolve_dossier_response,
};
use motlan_proto::population::v1::VerifyIdentityRequest;
use uuid::Uuid;

use super::json::Contract;
use super::{Connection, Refusal, connect, dossier, person_key, subject, verdict};
use crate::cli::{CloseArgs, GetArgs, OpenArgs, ResolveArgs, VerifyArgs};
use crate::exit::{Ended, Exit, Failure, OrExit};
use crate::receipt;
use crate::report::{self, Resolved};
use crate::term::Look;

/// `motlan open`.
pub async fn open(args: &OpenArgs, out: &mut dyn Write) -> Ended {
    let subjects: Result<Vec<_>, String> = args.subjects.iter().map(|text| subject::named(text)).collect();
    let subjects = subjects.map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let mut request = OpenDossierRequest {
        request_id: args.request_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
        dossier_code: args.dossier.clone(),
        procedure_code: args.procedure.clone(),
        case: args.case.clone(),
        agency_code: args.agency.clone(),
        subjects,
        evidence: None,
    };
    let evidence = match (&args.receipt, &args.receipt_key) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("không đọc được {0} / cannot read {0}", file.display()));
            Evidence::AcceptanceReceipt(text.or_exit(Exit::Usage)?.trim().to_owned())
        }
        (None, Some(key)) => {
            Evidence::AcceptanceReceipt(receipt::sign_with_file(key, &request).or_exit(Exit::Usage)?)
        }
        (None, None) => Evidence::Assertion(Assertion {}),
    };
    request.evidence = Some(OpeningEvidence { evidence: Some(evidence) });
    let answer = connect(&args.client)
        .await?
        .dossiers()
        .open_dossier(request)
        .await
        .map_err(Refusal::from)?
        .into_inner();
    if args.client.json {
        return print(out, "motlan.dossier.v1.OpenDossierResponse", &answer);
    }
    let opened = answer.dossier.unwrap_or_default();
    writeln!(out, "Đã mở hồ sơ / opened {}", opened.code)?;
    dossier::write(&opened, answer.receipt.as_ref(), out)?;
    Ok(Exit::Ok)
}

/// `motlan get`.
pub async fn get(args: &GetArgs, out: &mut dyn Write) -> Ended {
    let request = GetDossierRequest { dossier_code: args.dossier.clone() };
    let connection = connect(&args.client).await?;
    let answer = connection.dossiers().get_dossier(request).await.map_err(Refusal::from)?.into_inner();
    if args.client.json {
        return print(out, "motlan.dossier.v1.GetDossierResponse", &answer);
    }
    let shown = answer.dossier.unwrap_or_default();
    writeln!(out, "Hồ sơ / dossier {}", shown.code)?;
    dossier::write(&shown, answer.receipt.as_ref(), out)?;
    dossier::write_roles(&shown, out)?;
    Ok(Exit::Ok)
}

/// `motlan close`. The same request id again gets the first answer.
pub async fn close(args: &CloseArgs, out: &mut dyn Write) -> Ended {
    let request = CloseDossierRequest {
        request_id: args.request_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
        dossier_code: args.dossier.clone(),
        reason: args.reason.clone(),
    };
    let connection = connect(&args.client).await?;
    let answer = connection.dossiers().close_dossier(request).await.map_err(Refusal::from)?.into_inner();
    if args.client.json {
        return print(out, "motlan.dossier.v1.CloseDossierResponse", &answer);
    }
    let closed = answer.dossier.unwrap_or_default();
    writeln!(out, "Đã đóng hồ sơ / closed {}", closed.code)?;
    dossier::write(&closed, answer.receipt.as_ref(), out)?;
    Ok(Exit::Ok)
}

/// `motlan resolve`.
pub async fn resolve(args: &ResolveArgs, out: &mut dyn Write) -> Ended {
    let connection = connect(&args.client).await?;
    let contract = Contract::load()?;
    if args.client.json {
        // One line per message, as it comes.
        let mut stream = start(&connection, &args.dossier).await?;
        while let Some(message) = stream.message().await.map_err(Refusal::from)? {
            let json = contract.json("motlan.dossier.v1.ResolveDossierResponse", &message)?;
            writeln!(out, "{json}")?;
        }
        return Ok(Exit::Ok);
    }
    let look = Look::of_stderr();
    let resolved = resolve_all(&connection, &args.dossier, |component| {
        // Progress is a courtesy: a closed stderr stops nothing.
        let _ = writeln!(std::io::stderr(), "{}", report::progress(component, look));
    })
    .await?;
    report::write(&resolved, Look::of_stdout(), out)?;
    Ok(Exit::Ok)
}

/// Resolves a dossier, telling each component as it is decided.
pub async fn resolve_all(
    connection: &Connection,
    dossier: &str,
    mut progress: impl FnMut(&motlan_proto::dossier::v1::ComponentResult),
) -> Result<Resolved, Failure> {
    let mut stream = start(connection, dossier).await?;
    let mut resolved = Resolved::default();
    while let Some(message) = stream.message().await.map_err(Refusal::from)? {
        match message.result {
            Some(resolve_dossier_response::Result::Component(component)) => {
                progress(&component);
                resolved.components.push(component);
            }
            Some(resolve_dossier_response::Result::Summary(summary)) => resolved.summary = Some(summary),
            None => {}
        }
    }
    Ok(resolved)
}

async fn start(
    connection: &Connection,
    dossier: &str,
) -> Result<tonic::Streaming<motlan_proto::dossier::v1::ResolveDossierResponse>, Failure> {
    let request = ResolveDossierRequest { dossier_code: dossier.to_owned(), ..Default::default() };
    Ok(connection.dossiers().resolve_dossier(request).await.map_err(Refusal::from)?.into_inner())
}

/// `motlan verify`. A mismatch and an unknown id are a no (exit code 1).
pub async fn verify(args: &VerifyArgs, out: &mut dyn Write) -> Ended {
    let birth_date =
        args.birth_date.as_deref().map(date).transpose().map_err(|p| Failure::new(Exit::Usage, p))?;
    let basis = match (&args.dossier, &args.purpose) {
        (Some(code), _) => purpose::Basis::DossierCode(code.clone()),
        (None, id) => purpose::Basis::RegisteredPurposeId(id.clone().unwrap_or_default()),
    };
    let request = VerifyIdentityRequest {
        purpose: Some(Purpose { basis: Some(basis) }),
        subject: Some(person_key(&args.id)),
        full_name: args.name.clone(),
        birth_date,
        max_age: None,
    };
    let connection = connect(&args.client).await?;
    let answer = connection.population().verify_identity(request).await.map_err(Refusal::from)?.into_inner();
    let exit = if answer.outcome() == Outcome::Match { Exit::Ok } else { Exit::No };
    if args.client.json {
        print(out, "motlan.population.v1.VerifyIdentityResponse", &answer)?;
    } else {
        verdict::write(&answer, Look::of_stdout(), out)?;
    }
    Ok(exit)
}

/// A date as people type it, in the contract's form.
fn date(text: &str) -> Result<String, String> {
    let problem = || {
        "ngày sinh phải có dạng dd/MM/yyyy, yyyy-MM-dd, yyyyMMdd, yyyy-MM hoặc yyyy / the birth date is not \
         dd/MM/yyyy, yyyy-MM-dd, yyyyMMdd, yyyy-MM or yyyy"
            .to_owned()
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [day, month, year] if [day, month, year].into_iter().all(|part| digits(part)) => {
            Ok(format!("{year}-{month:0>2}-{day:0>2}"))
        }
        [one] if digits(one) && one.len() == 8 => Ok(format!("{}-{}-{}", &one[..4], &one[4..6], &one[6..])),
        [one] if one.split('-').all(digits) && one.starts_with(|c: char| c.is_ascii_digit()) => {
            Ok((*one).to_owned())
        }
        _ => Err(problem()),
    }
}

fn print(out: &mut dyn Write, name: &str, message: &impl serde::Serialize) -> Ended {
    let json = Contract::load()?.json(name, message)?;
    writeln!(out, "{json:#}")?;
    Ok(Exit::Ok)
}
