//! The log's key changes, and a log is given up for another, as an operator does
//! it: with the program, a gateway that is started and stopped, and auditors who
//! hold what they held before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

mod registry;

use std::path::{Path, PathBuf};

use motlan_audit_tree::{Rotation, SigningKey};
use motlan_e2e::{PATIENCE, copy_folder};
use motlan_harness::{Program, Served, Site, World};
use motlan_proto::audit::v1::{EntryKind, GetCheckpointRequest, GetEntryRequest, GetInclusionProofRequest};
use serde_json::{Value, json};

/// A site with a key file of its own, and what auditors were given of it.
struct Office {
    world: World,
    program: Program,
    site: Site,
    keys: PathBuf,
    /// The key file as it was at first.
    first: PathBuf,
    /// Where receipts and checkpoints are kept, outside the log.
    kept: PathBuf,
}

// === impl Office ===

impl Office {
    async fn new() -> Self {
        let world = World::start().await.unwrap();
        let program = Program::built().unwrap();
        let folder = world.folder().canonicalize().unwrap();
        let (keys, kept, first) =
            (folder.join("served.keys"), folder.join("kept"), folder.join("first.keys"));
        std::fs::create_dir(&kept).unwrap();
        let site = world.site("served", &[("keys = ", "keys = \"served.keys\"")]).unwrap();
        let office = Self { world, program, site, keys, first, kept };
        let keys = office.keys.clone();
        office.must(&["keys", "new", "--audit", keys.to_str().unwrap()], 0).await;
        std::fs::copy(&office.keys, &office.first).unwrap();
        office
    }

    fn log(&self) -> PathBuf {
        self.site.state().join("log")
    }

    fn config(&self) -> PathBuf {
        self.world.folder().canonicalize().unwrap().join("served.toml")
    }

    async fn start(&self) -> Served {
        self.program.serve(&self.site, None).await.unwrap()
    }

    /// Runs a command that must end so; what it printed.
    async fn must(&self, args: &[&str], code: i32) -> String {
        let output = self.program.run(args).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let told = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        told
    }

    /// Asks something; keeps its receipt and the checkpoint of that time.
    async fn ask(&self, name: &str) {
        let mut audit = self.world.connect_to(&self.site, "auditor").unwrap().audit();
        let told = audit.get_entry(GetEntryRequest { index: 0 }).await.unwrap().into_inner();
        let receipt = told.receipt.unwrap();
        let leaf = hex::encode(&receipt.leaf_hash);
        let json = json!({ "origin": receipt.origin, "index": receipt.index, "leafHash": leaf });
        std::fs::write(self.kept.join(format!("{name}.receipt")), json.to_string()).unwrap();
        // It waits for the checkpoint that covers the entry.
        let proved = GetInclusionProofRequest { index: receipt.index, size: 0 };
        audit.get_inclusion_proof(proved).await.unwrap();
        let checkpoint = audit.get_checkpoint(GetCheckpointRequest {}).await.unwrap().into_inner();
        std::fs::write(self.kept.join(format!("{name}.checkpoint")), checkpoint.checkpoint).unwrap();
    }

    /// Runs `audit prove` or `audit watch` as the auditor, by that key.
    async fn followed(&self, command: &str, key: &str, more: &[&str], code: i32) -> String {
        let at = |path: PathBuf| path.to_str().unwrap().to_owned();
        let client = at(self.world.folder().join("clients/auditor"));
        let state = at(self.world.folder().join("watched"));
        let mut args =
            vec!["audit", command, "--client", &client, "--endpoint", self.site.grpc(), "--key", key];
        if command == "watch" {
            args.extend(["--state", &state]);
        }
        args.extend(more);
        self.must(&args, code).await
    }

