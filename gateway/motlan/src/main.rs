//! The `motlan` binary. Each command reads as a story in the library; here the
//! command line is read, one of them is run, and its end becomes an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser as _;
use motlan::cli::{AuditCommand, Cli, Command, ConfigCommand, KeysCommand, OriginsCommand, WitnessCommand};
use motlan::exit::{Ended, Exit, OrExit as _};
use motlan::{cli, client, demo, origins, prove, recover, reindex, run, verify, watch, witness};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Log, register and keys are their owner's alone, whoever makes the files.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = Cli::parse();
    let mut out = io::stdout().lock();
    let ended = answer(cli.command, &mut out).and_then(|exit| exit.told(out.flush()));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if failure.exit != Exit::Ok {
                // Without a standard error there is nobody left to tell.
                let _ = writeln!(io::stderr(), "motlan: {failure}");
            }
            failure.exit.into()
        }
    }
}

/// Runs the command. Those that only compute need no runtime.
fn answer(command: Command, out: &mut dyn Write) -> Ended {
    match command {
        Command::Id(args) => cli::id(&args, out),
        Command::Match(args) => cli::compare_names(&args, out),
        Command::Reasons(args) => cli::reasons(&args, out),
        Command::Config(ConfigCommand::Check { file }) => run::check(&file, out),
        Command::Keys(KeysCommand::New(args)) => cli::new_keys(&args, out),
        Command::Keys(KeysCommand::NewWitness(args)) => witness::new_key(&args, out),
        Command::Keys(KeysCommand::NewRegistry(args)) => origins::new_key(&args, out),
        Command::Audit(AuditCommand::Origins(OriginsCommand::Sign(args))) => origins::sign(&args, out),
        Command::Audit(AuditCommand::Origins(OriginsCommand::Verify(args))) => origins::verify(&args, out),
        Command::Keys(KeysCommand::RotateLog(args)) => cli::rotate_log(&args, out),
        Command::Keys(KeysCommand::RetireLog(args)) => cli::retire_log(&args, out),
        Command::Witness(WitnessCommand::New(args)) => witness::new(&args, out),
        other => {
            let runtime = run::runtime().or_exit(Exit::Unavailable)?;
            runtime.block_on(converse(other, out))
        }
    }
}

async fn converse(command: Command, out: &mut dyn Write) -> Ended {
    match command {
        Command::Demo(args) => demo::run(&args, out).await,
        Command::Sandbox(args) => run::sandbox(&args, out).await,
        Command::Serve(args) => run::serve(&args).await,
        Command::Witness(WitnessCommand::Run(args)) => witness::run(&args, out).await,
        Command::Open(args) => client::open(&args, out).await,
        Command::Resolve(args) => client::resolve(&args, out).await,
        Command::Get(args) => client::get(&args, out).await,
        Command::Close(args) => client::close(&args, out).await,
        Command::Verify(args) => client::verify(&args, out).await,
        Command::Audit(AuditCommand::Search(args)) => client::audit_search(&args, out).await,
        Command::Audit(AuditCommand::Verify(args)) => verify::run(args, out).await,
        Command::Audit(AuditCommand::Reindex(args)) => reindex::run(&args, out).await,
        Command::Audit(AuditCommand::Recover(args)) => recover::run(args, out).await,
        Command::Audit(AuditCommand::Prove(args)) => prove::run(&args, out).await,
        Command::Audit(AuditCommand::Watch(args)) => watch::run(&args, out).await,
        Command::Id(_)
        | Command::Match(_)
        | Command::Reasons(_)
        | Command::Config(_)
        | Command::Keys(_)
        | Command::Audit(AuditCommand::Origins(_))
        | Command::Witness(WitnessCommand::New(_)) => Ok(Exit::Internal),
    }
}
