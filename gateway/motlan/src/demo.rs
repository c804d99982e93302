//! `motlan demo`: the whole thing once, on synthetic people, over the wire.
//!
//! A temporary folder, the registries and a gateway in this process; the portal
//! opens a dossier on a citizen's behalf, the office that decides it resolves
//! it, the auditor reads what that left in the log.

mod object;

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context as _;
use motlan_catalogue::Procedure;
use motlan_domain::Clock;
use motlan_domain::id::ProcedureCode;
use motlan_proto::audit::v1::{Entry, SearchEntriesRequest};
use motlan_proto::common::v1::Receipt;
use motlan_proto::dossier::v1::opening_evidence::Evidence;
use motlan_proto::dossier::v1::{OpenDossierResponse, OpeningEvidence};

use crate::cli::DemoArgs;
use crate::client::{Refusal, receipt_line, resolve_all, search_all};
use crate::clock::SystemClock;
use crate::config::{LogFormat, LogSection};
use crate::exit::{Ended, Exit, Failure, OrExit};
use crate::report::{self, Resolved};
use crate::run::StopSignal;
use crate::sandbox::{DEATH_REGISTRATION, Plan, Running, TokenSpec, WorldOptions};
use crate::telemetry::log_to_stderr;
use crate::term::{Look, Tone};

/// The serial of the demo's dossier.
const SERIAL: u32 = 7;

/// The most audit entries that are shown; a resolve causes some dozens.
const ENTRIES: usize = 2_000;

/// What a run of the demo came to.
pub struct Outcome {
    /// What was planned: procedure, case, agency, subjects.
    pub plan: Plan,
    /// The dossier's code.
    pub dossier: String,
    /// Where the opening stands in the log.
    pub opened: Option<Receipt>,
    /// What the resolve told.
    pub resolved: Resolved,
    /// The entries all this caused, oldest first.
    pub entries: Vec<Entry>,
}

/// Runs the demo.
pub async fn run(args: &DemoArgs, out: &mut dyn Write) -> Ended {
    log_to_stderr(&LogSection { filter: "error".to_owned(), format: LogFormat::Text });
    // From here on, interrupted at any time, it stops in order and leaves no
    // folder behind.
    let stop = StopSignal::listen().or_exit(Exit::Internal)?;
    let folder = tempfile::tempdir().context("no temporary folder can be made").or_exit(Exit::Unavailable)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let running = Running::start(WorldOptions::new(folder.path(), clock)).await?;
    let ended = tokio::select! {
        biased;
        () = stop.received() => Err(Failure::new(Exit::Interrupted, "đã dừng theo yêu cầu / interrupted")),
        ended = tell(&running, args, out) => ended,
    };
    let stopped = running.stop().await;
    let exit = ended?;
    stopped.or_exit(Exit::Internal)?;
    Ok(exit)
}

async fn tell(running: &Running, args: &DemoArgs, out: &mut dyn Write) -> Ended {
    let procedure = procedure(running, &args.procedure)?;
    let plan = running.world().plan(&procedure, args.case.as_deref(), args.family).or_exit(Exit::Usage)?;
    if args.json {
        let outcome = carry_out(running, plan, |_| ()).await?;
        writeln!(out, "{:#}", object::of(&outcome))?;
        return Ok(Exit::Ok);
    }
    let look = Look::of_stdout();
    heading(&procedure, &plan, look, out)?;
    out.flush()?;
    let progress = Look::of_stderr();
    let outcome = carry_out(running, plan, |component| {
        // Progress is a courtesy: a closed stderr stops nothing.
        let _ = writeln!(io::stderr(), "{}", report::progress(component, progress));
    })
    .await?;
    show(&outcome, look, out)?;
    Ok(Exit::Ok)
}

fn procedure(running: &Running, code: &str) -> Result<Procedure, Failure> {
    let catalogue = running.world().catalogue();
    let found = ProcedureCode::parse(code).ok().and_then(|code| catalogue.procedure(&code).cloned());
    found.ok_or_else(|| {
        let known: Vec<&str> = catalogue.procedures().map(|procedure| procedure.code.as_str()).collect();
        Failure::new(
            Exit::Usage,
            format!(
                "không có thủ tục {code} trong danh mục / the catalogue has no procedure {code}; it has {}",
                known.join(", ")
            ),
        )
    })
}

