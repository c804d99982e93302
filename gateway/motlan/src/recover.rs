//! `motlan audit recover`: begins a log in the place of one that does not open
//! any more. Offline: the gateway does not run, and speaks to nobody.

use std::io::Write;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use motlan_audit::{
    AuditError, AuditLog, AuditOptions, FileKeyProvider, RecoverCause, RecoverError, Recovered, is_broken,
    is_put_back, known_outside, recover,
};
use motlan_audit_tree::SignedCheckpoint;
use motlan_domain::Clock;

use crate::cli::RecoverArgs;
use crate::clock::SystemClock;
use crate::config::{Config, origin};
use crate::exit::{Ended, Exit, Failure, OrExit as _};

/// The places of the new log, beside the old one's.
struct Places {
    options: AuditOptions,
    keys: PathBuf,
    /// Whether the published log lies elsewhere than in the folder.
    published: bool,
}

/// Runs the command.
pub async fn run(args: RecoverArgs, out: &mut dyn Write) -> Ended {
    let config = Config::read(&args.config).or_exit(Exit::Config)?;
    let wrong = |problem| Failure::new(Exit::Usage, format!("--origin: {problem}"));
    let origin = origin(&args.origin).map_err(wrong)?;
    if origin == config.audit.origin {
        return Err(Failure::new(
            Exit::Usage,
            "--origin: nhật ký mới cần một tên khác / the new log needs another name",
        ));
    }
    refuse_stranger(&config.audit.dir)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let outside = args.checkpoint.as_deref().map(|file| known_from(&config, file)).transpose()?;
    if !args.force {
        refuse_sound(&config, &clock, outside.as_ref()).await?;
    }
    let new = Places::beside(&config, &origin).or_exit(Exit::Unavailable)?;
    let made = FileKeyProvider::create(&new.keys);
    let told = || format!("không tạo được {0} / cannot make {0}", new.keys.display());
    made.map_err(|error| anyhow!(error).context(told())).or_exit(Exit::Unavailable)?;
    let keys = FileKeyProvider::open(&new.keys).or_exit(Exit::Unavailable)?;
    let cause = RecoverCause { operator: args.operator, reason: args.reason };
    let recovered = recover(&config.audit, new.options.clone(), Arc::new(keys), clock, cause, outside).await;
    let recovered = recovered.map_err(|error| {
        // Nothing was signed by them that anybody has seen.
        let _ = std::fs::remove_file(&new.keys);
        failure(error)
    })?;
    tell(&config, &new, &recovered, out)?;
    Ok(Exit::Ok)
}

/// What another user makes, the gateway could not open.
fn refuse_stranger(folder: &Path) -> Result<(), Failure> {
    let owner = std::fs::metadata(folder).map(|folder| folder.uid());
    if owner.is_ok_and(|owner| owner != rustix::process::geteuid().as_raw()) {
        let told = "hãy chạy lệnh bằng tài khoản của cổng, chủ sở hữu thư mục nhật ký / run this as the gateway's user, \
                    who owns the folder of the log";
        return Err(Failure::new(Exit::Usage, told));
    }
    Ok(())
}

/// The old log's keys.
fn old_keys(config: &Config) -> Result<FileKeyProvider, Failure> {
    let keys = FileKeyProvider::open(&config.audit_keys);
    keys.context("không dùng được tệp khóa / the audit keys cannot be used").or_exit(Exit::Config)
}

/// The checkpoint of the old log in a file that somebody outside kept.
fn known_from(config: &Config, file: &Path) -> Result<SignedCheckpoint, Failure> {
    let name = file.display();
    let note = std::fs::read(file).with_context(|| format!("không đọc được {name} / cannot read {name}"));
    let known = known_outside(&config.audit, &old_keys(config)?, &note.or_exit(Exit::Usage)?);
    let known = known.context("không đọc được nhật ký cũ / the old log cannot be read");
    known.or_exit(Exit::Unavailable)?.ok_or_else(|| {
        let told = format!(
            "{name}: không phải checkpoint do nhật ký cũ ký, hoặc được ký bằng khóa đã ngừng dùng / is no checkpoint \
             that the old log signed, or signed by a key that was retired before"
        );
        Failure::new(Exit::Data, told)
    })
}

