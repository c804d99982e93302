//! A gateway and two offices that witness its log, each a process of its own:
//! what they cosigned is shown, one that is gone stops nobody, and a log that
//! was put back to an older copy does not serve.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::time::Duration;

use motlan_audit_tree::{SignedCheckpoint, TrustedLog, VerifierKey};
use motlan_e2e::{PATIENCE, copy_folder};
use motlan_harness::{Office, Program, Refusal, Served, Site, Witnessing, World};
use motlan_proto::audit::v1::{GetCheckpointRequest, GetCheckpointResponse, SearchEntriesRequest};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::Code;

/// A world, a gateway's site in it, and two running witnesses.
struct Stage {
    world: World,
    site: Site,
    program: Program,
    offices: [Office; 2],
    witnesses: Vec<Witnessing>,
    folder: TempDir,
}

impl Stage {
    /// Both witnesses are needed, and `settings` of `[audit]` stand besides.
    async fn set(settings: &str) -> Self {
        let world = World::start().await.unwrap();
        let program = Program::built().unwrap();
        // The served gateway's log has the world's key and name.
        let log_key = std::fs::read_to_string(world.folder().join("log.pub")).unwrap();
        let folder = tempfile::tempdir_in(world.folder()).unwrap();
        let mut offices = [
            program.office(folder.path(), "w1", log_key.trim_end()).await.unwrap(),
            program.office(folder.path(), "w2", log_key.trim_end()).await.unwrap(),
        ];
        let mut witnesses = Vec::new();
        for office in &mut offices {
            witnesses.push(program.witness(office).await.unwrap());
        }
        let named: String = offices.iter().map(|office| office.settings().unwrap()).collect();
        let site =
            world.site("served", &[("segment_mib = ", &format!("segment_mib = 8\n{settings}{named}"))]);
        Self { world, site: site.unwrap(), program, offices, witnesses, folder }
    }

    async fn serve(&self) -> Served {
        self.program.serve(&self.site, None).await.unwrap()
    }

    /// A read of the log, which is an entry: what it came to.
    async fn read(&self) -> Result<u64, Refusal> {
        let mut audit = self.world.connect_to(&self.site, "auditor").unwrap().audit();
        let page = audit.search_entries(SearchEntriesRequest::default()).await.map_err(Refusal::from)?;
        Ok(page.into_inner().receipt.expect("a receipt").index)
    }

    async fn checkpoint(&self) -> GetCheckpointResponse {
        let mut audit = self.world.connect_to(&self.site, "portal").unwrap().audit();
        audit.get_checkpoint(GetCheckpointRequest {}).await.unwrap().into_inner()
    }

