//! `motlan keys rotate-log` and `retire-log`: the two ends of a change of the
//! audit log's key. What lies between them, the signing in, is the gateway's at
//! its next start.

use std::io::Write;

use anyhow::anyhow;
use motlan_audit::{FileKeyProvider, KeyError, RetireError, retire_log_key};

use super::{RetireLogArgs, RotateLogArgs};
use crate::exit::{Ended, Exit, Failure};

/// `motlan keys rotate-log`: one more line in the key file, the next key.
pub fn begin(args: &RotateLogArgs, out: &mut dyn Write) -> Ended {
    let begun = FileKeyProvider::open(&args.file).and_then(|keys| keys.begin_rotation());
    begun.map_err(|error| failure(&args.file, error))?;
    let file = args.file.display();
    write!(
        out,
        "{file}: đã thêm khóa kế tiếp (log_key_next) / the next key is in it\n\n\
         Việc tiếp theo / what is next:\n\
         \x20 1. Sao lưu tệp khóa. / Back the key file up.\n\
         \x20 2. Khởi động lại cổng: khóa cũ ký xác nhận khóa mới, rồi cả hai cùng ký.\n\
         \x20    Restart the gateway: the old key signs the new one in, then both sign.\n\
         \x20 3. Gửi khóa mới (dòng cuối của tệp .pub) cho nhân chứng và kiểm toán viên.\n\
         \x20    Give the new key (the last line of the .pub file) to witnesses and auditors.\n\
         \x20 4. motlan keys retire-log {file} --log DIR\n"
    )?;
    Ok(Exit::Ok)
}

/// `motlan keys retire-log`: the old key goes, where the next one signs.
pub fn end(args: &RetireLogArgs, out: &mut dyn Write) -> Ended {
    let keys = FileKeyProvider::open(&args.file).map_err(|error| failure(&args.file, error))?;
    let key = retire_log_key(&keys, &args.log).map_err(|error| match error {
        RetireError::Keys(error) => failure(&args.file, error),
        RetireError::TooSoon => Failure::new(
            Exit::No,
            format!(
                "khóa kế tiếp chưa ký nhật ký đã công bố tại {0}; khóa cũ được giữ nguyên. Khởi động lại cổng với tệp \
                 khóa này rồi thử lại / the next key does not sign the log published in {0} yet; the old key stays. \
                 Restart the gateway with this key file, then try again",
                args.log.display()
            ),
        ),
        RetireError::Tree(error) => {
            let told = format!("không dùng được {0} / {0} cannot be used", args.log.display());
            Failure { exit: Exit::Unavailable, cause: anyhow!(error).context(told) }
        }
    })?;
    let file = args.file.display();
    write!(
        out,
        "{file}: khóa cũ đã được gỡ bỏ / the old key is gone\n\
         Khóa đang dùng / the key in use: {key}\n\n\
         Khởi động lại cổng để chỉ khóa này ký. Chữ ký của khóa cũ vẫn kiểm chứng được.\n\
         Restart the gateway, so that it signs alone. What the old key signed can still be verified.\n\
         Hủy các bản sao lưu tệp khóa cũ. / Destroy the backups of the key file as it was before.\n"
    )?;
    Ok(Exit::Ok)
}

/// The key file cannot be changed; it is as it was.
fn failure(file: &std::path::Path, error: KeyError) -> Failure {
    let (exit, vi, en) = match error {
        KeyError::Missing => (Exit::Usage, "không có tệp khóa", "there is no such key file"),
        KeyError::Rotating => (
            Exit::No,
            "đã có khóa kế tiếp, hãy hoàn tất việc đổi khóa đó trước",
            "the next key is there: finish that rotation first",
        ),
        KeyError::NotRotating => (
            Exit::No,
            "không có khóa kế tiếp: chưa bắt đầu đổi khóa",
            "there is no next key: no rotation has begun",
        ),
        KeyError::InUse => {
            (Exit::Unavailable, "tiến trình khác đang sửa tệp khóa", "another process is changing it")
        }
        KeyError::Exposed | KeyError::Malformed | KeyError::Mismatch => {
            (Exit::Data, "tệp khóa không dùng được", "the key file cannot be used")
        }
        KeyError::Io(_) | KeyError::Random => {
            (Exit::Unavailable, "không ghi được tệp khóa", "the key file cannot be written")
        }
    };
    let told = format!("{}: {vi} / {en}", file.display());
    Failure { exit, cause: anyhow!(error).context(told) }
}

#[cfg(test)]
mod tests;
