//! A small world: callers with certificates, issuers with keys, officers, a
//! family, and dossiers of the procedure 1.004222 (đăng ký thường trú).

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use motlan_catalogue::{Catalogue, Purposes, RoleId};
use motlan_domain::id::{
    AgencyCode, CertificateSerial, DossierCode, EnterpriseCode, IdRules, PersonalId, ProcedureCode,
    PurposeId, RequestId, Synthetic,
};
use motlan_domain::{
    Clock, Dataset, Evidence, FieldSet, Link, ManualClock, Operation, Purpose, Question, SubjectKey, Trace,
};
use motlan_dossier::{DossierSubject, NewDossier, Register, RegisterKey, RegisterOptions, RequestKey};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SanType};
use serde_json::{Value, json};

use crate::{Access, AccessConfig, AccessErrors, Identity};

pub(super) const AUDIENCE: &str = "motlan.khanhhoa.test";
pub(super) const PROCEDURE: &str = "1.004222";

/// A signing key and the set its public half stands in.
pub(super) struct Signing {
    pub(super) kid: &'static str,
    pub(super) key: EncodingKey,
    pub(super) algorithm: Algorithm,
    jwk: Value,
}

pub(super) struct World {
    pub(super) dir: tempfile::TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) access: Access,
    pub(super) register: Register,
    pub(super) officers: Signing,
    pub(super) officers_ec: Signing,
    pub(super) citizens: Signing,
    pub(super) receipts: Signing,
    certificates: HashMap<&'static str, Vec<u8>>,
}

/// Who acts, in the tables.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    Officer,
    /// The applicant of the dossiers.
    Applicant,
    /// The applicant's head of household.
    Head,
    /// Somebody in no dossier.
    Stranger,
    Absent,
}

/// Read once: tests make many worlds.
static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();

const CALLERS: &str = r#"
callers = [
    { id = "portal", agency = "H32", role = "portal", tokens = ["citizen"] },
    { id = "portal-2", agency = "H32", role = "portal", tokens = ["citizen", "officer"] },
    { id = "one-stop-216", agency = "H32.216", role = "one_stop", commune = "22366", tokens = ["officer", "citizen"] },
    { id = "one-stop-217", agency = "H32.217", role = "one_stop", tokens = ["officer"] },
    { id = "department", agency = "H32.12", role = "department", tokens = ["officer"] },
    { id = "verifier", agency = "H32.991", role = "verifier", tokens = ["officer"] },
    { id = "verifier-216", agency = "H32.216", role = "verifier", tokens = ["officer"] },
    { id = "auditor", agency = "H32", role = "auditor", tokens = ["officer"] },
    { id = "auditor-216", agency = "H32.216", role = "auditor" },
]
issuers = [
    { id = "https://id.agency.test", kind = "officer", jwks_file = "officers.jwks", audience = "motlan.khanhhoa.test" },
    { id = "https://id.portal.test", kind = "citizen", jwks_file = "citizens.jwks", audience = "motlan.khanhhoa.test" },
    { id = "https://id.h12.test", kind = "officer", jwks_file = "officers.jwks", audience = "motlan.khanhhoa.test", agencies = ["H32.12"] },
]
evidence = [{ id = "portal-receipts", jwks_file = "receipts.jwks", systems = ["portal"] }]
directory = "officers.toml"
synthetic_ids = "allowed"
"#;

const OFFICERS: &str = r#"
officers = [
    { account = "lan@h32.216", agency = "H32.216", personal_id = "097180000001", responsible = true },
    { account = "hoa@h32.216", agency = "H32.216", personal_id = "097180000002" },
    { account = "minh@h32.217", agency = "H32.217", personal_id = "097080000003", responsible = true },
    { account = "van@h32.12", agency = "H32.12", personal_id = "097080000004", responsible = true },
    { account = "tam@h32.991", agency = "H32.991", personal_id = "097080000005", responsible = true },
    { account = "kiem@h32", agency = "H32", personal_id = "097080000006", responsible = true },
]
"#;

/// A purpose of agencies that also work on dossiers; it lists more than any
/// registered purpose is given.
const OF_AGENCIES: &str = r#"
id = "of-agencies"
name_vi = "Thử nghiệm"
name_en = "Test"
agencies = ["H32.12", "H32.216"]
operations = ["verify_identity", "get_person"]
legal_basis = ["278/2025/NĐ-CP"]
valid_from = "2026-01-01"
valid_to = "2027-12-31"
approver = "Thử nghiệm"

[datasets]
"population.person" = ["full_name", "birth_date"]
"#;