    /// Whoever holds the first key proves and watches on, after the next one has
    /// taken its place; and is told where it is not followed.
    async fn follow(&self, known: &str) {
        let log = self.log();
        let (log, limit) = (log.to_str().unwrap(), ["--limit", "1"]);
        let state = self.world.folder().join("watched");
        let before = std::fs::read(&state).unwrap();
        let kept = self.kept.join("before.receipt");
        for more in [&[][..], &["--log", log]] {
            // From the state of before, and then from its own.
            std::fs::write(&state, &before).unwrap();
            for _ in 0..2 {
                self.followed("watch", known, &[&limit[..], more].concat(), 0).await;
            }
            self.followed("prove", known, &[&["--receipt", kept.to_str().unwrap()], more].concat(), 0).await;
        }
        // Where there is no published log, nothing is told of the gateway's.
        let other = self.world.folder().join("no-log");
        std::fs::create_dir(&other).unwrap();
        std::fs::write(&state, &before).unwrap();
        for place in [other.clone(), other.join("missing")] {
            let none = [&limit[..], &["--log", place.to_str().unwrap()]].concat();
            let prove = ["--receipt", kept.to_str().unwrap(), "--log", none[3]];
            for (command, more) in [("watch", &none[..]), ("prove", &prove)] {
                let told = self.followed(command, known, more, 2).await;
                assert!(told.contains("there is no published log") && !told.contains("ALARM"), "{told}");
            }
        }
        // What a copy from before the change does not state, the gateway does.
        std::fs::copy(self.log().join("checkpoint"), other.join("checkpoint")).unwrap();
        let copy = [&limit[..], &["--log", other.to_str().unwrap()]].concat();
        self.followed("watch", known, &copy, 0).await;
        // Two keys after one are an alarm, with both statements, whoever signs now.
        let (origin, second) = (known.split('+').next().unwrap(), [9; 32]);
        let text = std::fs::read_to_string(&self.first).unwrap();
        let seed = text.lines().find_map(|line| line.strip_prefix("log_key ")).unwrap();
        let first = SigningKey::from_seed(origin, &hex::decode(seed).unwrap().try_into().unwrap()).unwrap();
        let branch =
            Rotation::sign(&first, &SigningKey::from_seed(origin, &second).unwrap()).unwrap().to_string();
        std::fs::create_dir(other.join("keys")).unwrap();
        std::fs::write(other.join("keys/1"), &branch).unwrap();
        let published = std::fs::read_to_string(self.log().join("keys/1")).unwrap();
        let prove = ["--receipt", kept.to_str().unwrap(), "--log", copy[3]];
        for (command, more) in [("watch", &copy[..]), ("prove", &prove)] {
            let told = self.followed(command, known, more, 1).await;
            assert!(told.contains(&branch) && told.contains(&published), "{told}");
        }

        // Who is refused learned nothing of the log: that is no alarm.
        let folder = |caller: &str| self.world.folder().join("clients").join(caller);
        let watch = |client: PathBuf, endpoint: &str| {
            let args = ["audit", "watch", "--key", known, "--limit", "1", "--endpoint", endpoint];
            let (client, state) = (client.display().to_string(), state.display().to_string());
            let more = ["--client".to_owned(), client, "--state".to_owned(), state];
            args.map(str::to_owned).into_iter().chain(more).collect::<Vec<_>>()
        };
        for (args, reason) in [
            (watch(folder("one-stop"), self.site.grpc()), "AUDITOR_ONLY"),
            (watch(folder("auditor"), "127.0.0.1:1"), "cannot connect"),
        ] {
            let told = self.must(&args.iter().map(String::as_str).collect::<Vec<_>>(), 2).await;
            assert!(told.contains("no alarm") && told.contains(reason), "{told}");
        }
        std::fs::write(&state, &before).unwrap();
    }

