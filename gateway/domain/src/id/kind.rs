//! The kinds of identifier by name, for tools and for error texts.

use std::fmt;
use std::str::FromStr;

use super::{
    AgencyCode, BusinessLocation, CertificateSerial, Cmnd, ComponentCode, DossierCode, EnterpriseCode,
    HealthCardCode, IdError, IdRules, InsuranceNumber, OfficerAccount, ParcelId, PersonalId, ProcedureCode,
    PurposeId, RequestId,
};

/// Declares the kinds: variant, stable name, Vietnamese and English term.
macro_rules! kinds {
    ($( $kind:ident, $name:literal, $vi:literal, $en:literal; )*) => {
        /// A kind of identifier.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum IdKind {
            $( #[doc = $en] $kind, )*
        }

        impl IdKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$( Self::$kind, )*];

            /// Stable name, lower case.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$kind => $name, )* }
            }

            /// The Vietnamese term.
            pub const fn text_vi(self) -> &'static str {
                match self { $( Self::$kind => $vi, )* }
            }

            /// The English term.
            pub const fn text_en(self) -> &'static str {
                match self { $( Self::$kind => $en, )* }
            }
        }
    };
}

kinds! {
    PersonalId, "personal_id", "số định danh cá nhân", "personal id";
    Cmnd, "cmnd", "số chứng minh nhân dân", "old identity-card number";
    EnterpriseCode, "enterprise_code", "mã số doanh nghiệp", "enterprise code";
    BusinessLocation, "business_location", "mã địa điểm kinh doanh", "business-location code";
    InsuranceNumber, "social_insurance_no", "mã số bảo hiểm xã hội", "social-insurance number";
    HealthCard, "health_card", "mã thẻ bảo hiểm y tế", "health-insurance card code";
    LandCertificate, "land_certificate", "số phát hành Giấy chứng nhận", "land-certificate serial";
    Parcel, "parcel", "thửa đất", "parcel";
    ProcedureCode, "procedure_code", "mã thủ tục hành chính", "procedure code";
    ComponentCode, "component_code", "mã thành phần hồ sơ", "component code";
    AgencyCode, "agency_code", "mã định danh cơ quan", "agency code";
    DossierCode, "dossier_code", "mã hồ sơ", "dossier code";
    PurposeId, "purpose_id", "mã mục đích", "purpose id";
    RequestId, "request_id", "mã yêu cầu", "request id";
    OfficerAccount, "officer_account", "tài khoản cán bộ", "officer account";
}

/// No kind of identifier has that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of identifier")]
pub struct UnknownIdKind;

/// Judges a value as written. Sandbox identities fail under
/// [`Synthetic::Refused`](super::Synthetic::Refused).
pub fn check(kind: IdKind, value: &str, rules: &IdRules) -> Result<(), IdError> {
    match kind {
        IdKind::PersonalId => PersonalId::parse(value, rules).map(drop),
        IdKind::Cmnd => Cmnd::parse(value, rules).map(drop),
        IdKind::EnterpriseCode => EnterpriseCode::parse(value).map(drop),
        IdKind::BusinessLocation => BusinessLocation::parse(value).map(drop),
        IdKind::InsuranceNumber => InsuranceNumber::parse(value).map(drop),
        IdKind::HealthCard => HealthCardCode::parse(value).map(drop),
        IdKind::LandCertificate => CertificateSerial::parse(value).map(drop),
        IdKind::Parcel => ParcelId::parse(value).map(drop),
        IdKind::ProcedureCode => ProcedureCode::parse(value).map(drop),
        IdKind::ComponentCode => ComponentCode::parse(value).map(drop),
        IdKind::AgencyCode => AgencyCode::parse(value).map(drop),
        IdKind::DossierCode => DossierCode::parse(value).map(drop),
        IdKind::PurposeId => PurposeId::parse(value).map(drop),
        IdKind::RequestId => RequestId::parse(value).map(drop),
        IdKind::OfficerAccount => OfficerAccount::parse(value).map(drop),
    }
}

impl FromStr for IdKind {
    type Err = UnknownIdKind;

    fn from_str(name: &str) -> Result<Self, UnknownIdKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name).ok_or(UnknownIdKind)
    }
}

impl fmt::Display for IdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