/// A log that opens goes on, unless it is not the one that signed what is known
/// outside; one that could be mended is not given up for another.
async fn refuse_sound(
    config: &Config,
    clock: &Arc<dyn Clock>,
    outside: Option<&SignedCheckpoint>,
) -> Result<(), Failure> {
    let keys = old_keys(config)?;
    match AuditLog::open(config.audit.clone(), Arc::new(keys), Arc::clone(clock)).await {
        Ok((log, service)) => {
            let put_back = match outside {
                Some(outside) => is_put_back(&log, outside).await,
                None => Ok(Some(false)),
            };
            service.shutdown().await;
            let put_back = put_back.context("không đọc được nhật ký / the log cannot be read");
            match put_back.or_exit(Exit::Unavailable)? {
                Some(true) => {
                    tracing::warn!("the log opens, and is not the one that signed the checkpoint given");
                    Ok(())
                }
                Some(false) => Err(Failure::new(
                    Exit::No,
                    "nhật ký mở được bình thường, không cần khôi phục (--force nếu vẫn muốn) / the log opens as it is \
                     and needs no recovery (--force if you want one all the same)",
                )),
                None => Err(Failure::new(
                    Exit::Unavailable,
                    "chưa thể kết luận: phần đã công bố còn thiếu so với nhật ký và không tăng thêm; hãy kiểm tra thư mục \
                     công bố rồi thử lại (--force nếu không thể) / cannot tell: what is published lags behind the log \
                     and does not grow; look after the published folder and try again (--force if that cannot be)",
                )),
            }
        }
        Err(error) if is_broken(&error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the log does not open");
            Ok(())
        }
        Err(error) => {
            let told = "nhật ký không mở được vì lý do có thể sửa tại chỗ (--force nếu không thể) / the log does not \
                        open for a reason that can be mended in place (--force if it cannot)";
            Err(Failure { exit: Exit::Unavailable, cause: anyhow!(error).context(told) })
        }
    }
}

fn failure(error: RecoverError) -> Failure {
    let (exit, told) = match &error {
        RecoverError::NoLog(_) => {
            (Exit::Config, "không có nhật ký trong thư mục / there is no log in the folder")
        }
        RecoverError::NotNew => (
            Exit::Usage,
            "nhật ký mới cần thư mục riêng còn trống / the new log needs an empty folder of its own",
        ),
        RecoverError::Log(AuditError::InUse) => {
            (Exit::Unavailable, "cổng đang chạy: hãy dừng lại trước / the gateway runs: stop it first")
        }
        RecoverError::Log(AuditError::Superseded { .. }) => {
            (Exit::No, "nhật ký này đã được thay thế trước đó / this log was given up for another before")
        }
        RecoverError::Files(_) | RecoverError::Log(_) => {
            (Exit::Unavailable, "không bắt đầu được nhật ký mới / the new log cannot be begun")
        }
    };
    Failure { exit, cause: anyhow!(error).context(told) }
}

// === impl Places ===

impl Places {
    /// Names of which nothing is there yet: those of the old log with a number.
    fn beside(config: &Config, origin: &str) -> std::io::Result<Self> {
        let old = &config.audit;
        let published = old.log_dir != old.dir.join("log");
        for number in 2..1_000_u32 {
            let mut options = AuditOptions::new(numbered(&old.dir, number), origin);
            if published {
                options.log_dir = numbered(&old.log_dir, number);
            }
            let keys = numbered(&config.audit_keys, number);
            let free = |path: &Path| path.symlink_metadata().is_err();
            if free(&options.dir) && free(&options.log_dir) && free(&keys) {
                return Ok(Self { options, keys, published });
            }
        }
        Err(std::io::Error::other("every name beside the old log is taken"))
    }
}

/// The same name with a number before its extension.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
    path.with_file_name(format!("{stem}-{number}{}", extension.unwrap_or_default()))
}

/// What was done, and what the operator has to do.
fn tell(config: &Config, new: &Places, recovered: &Recovered, out: &mut dyn Write) -> std::io::Result<()> {
    let (old, options) = (&config.audit, &new.options);
    let folder = |path: &Path| path.display().to_string();
    match recovered.last_known.head() {
        Some(head) => writeln!(
            out,
            "Nhật ký cũ / the old log   {}, {} bản ghi / entries, {}",
            old.origin,
            head.size,
            hex::encode(head.root)
        )?,
        None => writeln!(
            out,
            "Nhật ký cũ / the old log   {}: không còn checkpoint nào đọc được / no checkpoint of it can be read",
            old.origin
        )?,
    }
    writeln!(out, "Nhật ký mới / the new log  {}\n", options.origin)?;
    writeln!(out, "Việc tiếp theo / what is next:")?;
    writeln!(out, "1. Sửa cấu hình / change the configuration:\n")?;
    writeln!(out, "   [audit]\n   folder = {:?}\n   origin = {:?}", folder(&options.dir), options.origin)?;
    writeln!(out, "   keys = {:?}", folder(&new.keys))?;
    if new.published {
        writeln!(out, "   published = {:?}", folder(&options.log_dir))?;
    }
    write!(
        out,
        "\n2. Sao lưu tệp khóa mới. / Back the new key file up.\n\
         3. Thêm vào sổ đăng ký nhật ký, tăng số thứ tự rồi ký lại:\n   \
         Add to the registry of origins, raise its serial and sign it anew:\n\n   \
         {} {} after {}\n\n\
         4. Báo cho nhân chứng và kiểm toán viên tên và khóa mới.\n   \
         Tell witnesses and auditors the new name and key.\n\
         5. Giữ nguyên nhật ký cũ và tệp khóa cũ để điều tra; không cổng nào mở nó nữa:\n   \
         Keep the old log and its key file for the inquiry; no gateway opens it any more:\n   \
         {}\n   {}\n",
        options.origin,
        recovered.verifier_key,
        old.origin,
        folder(&old.dir),
        folder(&config.audit_keys),
    )
}

#[cfg(test)]
mod tests;