    /// What `audit verify` says of a log, with all that was kept.
    async fn verified(&self, log: &Path, key: &str) -> Value {
        let mut args: Vec<String> =
            ["audit", "verify", "--json", "--deep", "--log"].map(str::to_owned).to_vec();
        args.extend([log.display().to_string(), "--key".to_owned(), key.to_owned()]);
        for file in std::fs::read_dir(&self.kept).unwrap().map(|file| file.unwrap().path()) {
            let kind = file.extension().unwrap().to_str().unwrap();
            args.extend([format!("--{kind}"), file.display().to_string()]);
        }
        let output = self.program.run(&args).await.unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Polls the published checkpoint until it has so many signatures.
    async fn signed(&self, signatures: usize) {
        let count = || {
            let note = std::fs::read_to_string(self.log().join("checkpoint")).unwrap();
            note.lines().filter(|line| line.starts_with('\u{2014}')).count()
        };
        let waited = tokio::time::timeout(PATIENCE, async {
            while count() != signatures {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("never {signatures} signatures"));
    }
}

/// The keys in the file beside a published log.
fn public(log: &Path) -> Vec<String> {
    let mut file = log.as_os_str().to_owned();
    file.push(".pub");
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_key_changes_and_the_old_one_verifies_everything() {
    let office = Office::new().await;
    let (keys, log) = (office.keys.to_str().unwrap(), office.log());
    let retire = ["keys", "retire-log", keys, "--log", log.to_str().unwrap()];
    let served = office.start().await;
    office.ask("before").await;
    let warned = "in production it must lie elsewhere";
    assert!(office.site.said().contains(warned), "keys beside the log are told");
    let known = public(&log).remove(0);
    office.followed("watch", &known, &["--from", "1", "--limit", "1"], 0).await;
    office.must(&retire, 1).await;
    let told = office.must(&["keys", "rotate-log", keys], 0).await;
    assert!(told.contains("Khởi động lại cổng") && told.contains("Restart the gateway"), "{told}");
    office.ask("begun").await;
    served.interrupt().await.unwrap();
    let first = public(&log);
    assert_eq!(first.len(), 1);
    office.must(&retire, 1).await;

    // Killed, not stopped: the next start goes on.
    let served = office.start().await;
    office.signed(2).await;
    served.kill().await.unwrap();
    let served = office.start().await;
    office.ask("overlap").await;
    office.signed(2).await;
    let report = office.verified(&log, &first[0]).await;
    assert_eq!((&report["verdict"], &report["fault"]), (&json!("ok"), &Value::Null));
    assert_eq!(report["keys"]["signed"].as_array().unwrap().len(), 2);

    // Retired while it runs, it signs with both until its next start.
    office.must(&retire, 0).await;
    office.ask("retired").await;
    served.interrupt().await.unwrap();
    let served = office.start().await;
    office.ask("after").await;
    office.signed(1).await;
    office.follow(&known).await;
    served.interrupt().await.unwrap();
    let both = public(&log);
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    let report = office.verified(&log, &first[0]).await;
    assert_eq!((&report["verdict"], &report["fault"]), (&json!("ok"), &Value::Null));
    assert_eq!(report["keys"], json!({ "reached": [both[1]], "signed": [both[1]] }));
    assert_eq!(report["checked"]["receipts"], 5, "of every time");
    // Control: a statement less, and the old key verifies nothing.
    std::fs::rename(log.join("keys/1"), log.join("keys/x")).unwrap();
    let report = office.verified(&log, &first[0]).await;
    assert_eq!(report["fault"]["code"], "CHECKPOINT_SIGNATURE");
}

#[tokio::test]
async fn a_log_that_was_rolled_back_is_given_up_for_another() {
    let office = Office::new().await;
    let served = office.start().await;
    office.ask("first").await;
    served.interrupt().await.unwrap();
    let (audit, backup) = (office.site.audit(), office.world.folder().join("backup"));
    copy_folder(&audit, &backup);
    let served = office.start().await;
    office.ask("second").await;
    served.interrupt().await.unwrap();
    let config = office.config();
    let recover = |origin: &'static str, more: &[&'static str]| {
        let mut args = vec!["audit", "recover", "--config", config.to_str().unwrap(), "--origin", origin];
        args.extend(["--reason", "a backup was put back", "--operator", "binh.tran"]);
        args.extend(more);
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = async |args: Vec<String>, code: i32| {
        office.must(&args.iter().map(String::as_str).collect::<Vec<_>>(), code).await
    };
    // Sound, it is not given up.
    let told = run(recover("motlan.example/second", &[]), 1).await;
    assert!(told.contains("needs no recovery"), "{told}");

    std::fs::remove_dir_all(&audit).unwrap();
    copy_folder(&backup, &audit);
    let refused = office.program.serve(&office.site, None).await.map(drop).unwrap_err();
    assert!(format!("{refused:#}").contains("are published"), "{refused:#}");
    run(recover("Not a name", &[]), 2).await;
    let told = run(recover("motlan.example/second", &[]), 0).await;
    for part in ["Việc tiếp theo", "what is next", "origin = \"motlan.example/second\"", " after "] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // Once.
    run(recover("motlan.example/third", &[]), 69).await;
    run(recover("motlan.example/third", &["--force"]), 1).await;
    let refused = office.program.serve(&office.site, None).await.map(drop).unwrap_err();
    assert!(format!("{refused:#}").contains("motlan.example/second"), "{refused:#}");

    // The lines it told, in the place of those that were there.
    let text = std::fs::read_to_string(&config).unwrap();
    let (mut changed, mut inside) = (0, false);
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            inside = if line.starts_with('[') { line == "[audit]" } else { inside };
            let key = line.split('=').next().unwrap();
            let new = told.lines().map(str::trim).find(|new| !key.is_empty() && new.starts_with(key));
            match new.filter(|_| inside && line.contains('=')) {
                Some(new) => {
                    changed += 1;
                    new.to_owned()
                }
                None => line.to_owned(),
            }
        })
        .collect();
    assert_eq!(changed, 4, "{lines:?}");
    std::fs::write(&config, lines.join("\n")).unwrap();
    let served = office.start().await;
    let mut client = office.world.connect_to(&office.site, "auditor").unwrap().audit();
    let first = client.get_entry(GetEntryRequest { index: 0 }).await.unwrap().into_inner().entry.unwrap();
    assert_eq!((first.kind(), first.origin.as_str()), (EntryKind::LogBegun, "motlan.example/second"));
    let entry: Value = serde_json::from_slice(&first.canonical).unwrap();
    let shown = std::fs::read_to_string(office.log().join("checkpoint")).unwrap();
    assert_eq!(entry["begun"]["checkpoint"], shown);
    assert_eq!(
        (&entry["begun"]["operator"], &entry["begun"]["reason"]),
        (&json!("binh.tran"), &json!("a backup was put back"))
    );
    served.interrupt().await.unwrap();

    // Both verify, each by its own key; the old one with all that was kept of it.
    let old = office.log();
    let report = office.verified(&old, &public(&old)[0]).await;
    assert_eq!(report["fault"], Value::Null);
    std::fs::remove_dir_all(&office.kept).unwrap();
    std::fs::create_dir(&office.kept).unwrap();
    let new = office.site.state().join("log-2");
    let report = office.verified(&new, &public(&new)[0]).await;
    assert_eq!((&report["fault"], &report["origin"]), (&Value::Null, &json!("motlan.example/second")));
    registry::all_there_are(&office, &old, &new).await;
}