    /// The witnessed checkpoint, once it covers that entry.
    async fn witnessed(&self, index: u64) -> GetCheckpointResponse {
        let looking = async {
            loop {
                let told = self.checkpoint().await;
                if told.witnessed_size > index {
                    return told;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("it is witnessed in time")
    }

    /// A number of `/metrics`: of the line that begins so.
    async fn number(&self, line: &str) -> f64 {
        let page = reqwest::get(format!("http://{}/metrics", self.site.probe())).await.unwrap();
        let page = page.text().await.unwrap();
        let found = page.lines().find_map(|told| told.strip_prefix(line));
        found.unwrap_or_else(|| panic!("no {line} in {page}")).trim().parse().unwrap()
    }

    async fn until(&self, line: &str, wanted: impl Fn(f64) -> bool) {
        let looking = async {
            while !wanted(self.number(line).await) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, looking).await.is_ok(), "never as wanted: {line}");
    }

    fn log(&self) -> TrustedLog {
        let key = std::fs::read_to_string(self.site.state().join("log.pub")).unwrap();
        key.trim_end().parse::<VerifierKey>().unwrap().into()
    }
}

const AGE: &str = "motlan_audit_witness_age_seconds ";

#[tokio::test]
async fn a_quorum_vouches_for_the_log_and_one_that_is_gone_stops_nobody() {
    let mut stage = Stage::set("").await;
    let served = stage.serve().await;
    let read = stage.read().await.unwrap();
    let told = stage.witnessed(read).await;
    let checkpoint = SignedCheckpoint::open(told.witnessed.as_bytes(), &stage.log()).unwrap();
    let keys: Vec<VerifierKey> =
        stage.offices.iter().map(|office| office.public().unwrap().parse().unwrap()).collect();
    assert_eq!(checkpoint.cosigned_by(&keys).unwrap().len(), 2, "both are needed");
    assert_eq!(
        (checkpoint.head().size, told.verifier_key),
        (told.witnessed_size, stage.log().keys[0].to_string())
    );
    let file = std::fs::read(stage.site.state().join("log/witnessed")).unwrap();
    assert!(SignedCheckpoint::open(&file, &stage.log()).unwrap().head().size >= told.witnessed_size);

    // One is gone: nothing is witnessed any more, and everything goes on.
    stage.witnesses.pop().unwrap().kill().await.unwrap();
    let last = stage.read().await.unwrap();
    stage.until(AGE, |age| age > 2.0).await;
    let gone = "motlan_audit_witness_submissions_total{motlan_witness=\"witness.example/w2\",motlan_outcome=\"UNAVAILABLE\"} ";
    stage.until(gone, |count| count > 0.0).await;
    stage.read().await.expect("traffic goes on");
    assert!(served.readiness().await.unwrap().ready);
    assert!(stage.checkpoint().await.witnessed_size <= last);
    // It comes back, and vouches for all there is.
    let back = stage.program.witness(&mut stage.offices[1]).await.unwrap();
    stage.witnessed(last).await;
    stage.witnesses.push(back);

    // The offline verifier says the same.
    let verified = stage.verify().await;
    assert!(verified["witnessed"]["size"].as_u64().unwrap() > last, "{verified}");
    assert_eq!(verified["truncation"], "none_below_covered");

    // Whatever was written last has its witnesses when the gateway has stopped.
    let last = stage.read().await.unwrap();
    assert!(served.interrupt().await.unwrap().success());
    let (log, published) = (stage.log(), stage.site.state().join("log"));
    let size = |name: &str| {
        let file = std::fs::read(published.join(name)).unwrap();
        SignedCheckpoint::open(&file, &log).unwrap().head().size
    };
    assert!(size("checkpoint") > last, "the last entry is published");
    assert_eq!(size("witnessed"), size("checkpoint"));
    // One that is gone holds up no stop.
    let served = stage.serve().await;
    stage.witnessed(stage.read().await.unwrap()).await;
    stage.witnesses.pop().unwrap().kill().await.unwrap();
    stage.read().await.unwrap();
    let stopped = tokio::time::timeout(PATIENCE, served.interrupt()).await;
    assert!(stopped.expect("in time").unwrap().success());
    assert!(size("witnessed") < size("checkpoint"));
}

/// At a stop, as the changelog says: so long for the last checkpoint, and so long for
/// the witnesses. What else a stop takes is short where nobody asks for anything.
const LAST: Duration = Duration::from_secs(2 + 3);
const ELSE: Duration = Duration::from_secs(4);

/// It takes what it is asked, and says nothing.
#[tokio::test]
async fn a_witness_that_hangs_holds_up_no_stop() {
    let mut stage = Stage::set("").await;
    let hangs = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = hangs.local_addr().unwrap();
    let (asked, asks) = tokio::sync::watch::channel(0_u32);
    let mut hanging = JoinSet::new();
    hanging.spawn(async move {
        let mut held = Vec::new();
        while let Ok((taken, _)) = hangs.accept().await {
            held.push(taken);
            asked.send_modify(|asked| *asked += 1);
        }
    });
    stage.witnesses.pop().unwrap().kill().await.unwrap();
    let settings = stage.offices[1].settings().unwrap();
    let there = settings.split('"').nth(1).unwrap();
    stage.site.reconfigure(|text| text.replace(there, &format!("http://{address}/"))).unwrap();
    let served = stage.serve().await;
    stage.read().await.expect("nobody waits for it");
    assert!(*asks.borrow() > 0, "control: it is asked");
    let stopped = tokio::time::timeout(LAST + ELSE, served.interrupt()).await;
    assert!(stopped.expect("in time").unwrap().success());
}

#[tokio::test]
async fn a_log_that_was_put_back_does_not_serve() {
    let stage = Stage::set("").await;
    let served = stage.serve().await;
    stage.witnessed(stage.read().await.unwrap()).await;
    assert!(served.interrupt().await.unwrap().success());
    let older = stage.folder.path().join("older");
    copy_folder(stage.site.state(), &older);

    let served = stage.serve().await;
    stage.witnessed(stage.read().await.unwrap()).await;
    assert!(served.interrupt().await.unwrap().success());
    // The control: as it is, it serves.
    assert!(stage.serve().await.interrupt().await.unwrap().success());

    // As the witnesses, or an auditor, have it.
    let kept = stage.folder.path().join("kept");
    std::fs::copy(stage.site.state().join("log/checkpoint"), &kept).unwrap();
    std::fs::remove_dir_all(stage.site.state()).unwrap();
    copy_folder(&older, stage.site.state());
    let Err(refused) = stage.program.serve(&stage.site, None).await else { panic!("it serves") };
    let refused = format!("{refused:#}");
    for part in ["exit status: 69", "witness.example/w", "this log's key signed", "motlan audit recover"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    // Without witnesses nobody can tell: everything here is of one piece.
    stage
        .site
        .reconfigure(|text| {
            let (audit, rest) = text.split_once("[[audit.witness]]").unwrap();
            let (_, rest) = rest.split_once("\n[dossiers]").unwrap();
            format!("{audit}\n[dossiers]{rest}")
        })
        .unwrap();
    let served = stage.serve().await;
    stage.read().await.expect("the control: it serves");
    assert!(served.interrupt().await.unwrap().success());

    // Put back as a whole it opens, and is given up for another all the same for
    // who shows what was seen of it; the new one names that.
    std::fs::remove_dir_all(stage.site.state()).unwrap();
    copy_folder(&older, stage.site.state());
    let recover = async |more: &[&str], code: i32| {
        let config = stage.world.folder().join("served.toml");
        let mut args = vec!["audit", "recover", "--config", config.to_str().unwrap()];
        args.extend(["--origin", "motlan.example/next", "--operator", "binh.tran"]);
        args.extend(["--reason", "both folders were put back"]);
        args.extend(more);
        let ran = stage.program.run(&args).await.unwrap();
        let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        assert_eq!(ran.status.code(), Some(code), "{told}");
        told
    };
    let told = recover(&[], 1).await;
    assert!(told.contains("needs no recovery"), "{told}");
    let own = stage.folder.path().join("own");
    std::fs::copy(older.join("log/checkpoint"), &own).unwrap();
    let told = recover(&["--checkpoint", own.to_str().unwrap()], 1).await;
    assert!(told.contains("needs no recovery"), "what the log holds shows nothing: {told}");
    // A size that nobody signed.
    let forged = std::fs::read_to_string(&kept).unwrap().replacen('\n', "\n1", 1);
    std::fs::write(&own, forged).unwrap();
    let told = recover(&["--checkpoint", own.to_str().unwrap()], 65).await;
    assert!(told.contains("no checkpoint that the old log signed"), "{told}");
    let seen = SignedCheckpoint::open(&std::fs::read(&kept).unwrap(), &stage.log()).unwrap().head();
    let told = recover(&["--checkpoint", kept.to_str().unwrap()], 0).await;
    let named = format!("{} bản ghi / entries, {}", seen.size, hex::encode(seen.root));
    assert!(told.contains(&named), "{named}: {told}");
}

#[tokio::test]
async fn where_the_operator_wants_it_new_work_waits_for_witnesses() {
    let mut stage = Stage::set("stop_without_witness = \"5s\"\n").await;
    let served = stage.serve().await;
    stage.witnessed(stage.read().await.unwrap()).await;
    stage.witnesses.pop().unwrap().kill().await.unwrap();
    stage.read().await.expect("for a while it goes on");
    let reasons = served.until("it stops", |readiness| !readiness.ready).await.unwrap().reasons;
    assert_eq!(reasons, ["AUDIT_UNAVAILABLE", "UNWITNESSED"]);
    let refused = stage.read().await.expect_err("new work is refused");
    assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, "AUDIT_UNAVAILABLE"));
    let back = stage.program.witness(&mut stage.offices[1]).await.unwrap();
    served.until("it goes on", |readiness| readiness.ready).await.unwrap();
    stage.read().await.expect("it goes on");
    stage.witnesses.push(back);
    assert!(served.interrupt().await.unwrap().success());
}

impl Stage {
    /// What `motlan audit verify` says of the published folder.
    async fn verify(&self) -> serde_json::Value {
        let state = self.site.state();
        let (log, key) = (state.join("log"), state.join("log.pub"));
        let mut args =
            vec!["audit".to_owned(), "verify".to_owned(), "--json".to_owned(), "--deep".to_owned()];
        args.extend(["--log".to_owned(), log.display().to_string()]);
        args.extend(["--key".to_owned(), key.display().to_string()]);
        for office in &self.offices {
            args.extend(["--witness-key".to_owned(), office.public().unwrap().to_owned()]);
        }
        let told = self.program.run(args).await.unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
        serde_json::from_slice(&told.stdout).unwrap()
    }
}
