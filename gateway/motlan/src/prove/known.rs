//! The keys that a log's checkpoints may be signed by: those that were given, and
//! those to which the log's own statements lead from them, as `audit verify` follows
//! them. No statement is believed but by a key that is known already.

use motlan_audit_tree::rotation::MAX_ROTATIONS;
use motlan_audit_tree::{Checkpoint, Note, Rotation, SignedCheckpoint, TrustedLog, VerifierKey};
use motlan_proto::audit::v1::GetCheckpointRequest;

use crate::cli::ClientArgs;
use crate::client::{Connection, Refusal};
use crate::exit::{Exit, Failure, OrExit as _};
use crate::verify::{key_text, statements};

/// The keys, and how they were come by.
pub(crate) struct KnownKeys {
    /// A log for each.
    logs: Vec<TrustedLog>,
    /// The statements that led on, in order.
    followed: Vec<Rotation>,
    /// The published log where statements lie; none: the gateway is asked.
    published: Option<String>,
}

// === impl KnownKeys ===

impl KnownKeys {
    /// Of keys as they were given, each as it is or in a file.
    pub(crate) fn given(keys: &[String], published: Option<&String>) -> Result<Self, Failure> {
        let mut logs = Vec::new();
        for given in keys {
            let text = key_text(given).or_exit(Exit::Usage)?;
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let key: Result<VerifierKey, _> = line.trim().parse();
                let key = key.map_err(|_| {
                    Failure::new(
                        Exit::Usage,
                        format!("--key {given}: không phải khóa xác minh / is no verifier key"),
                    )
                })?;
                logs.push(TrustedLog::from(key));
            }
        }
        Ok(Self { logs, followed: Vec::new(), published: published.cloned() })
    }

    /// The checkpoint, if one of the keys signed it.
    pub(crate) fn open(&self, note: &[u8]) -> Option<SignedCheckpoint> {
        self.logs.iter().find_map(|log| SignedCheckpoint::open(note, log).ok())
    }

    /// Takes the key that a statement names, if a known one signed it in.
    pub(crate) fn follow(&mut self, statement: &[u8]) {
        let Ok(rotation) = Rotation::parse(statement) else { return };
        let knows = |key: &VerifierKey| self.logs.iter().any(|log| log.keys.contains(key));
        if knows(rotation.old()) && !knows(rotation.new_key()) {
            self.logs.push(TrustedLog::from(rotation.new_key().clone()));
            self.followed.push(rotation);
        }
    }

    /// The statements that led on from the keys given.
    pub(crate) fn followed(&self) -> Vec<String> {
        self.followed.iter().map(ToString::to_string).collect()
    }

    /// Whether it says that it is of a log of these keys.
    fn is_of_these(&self, note: &[u8]) -> bool {
        let text = Note::parse(note).ok().and_then(|note| note.text().parse::<Checkpoint>().ok());
        text.is_some_and(|said| self.logs.iter().any(|log| log.origin == said.origin()))
    }
}

/// The newest checkpoint of the gateway, verified; none where none of the keys
/// signed it, nor one that follows them.
pub(crate) async fn checkpoint(
    connection: &Connection,
    client: &ClientArgs,
    keys: &mut KnownKeys,
) -> Result<Option<SignedCheckpoint>, Failure> {
    let told = connection.audit().get_checkpoint(GetCheckpointRequest {}).await.map_err(Refusal::from)?;
    let told = told.into_inner();
    let note = told.checkpoint.as_bytes();
    if let Some(known) = keys.open(note) {
        return Ok(Some(known));
    }
    if keys.is_of_these(note) {
        let rotations = match &keys.published {
            Some(log) => statements(log, client).await.or_exit(Exit::Usage)?,
            None => told.key_rotations.into_iter().map(String::into_bytes).collect(),
        };
        rotations.iter().take(MAX_ROTATIONS as usize).for_each(|statement| keys.follow(statement));
    }
    Ok(keys.open(note))
}

#[cfg(test)]
mod tests {
    use motlan_audit_tree::{SigningKey, TreeHead};

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed("log.test/1", &[seed; 32]).unwrap()
    }

    fn signed(by: u8) -> Vec<u8> {
        let head = TreeHead { size: 9, root: [1; 32] };
        let checkpoint = Checkpoint::new("log.test/1", head).unwrap();
        SignedCheckpoint::sign(checkpoint, &key(by)).unwrap().to_string().into_bytes()
    }

    fn statement(old: u8, new: u8) -> Vec<u8> {
        Rotation::sign(&key(old), &key(new)).unwrap().to_string().into_bytes()
    }

    #[test]
    fn a_statement_leads_from_a_known_key_alone() {
        let first = || KnownKeys::given(&[key(1).verifier_key().to_string()], None).unwrap();
        let mut known = first();
        assert!(known.open(&signed(1)).is_some() && known.open(&signed(2)).is_none());
        for statement in [statement(1, 2), statement(2, 3), statement(1, 2)] {
            known.follow(&statement);
        }
        assert!(known.open(&signed(3)).is_some(), "the whole chain");
        assert_eq!(known.followed().len(), 2, "each once");
        for statements in [
            vec![statement(2, 3), statement(3, 4)],
            vec![statement(2, 3), statement(1, 2)],
            vec![b"no statement".to_vec(), signed(3)],
        ] {
            let mut known = first();
            for statement in &statements {
                known.follow(statement);
            }
            assert!(known.open(&signed(3)).is_none(), "not led to from the key given");
        }
        // A statement that is changed is none.
        let forged = String::from_utf8(statement(9, 3)).unwrap();
        let forged = forged
            .replace(&key(9).verifier_key().to_string(), &key(1).verifier_key().to_string())
            .into_bytes();
        let mut known = first();
        known.follow(&forged);
        assert!(known.open(&signed(3)).is_none());
        let other = SigningKey::from_seed("log.test/2", &[1; 32]).unwrap();
        let other = KnownKeys::given(&[other.verifier_key().to_string()], None).unwrap();
        assert!(first().is_of_these(&signed(5)) && !other.is_of_these(&signed(5)));
        assert!(!first().is_of_these(b"nothing"));
    }
}