/// Opens, resolves and reads the log, telling each component as it is decided.
pub async fn carry_out(
    running: &Running,
    plan: Plan,
    progress: impl FnMut(&motlan_proto::dossier::v1::ComponentResult),
) -> Result<Outcome, Failure> {
    let dossier = plan.dossier_code(SERIAL);
    let opened = open(running, &plan, &dossier).await?;
    let office = running.world().cast().of_agency(&plan.agency);
    let office = office.with_context(|| format!("the sandbox has no office of {}", plan.agency))?;
    let resolved = resolve_all(&running.connect(&office.id)?, &dossier, progress).await?;
    let request = SearchEntriesRequest { dossier_code: dossier.clone(), ..Default::default() };
    let mut entries = search_all(&running.connect("auditor")?, request, ENTRIES).await?;
    entries.reverse();
    Ok(Outcome { plan, dossier, opened: opened.receipt, resolved, entries })
}

/// The portal opens the dossier: the applicant is at it, and it has accepted
/// the papers.
async fn open(running: &Running, plan: &Plan, dossier: &str) -> Result<OpenDossierResponse, Failure> {
    let world = running.world();
    let portal = world.cast().member("portal").context("the sandbox has no portal")?;
    let token = TokenSpec::citizen(&plan.applicant, &portal.credential.thumbprint, world.now());
    let token = world.issuers().sign(&token)?;
    let mut request = plan.request(dossier);
    let receipt = world.acceptance(&request)?;
    request.evidence = Some(OpeningEvidence { evidence: Some(Evidence::AcceptanceReceipt(receipt)) });
    let connection = running.connect("portal")?.with_token(Some(&token))?;
    Ok(connection.dossiers().open_dossier(request).await.map_err(Refusal::from)?.into_inner())
}

fn heading(procedure: &Procedure, plan: &Plan, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let case = procedure.case(&plan.case).map_or("", |case| case.name_vi.as_str());
    writeln!(out, "{}", look.paint(&format!("{} {}", procedure.code, procedure.name_vi), Tone::Strong))?;
    write!(out, "{}", look.paragraph(&format!("Trường hợp: {case} ({})", plan.case), 2))?;
    write!(out, "{}", look.paragraph(&format!("Cơ quan giải quyết: {}", plan.agency), 2))?;
    if plan.procedure == DEATH_REGISTRATION {
        let scene = "Cảnh giả lập: việc chết đang được đăng ký, nên cơ sở dữ liệu dân cư chưa ghi nhận / \
                     the death is only being registered, so population does not record it yet";
        write!(out, "{}", look.paint(&look.paragraph(scene, 2), Tone::Faint))?;
    }
    let notice = "Mọi người và giấy tờ dưới đây đều là giả lập / everybody and everything below is synthetic";
    write!(out, "{}", look.paint(&look.paragraph(notice, 2), Tone::Faint))
}

fn show(outcome: &Outcome, look: Look, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let opened = outcome.opened.as_ref().map(receipt_line).unwrap_or_default();
    writeln!(out, "{} {} ({opened})\n", look.paint("Hồ sơ", Tone::Strong), outcome.dossier)?;
    report::write(&outcome.resolved, look, out)?;
    writeln!(out)?;
    let count = outcome.entries.len();
    writeln!(
        out,
        "{}",
        look.paint(&format!("Nhật ký kiểm toán mang mã hồ sơ này: {count} bản ghi"), Tone::Strong)
    )?;
    let others = "Không liệt kê bản ghi không mang mã hồ sơ: bí danh mới (subject.created), cấu hình khi khởi động \
                  (config.loaded), việc đọc nhật ký (log.read) / entries without the code are not listed";
    write!(out, "{}", look.paint(&look.paragraph(others, 2), Tone::Faint))?;
    report::entries(&outcome.entries, look, out)
}
