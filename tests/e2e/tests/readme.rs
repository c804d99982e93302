//! The README's first configuration, run as it stands: from nothing to a
//! gateway that answers a caller.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code: a failure is a panic")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use motlan::client::{Connection, Credentials};
use motlan_harness::Program;
use motlan_proto::catalogue::v1::GetProcedureRequest;
use tokio::time::timeout;

const README: &str = include_str!("../../../README.md");

/// How long the gateway may take to be ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The commands below the mark of this file.
fn commands() -> &'static str {
    let (_, rest) =
        README.split_once("<!-- run by tests/e2e/tests/readme.rs -->\n```sh\n").expect("the mark");
    let (commands, _) = rest.split_once("\n```\n").expect("the block ends");
    commands
}

/// Runs them from the clone, with the built program on the path and the trial
/// in a folder of its own.
fn run(program: &Program, temporary: &Path) -> (bool, String, String) {
    let path = format!(
        "{}:{}",
        program.path().parent().unwrap().display(),
        std::env::var_os("PATH").expect("a path").to_str().unwrap()
    );
    let output = Command::new("bash")
        .args(["-eu", "-c", commands()])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("PATH", path)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// Two loopback ports that are free now, below those of outgoing connections.
fn free_ports() -> [u16; 2] {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = (20_000 + std::process::id() as u16 % 10_000..32_000).filter(free);
    [ports.next().unwrap(), ports.next().unwrap()]
}

#[tokio::test]
async fn the_first_configuration_comes_from_nothing_and_serves() {
    let program = Program::built().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let (done, told, errors) = run(&program, temporary.path());
    assert!(done, "{told}\n{errors}");
    assert!(errors.contains("13 mistakes") && errors.contains("server.certificate: cannot read"), "{errors}");
    assert!(told.trim_end().ends_with("no mistake (Production mode, 5 callers)"), "{told}");

    // The ports alone are ours: the README's may be taken.
    let etc = temporary.path().join("motlan-trial/etc");
    let file = etc.join("motlan.toml");
    let [grpc, probe] = free_ports();
    let mut text = std::fs::read_to_string(&file).unwrap();
    for (from, to) in [("0.0.0.0:8443", grpc), ("127.0.0.1:9090", probe)] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, &format!("127.0.0.1:{to}"));
    }
    std::fs::write(&file, text).unwrap();
    let mut gateway = tokio::process::Command::new(program.path())
        .args(["serve", "--config"])
        .arg(&file)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();

    let url = format!("http://127.0.0.1:{probe}/readyz");
    let ready = async {
        loop {
            assert!(gateway.try_wait().unwrap().is_none(), "the gateway ended");
            if let Ok(answer) = reqwest::get(&url).await {
                return answer.text().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ready = timeout(PATIENCE, ready).await.expect("the gateway is ready");
    assert!(README.contains(&ready), "the README promises another answer than {ready}");

    // The caller that was issued a certificate is one.
    let read = |name: &str| std::fs::read_to_string(etc.join("tls").join(name)).unwrap();
    let credentials = Credentials {
        certificate: read("portal.pem"),
        key: read("portal.key"),
        authority: read("clients-ca.pem"),
        token: None,
    };
    let portal = Connection::open(&format!("https://localhost:{grpc}"), &credentials).await.unwrap();
    let request = GetProcedureRequest { procedure_code: "1.004222".to_owned() };
    let told = portal.catalogue().get_procedure(request).await.unwrap().into_inner();
    assert_eq!(told.procedure.unwrap().name_vi, "Đăng ký thường trú");

    let id = gateway.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    assert!(timeout(PATIENCE, gateway.wait()).await.expect("it stops").unwrap().success());
}