// === impl Signing ===

impl Signing {
    pub(super) fn ed25519(kid: &'static str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key_raw());
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA"});
        Self { kid, key: EncodingKey::from_ed_der(pair.serialized_der()), algorithm: Algorithm::EdDSA, jwk }
    }

    pub(super) fn p256(kid: &'static str) -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let point = pair.public_key_raw();
        let part = |range: std::ops::Range<usize>| BASE64_URL_SAFE_NO_PAD.encode(&point[range]);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65), "kid": kid});
        Self { kid, key: EncodingKey::from_ec_der(pair.serialized_der()), algorithm: Algorithm::ES256, jwk }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.to_owned());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

// === impl World ===

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| ()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// A world whose configuration is spoilt first.
    pub(super) fn with(spoil: impl FnOnce(&mut AccessConfig)) -> Result<Self, AccessErrors> {
        Self::in_folder(|_| (), spoil)
    }

    /// As [`with`](Self::with), its files spoilt too.
    pub(super) fn in_folder(
        files: impl FnOnce(&Path),
        spoil: impl FnOnce(&mut AccessConfig),
    ) -> Result<Self, AccessErrors> {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-21T03:00:00Z".parse::<Timestamp>().unwrap()));
        let (officers, officers_ec) = (Signing::ed25519("o1"), Signing::p256("o2"));
        let (citizens, receipts) = (Signing::ed25519("c1"), Signing::ed25519("r1"));
        for (file, keys) in [
            ("officers.jwks", vec![&officers, &officers_ec]),
            ("citizens.jwks", vec![&citizens]),
            ("receipts.jwks", vec![&receipts]),
        ] {
            let set = json!({"keys": keys.iter().map(|key| key.jwk.clone()).collect::<Vec<_>>()});
            std::fs::write(dir.path().join(file), set.to_string()).unwrap();
        }
        std::fs::write(dir.path().join("officers.toml"), OFFICERS).unwrap();
        files(dir.path());
        let mut config: AccessConfig = toml::from_str(CALLERS).unwrap();
        config.rebase(dir.path());
        spoil(&mut config);
        let options = RegisterOptions::new(
            dir.path().join("dossiers.sqlite"),
            RegisterKey::new([1; 32]),
            Synthetic::Allowed,
        );
        let register = Register::open(options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        let catalogue =
            CATALOGUE.get_or_init(|| Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}")));
        let catalogue = catalogue.clone();
        let folder = dir.path().join("purposes");
        copy("purposes", &folder);
        std::fs::write(folder.join("of-agencies.toml"), OF_AGENCIES).unwrap();
        let purposes = Purposes::load(&folder, &catalogue).unwrap_or_else(|errors| panic!("{errors}"));
        let certificates = config.callers.iter().map(|caller| {
            let id: &'static str = caller.id.clone().leak();
            (id, certificate(&[&format!("urn:motlan:system:{id}")]))
        });
        let certificates = certificates.collect();
        let shared = Arc::clone(&clock) as Arc<dyn Clock>;
        let access = Access::load(config, catalogue, purposes, register.clone(), shared)?;
        Ok(Self { dir, clock, access, register, officers, officers_ec, citizens, receipts, certificates })
    }

    pub(super) fn certificate(&self, caller: &str) -> &[u8] {
        &self.certificates[caller]
    }

    /// Good claims for that caller; a test changes what it attacks.
    pub(super) fn claims(&self, caller: &str, by: By) -> Value {
        let now = self.clock.now().as_second();
        let thumbprint = self.access.caller(self.certificate(caller)).unwrap().thumbprint().to_owned();
        let mut claims = json!({
            "aud": AUDIENCE, "iat": now, "exp": now + 600, "cnf": {"x5t#S256": thumbprint}
        });
        match by {
            By::Officer => {
                let (account, agency) = match caller {
                    "one-stop-216" | "verifier-216" => ("lan@h32.216", "H32.216"),
                    "one-stop-217" => ("minh@h32.217", "H32.217"),
                    "department" => ("van@h32.12", "H32.12"),
                    "verifier" => ("tam@h32.991", "H32.991"),
                    _ => ("kiem@h32", "H32"),
                };
                claims["iss"] = json!("https://id.agency.test");
                claims["sub"] = json!(account);
                claims["agency"] = json!(agency);
            }
            By::Applicant | By::Head | By::Stranger | By::Absent => {
                let person = match by {
                    By::Applicant => applicant(),
                    By::Head => head(),
                    _ => stranger(),
                };
                claims["iss"] = json!("https://id.portal.test");
                claims["sub"] = json!(person.expose());
            }
        }
        claims
    }

    pub(super) fn token(&self, caller: &str, by: By) -> Option<String> {
        match by {
            By::Absent => None,
            By::Officer => Some(self.officers.sign(&self.claims(caller, by))),
            _ => Some(self.citizens.sign(&self.claims(caller, by))),
        }
    }

    pub(super) fn identity(&self, caller: &str, by: By) -> Identity {
        let token = self.token(caller, by);
        let identity = self.access.identify(Some(self.certificate(caller)), token.as_deref());
        identity.unwrap_or_else(|denial| panic!("{caller} {by:?}: {denial:?}"))
    }

    /// Registers a dossier of the family past all rules, as opened by `portal`.
    pub(super) async fn dossier(&self, serial: u32, agency: &str, evidence: Evidence) -> DossierCode {
        self.dossier_by("portal", serial, agency, evidence).await
    }

    pub(super) async fn dossier_by(
        &self,
        system: &str,
        serial: u32,
        agency: &str,
        evidence: Evidence,
    ) -> DossierCode {
        let code = DossierCode::parse(&format!("{agency}-261121-{serial:04}")).unwrap();
        let new = NewDossier {
            code: code.clone(),
            procedure: procedure(),
            case: "own_home".to_owned(),
            agency: agency_code(agency),
            opened_by: system.to_owned(),
            evidence,
            catalogue_digest: self.access.catalogue().digest().to_owned(),
            subjects: vec![
                DossierSubject::named(RoleId::APPLICANT, applicant()),
                DossierSubject::linked("household_head", head(), Link::HouseholdHead, RoleId::APPLICANT)
                    .through(applicant()),
                DossierSubject::named("certificate", land()),
            ],
        };
        let opened = self.register.open_dossier(new, request(&format!("open-{code}"))).await.unwrap();
        self.register.opened(&opened.dossier).await.unwrap();
        code
    }

    /// What the procedure registers about that role.
    pub(super) fn registered(&self, role: &str, dataset: Dataset) -> FieldSet {
        let procedure = self.access.catalogue().procedure(&procedure()).unwrap();
        procedure.registered(&RoleId::parse(role).unwrap(), dataset)
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A self-signed leaf with those SAN URIs: the chain is the TLS layer's matter.
pub(super) fn certificate(uris: &[&str]) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())).collect();
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

