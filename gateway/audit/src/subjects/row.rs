//! One row of the table: found, or made with a fresh pseudonym and key.

use std::sync::{Arc, OnceLock};

use motlan_audit_tree::entry::SubjectClass;
use motlan_audit_tree::subject_commitment;
use rusqlite::{OptionalExtension, Transaction, params};
use zeroize::Zeroizing;

use super::{Hash, Known, Pseudonym, Row, Subjects, sql};
use crate::error::{AuditError, Cause};
use crate::keys::{Key, random_key};
use crate::seal::Sealer;

// === impl Subjects ===

impl Subjects {
    pub(super) fn row(
        &self,
        transaction: &Transaction<'_>,
        hash: Hash,
        class: SubjectClass,
    ) -> Result<Row, AuditError> {
        let found = transaction
            .prepare_cached("SELECT pseudonym, wrapped_key, opening, created_index IS NOT NULL, class FROM subjects WHERE hash = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([&hash[..]], |row| {
                        Ok((
                            row.get::<_, String>(0)?,
                            row.get::<_, Vec<u8>>(1)?,
                            row.get::<_, [u8; 32]>(2)?,
                            row.get::<_, bool>(3)?,
                            row.get::<_, bool>(4)?,
                        ))
                    })
                    .optional()
            })
            .map_err(sql)?;
        let (pseudonym, key, opening, announced, class) =
            if let Some((pseudonym, wrapped, opening, announced, natural)) = found {
                let pseudonym = Pseudonym(pseudonym.into());
                let key = self.unwrap_key(&pseudonym, &wrapped)?;
                (
                    pseudonym,
                    key,
                    opening,
                    announced,
                    if natural { SubjectClass::Natural } else { SubjectClass::Record },
                )
            } else {
                let (pseudonym, key, opening) = Self::new_subject()?;
                let wrapped = self
                    .master
                    .seal(pseudonym.as_str().as_bytes(), key.as_ref())
                    .map_err(|_| AuditError::unavailable(Cause::RandomFailed))?;
                transaction
                    .prepare_cached("INSERT INTO subjects VALUES (?1, ?2, ?3, ?4, ?5, NULL)")
                    .and_then(|mut statement| {
                        let natural = class == SubjectClass::Natural;
                        statement.execute(params![
                            &hash[..],
                            pseudonym.as_str(),
                            natural,
                            wrapped,
                            &opening[..]
                        ])
                    })
                    .map_err(sql)?;
                (pseudonym, key, opening, false, class)
            };
        let sealer = Sealer::new(&key).map_err(|_| AuditError::unavailable(Cause::SubjectsFailed))?;
        let commitment = subject_commitment(&opening, &hash, pseudonym.as_str());
        let known = Known { pseudonym, class, key, sealer, alone: OnceLock::new() };
        Ok(Row { hash, known: Arc::new(known), commitment, announced })
    }

    fn new_subject() -> Result<(Pseudonym, Key, [u8; 32]), AuditError> {
        let failed = |_| AuditError::unavailable(Cause::RandomFailed);
        let opening = *random_key().map_err(failed)?;
        Ok((Pseudonym::random().map_err(failed)?, random_key().map_err(failed)?, opening))
    }

    pub(super) fn unwrap_key(&self, pseudonym: &Pseudonym, wrapped: &[u8]) -> Result<Key, AuditError> {
        let failed = || AuditError::unavailable(Cause::SubjectsFailed);
        let plain = self.master.open(pseudonym.as_str().as_bytes(), wrapped).map_err(|_| failed())?;
        let mut key = Zeroizing::new([0; 32]);
        if plain.len() != key.len() {
            return Err(failed());
        }
        key.copy_from_slice(&plain);
        Ok(key)
    }
}
