//! The client commands: each one call, shown for people or as JSON.

use std::io::Write;

use anyhow::Context as _;
use motlan_proto::audit::v1::{Entry, SearchEntriesRequest};
use motlan_proto::common::v1::{Outcome, Purpose, purpose};
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{
    Assertion, OpenDossierRequest, OpeningEvidence, ResolveDossierRequest, resolve_dossier_response,
};
use motlan_proto::population::v1::{VerifyIdentityRequest, VerifyIdentityResponse};
use uuid::Uuid;

use super::json::Contract;
use super::{Connection, Refusal, connect, person_key, show, subject, subject_key};
use crate::cli::{OpenArgs, ResolveArgs, SearchArgs, SearchFilter, VerifyArgs};
use crate::exit::{Ended, Exit, Failure, OrExit};
use crate::receipt;
use crate::report::{self, Resolved};
use crate::term::{Look, Tone};

/// The most entries the gateway gives in a page.
const PAGE: usize = 200;

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
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
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
    let dossier = answer.dossier.unwrap_or_default();
    writeln!(out, "Đã mở hồ sơ / opened {}", dossier.code)?;
    let evidence = dossier.evidence().as_str_name().trim_start_matches("EVIDENCE_");
    writeln!(out, "  {} {} · {} · {evidence}", dossier.procedure_code, dossier.case, dossier.agency_code)?;
    if let Some(receipt) = &answer.receipt {
        writeln!(out, "  receipt: {}", show::receipt(receipt))?;
    }
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
        write_verdict(&answer, out)?;
    }
    Ok(exit)
}

fn write_verdict(answer: &VerifyIdentityResponse, out: &mut dyn Write) -> std::io::Result<()> {
    let look = Look::of_stdout();
    let tone = if answer.outcome() == Outcome::Match { Tone::Good } else { Tone::Wanting };
    let outcome = answer.outcome().as_str_name().trim_start_matches("OUTCOME_");
    let verdict = answer.verdict.clone().unwrap_or_default();
    let assurance = verdict.assurance().as_str_name().trim_start_matches("ASSURANCE_");
    let assurance = if assurance == "UNSPECIFIED" { "" } else { assurance };
    writeln!(out, "{} {assurance}", look.paint(outcome, tone))?;
    for finding in &verdict.findings {
        let field = finding.field().as_str_name().trim_start_matches("CLAIM_FIELD_").to_lowercase();
        let level = finding.level().as_str_name().trim_start_matches("FINDING_LEVEL_");
        writeln!(out, "  {field}: {level} {}", finding.code)?;
    }
    if let Some(receipt) = &answer.receipt {
        writeln!(out, "  receipt: {}", show::receipt(receipt))?;
    }
    Ok(())
}

/// A date as people type it, in the contract's form.
fn date(text: &str) -> Result<String, String> {
    let problem = || "the birth date is not dd/MM/yyyy, yyyy-MM-dd, yyyyMMdd or a year".to_owned();
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

/// `motlan audit search`.
pub async fn audit_search(args: &SearchArgs, out: &mut dyn Write) -> Ended {
    let request = search_request(&args.filter).map_err(|problem| Failure::new(Exit::Usage, problem))?;
    let connection = connect(&args.client).await?;
    let entries = search_all(&connection, request, args.filter.limit).await?;
    if args.client.json {
        let contract = Contract::load()?;
        for entry in &entries {
            writeln!(out, "{}", contract.json("motlan.audit.v1.Entry", entry)?)?;
        }
    } else {
        report::entries(&entries, Look::of_stdout(), out)?;
    }
    Ok(if entries.is_empty() { Exit::No } else { Exit::Ok })
}

fn search_request(filter: &SearchFilter) -> Result<SearchEntriesRequest, String> {
    let time = |text: &Option<String>| {
        let parsed = text.as_deref().map(|text| {
            text.parse::<jiff::Timestamp>()
                .map_err(|_| format!("`{text}` is not a time such as 2026-11-21T00:00:00Z"))
        });
        parsed.transpose().map(|time| time.map(Into::into))
    };
    let outcome = match filter.outcome.as_deref() {
        None => Outcome::Unspecified,
        Some(name) => {
            let full = format!("OUTCOME_{}", name.to_uppercase());
            Outcome::from_str_name(&full).ok_or_else(|| format!("`{name}` is no outcome"))?
        }
    };
    let subject = filter.person.as_deref().map(|id| subject_key("person", id)).transpose()?;
    Ok(SearchEntriesRequest {
        dossier_code: filter.dossier.clone().unwrap_or_default(),
        subject,
        agency_code: filter.agency.clone().unwrap_or_default(),
        officer_account: filter.officer.clone().unwrap_or_default(),
        procedure_code: filter.procedure.clone().unwrap_or_default(),
        outcome: outcome.into(),
        time_from: time(&filter.from)?,
        time_to: time(&filter.to)?,
        ..Default::default()
    })
}

/// Every entry that meets the filters, page by page, up to `limit`.
pub async fn search_all(
    connection: &Connection,
    mut request: SearchEntriesRequest,
    limit: usize,
) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    while entries.len() < limit {
        request.page_size = u32::try_from(PAGE.min(limit - entries.len())).unwrap_or(50);
        let page =
            connection.audit().search_entries(request.clone()).await.map_err(Refusal::from)?.into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    entries.truncate(limit);
    Ok(entries)
}

fn print(out: &mut dyn Write, name: &str, message: &impl serde::Serialize) -> Ended {
    let json = Contract::load()?.json(name, message)?;
    writeln!(out, "{json:#}")?;
    Ok(Exit::Ok)
}