pub(super) fn request(id: &str) -> RequestKey {
    RequestKey {
        system: "portal".to_owned(),
        request_id: RequestId::parse(id).unwrap(),
        body_sha256: [0; 32],
    }
}

pub(super) fn person(digits: &str) -> SubjectKey {
    let rules = IdRules { synthetic: Synthetic::Allowed, present_year: 2026 };
    SubjectKey::Person(PersonalId::parse(digits, &rules).unwrap())
}

pub(super) fn applicant() -> SubjectKey {
    person("097090000001")
}

pub(super) fn head() -> SubjectKey {
    person("097060000002")
}

pub(super) fn stranger() -> SubjectKey {
    person("097090000009")
}

pub(super) fn land() -> SubjectKey {
    SubjectKey::Certificate(CertificateSerial::parse("CS 012345").unwrap())
}

pub(super) fn enterprise() -> SubjectKey {
    SubjectKey::Enterprise(EnterpriseCode::parse("0100233488").unwrap())
}

pub(super) fn procedure() -> ProcedureCode {
    ProcedureCode::parse(PROCEDURE).unwrap()
}

pub(super) fn agency_code(code: &str) -> AgencyCode {
    AgencyCode::parse(code).unwrap()
}

pub(super) fn purpose(id: &str) -> Purpose {
    Purpose::Registered(PurposeId::parse(id).unwrap())
}

pub(super) fn question(
    operation: Operation,
    subject: SubjectKey,
    fields: &[&str],
    purpose: Purpose,
) -> Question {
    Question {
        operation,
        subject,
        fields: operation.dataset().field_set(fields.iter().copied()).unwrap(),
        purpose,
        max_age: None,
        claim: None,
        trace: Trace::new(7, 8, false),
    }
}

/// A copy of the shipped policies that a test may spoil.
pub(super) fn policies(to: &Path) {
    copy("policies", to);
}

/// Copies a folder of `deploy` that holds files only.
fn copy(folder: &str, to: &Path) {
    let shipped = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy")).join(folder);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(shipped).unwrap() {
        let entry = entry.unwrap();
        std::fs::write(to.join(entry.file_name()), std::fs::read(entry.path()).unwrap()).unwrap();
    }
}
