//! Why a value is not the identifier it should be: one stable code per rule,
//! with a text in Vietnamese and in English. None of them ever holds the value.

use std::fmt;

use super::IdKind;

/// A value broke a rule of its kind. Carries the rule, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", .reason.words())]
pub struct IdError {
    reason: IdReason,
}

/// Declares the rules: variant, kind, stable code, Vietnamese, English.
macro_rules! reasons {
    ($( $variant:ident, $kind:ident, $code:literal, $vi:literal, $en:literal; )*) => {
        /// The rule that a value broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum IdReason {
            $( #[doc = $en] $variant, )*
        }

        impl IdReason {
            /// Every rule, by kind.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

            /// Stable code, upper case.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// Whose rule it is.
            pub const fn kind(self) -> IdKind {
                match self { $( Self::$variant => IdKind::$kind, )* }
            }

            /// For a person who reads Vietnamese.
            pub const fn text_vi(self) -> &'static str {
                match self { $( Self::$variant => $vi, )* }
            }

            /// For a person who reads English.
            pub const fn text_en(self) -> &'static str {
                match self { $( Self::$variant => $en, )* }
            }
        }
    };
}

reasons! {
    PersonalIdLength, PersonalId, "PERSONAL_ID_LENGTH",
        "Số định danh cá nhân phải có đúng 12 chữ số.",
        "A personal id has exactly 12 digits.";
    PersonalIdDigits, PersonalId, "PERSONAL_ID_DIGITS",
        "Số định danh cá nhân chỉ gồm các chữ số 0–9, không có khoảng trắng, chữ cái hay chữ số toàn chiều rộng (full-width).",
        "A personal id holds digits 0–9 only, no spaces, letters or full-width digits.";
    PersonalIdProvince, PersonalId, "PERSONAL_ID_PROVINCE",
        "Ba chữ số đầu không phải mã tỉnh, thành phố nơi đăng ký khai sinh.",
        "The first three digits are no province code of birth registration.";
    PersonalIdBirthYear, PersonalId, "PERSONAL_ID_BIRTH_YEAR",
        "Năm sinh ghi trong số định danh cá nhân sau năm hiện tại.",
        "The birth year in the personal id is after the present year.";
    PersonalIdSynthetic, PersonalId, "PERSONAL_ID_SYNTHETIC",
        "Số định danh cá nhân thuộc dải thử nghiệm (097–099), không được dùng trong môi trường chính thức.",
        "The personal id is of the sandbox range (097–099), which production refuses.";
    CmndLength, Cmnd, "CMND_LENGTH",
        "Số chứng minh nhân dân phải có 9 hoặc 12 chữ số.",
        "An old identity-card number has 9 or 12 digits.";
    CmndDigits, Cmnd, "CMND_DIGITS",
        "Số chứng minh nhân dân chỉ gồm các chữ số 0–9, không có khoảng trắng hay chữ cái.",
        "An old identity-card number holds digits 0–9 only, no spaces or letters.";
    CmndSynthetic, Cmnd, "CMND_SYNTHETIC",
        "Số chứng minh nhân dân 12 chữ số thuộc dải thử nghiệm (097–099), không được dùng trong môi trường chính thức.",
        "The 12-digit identity-card number is of the sandbox range (097–099), which production refuses.";
    EnterpriseCodeLength, EnterpriseCode, "ENTERPRISE_CODE_LENGTH",
        "Mã số doanh nghiệp phải có 10 chữ số, hoặc 13 chữ số đối với đơn vị phụ thuộc.",
        "An enterprise code has 10 digits, or 13 for a dependent unit.";
    EnterpriseCodeDigits, EnterpriseCode, "ENTERPRISE_CODE_DIGITS",
        "Mã số doanh nghiệp chỉ gồm các chữ số 0–9 và một dấu gạch nối trước số đơn vị phụ thuộc.",
        "An enterprise code holds digits 0–9 only, and one hyphen before the number of a dependent unit.";
    EnterpriseCodeSerial, EnterpriseCode, "ENTERPRISE_CODE_SERIAL",
        "Các chữ số từ thứ 3 đến thứ 9 của mã số doanh nghiệp không thể đều bằng 0.",
        "Digits 3 to 9 of an enterprise code are never all zero.";
    EnterpriseCodeCheckDigit, EnterpriseCode, "ENTERPRISE_CODE_CHECK_DIGIT",
        "Chữ số kiểm tra (chữ số thứ 10) của mã số doanh nghiệp không đúng.",
        "The check digit (the tenth) of the enterprise code is wrong.";
    EnterpriseCodeBranch, EnterpriseCode, "ENTERPRISE_CODE_BRANCH",
        "Số của đơn vị phụ thuộc phải gồm 3 chữ số, từ 001 đến 999.",
        "The number of a dependent unit has 3 digits, 001 to 999.";
    BusinessLocationLength, BusinessLocation, "BUSINESS_LOCATION_LENGTH",
        "Mã địa điểm kinh doanh phải có đúng 5 chữ số.",
        "A business-location code has exactly 5 digits.";
    BusinessLocationDigits, BusinessLocation, "BUSINESS_LOCATION_DIGITS",
        "Mã địa điểm kinh doanh chỉ gồm các chữ số 0–9.",
        "A business-location code holds digits 0–9 only.";
    InsuranceNumberLength, InsuranceNumber, "SOCIAL_INSURANCE_NO_LENGTH",
        "Mã số bảo hiểm xã hội phải có đúng 10 chữ số.",
        "A social-insurance number has exactly 10 digits.";
    InsuranceNumberDigits, InsuranceNumber, "SOCIAL_INSURANCE_NO_DIGITS",
        "Mã số bảo hiểm xã hội chỉ gồm các chữ số 0–9, không có khoảng trắng hay dấu gạch nối.",
        "A social-insurance number holds digits 0–9 only, no spaces or hyphens.";
    HealthCardLength, HealthCard, "HEALTH_CARD_LENGTH",
        "Mã thẻ bảo hiểm y tế phải có 15 ký tự, hoặc 10 chữ số theo mẫu thẻ năm 2021.",
        "A health-card code has 15 characters, or 10 digits on the card form of 2021.";
    HealthCardCharacters, HealthCard, "HEALTH_CARD_CHARACTERS",
        "Mã thẻ bảo hiểm y tế chỉ gồm chữ cái in hoa A–Z và chữ số 0–9.",
        "A health-card code holds capital letters A–Z and digits 0–9 only.";
    HealthCardObject, HealthCard, "HEALTH_CARD_OBJECT",
        "Mã thẻ bảo hiểm y tế 15 ký tự phải bắt đầu bằng hai chữ cái chỉ nhóm đối tượng.",
        "A 15-character health-card code starts with the two letters of the insured group.";
    HealthCardLevel, HealthCard, "HEALTH_CARD_LEVEL",
        "Mức hưởng (ký tự thứ ba của mã thẻ bảo hiểm y tế) phải từ 1 đến 5.",
        "The benefit level (third character of the health-card code) is 1 to 5.";
    HealthCardDigits, HealthCard, "HEALTH_CARD_DIGITS",
        "Sau nhóm đối tượng và mức hưởng, mã thẻ bảo hiểm y tế chỉ gồm chữ số.",
        "After group and benefit level a health-card code holds digits only.";
    CertificateLength, LandCertificate, "LAND_CERTIFICATE_LENGTH",
        "Số phát hành gồm 2 chữ cái và 6 hoặc 8 chữ số, hoặc 1 chữ cái và 6 hoặc 7 chữ số.",
        "A certificate serial has 2 letters and 6 or 8 digits, or 1 letter and 6 or 7 digits.";
    CertificateLetters, LandCertificate, "LAND_CERTIFICATE_LETTERS",
        "Số phát hành phải bắt đầu bằng một hoặc hai chữ cái in hoa A–Z hoặc Đ.",
        "A certificate serial starts with one or two capital letters A–Z or Đ.";
    CertificateSeparator, LandCertificate, "LAND_CERTIFICATE_SEPARATOR",
        "Giữa phần chữ và phần số của số phát hành chỉ được có một khoảng trắng.",
        "Between letters and digits of a certificate serial only one space may stand.";
    CertificateDigits, LandCertificate, "LAND_CERTIFICATE_DIGITS",
        "Sau phần chữ, số phát hành chỉ gồm các chữ số 0–9.",
        "After its letters a certificate serial holds digits 0–9 only.";
    ParcelForm, Parcel, "PARCEL_FORM",
        "Thửa đất được ghi theo dạng mã xã/số tờ bản đồ/số thửa, hoặc mã thửa đất 12 ký tự.",
        "A parcel is written commune/sheet/number, or as the 12-character parcel id.";
    ParcelCommune, Parcel, "PARCEL_COMMUNE",
        "Mã xã của thửa đất phải có đúng 5 chữ số.",
        "The commune code of a parcel has exactly 5 digits.";
    ParcelNumber, Parcel, "PARCEL_NUMBER",
        "Số tờ bản đồ và số thửa phải từ 1 đến 999999, không có số 0 ở đầu.",
        "Map sheet and parcel number are 1 to 999999, without leading zeros.";
    ParcelGeohash, Parcel, "PARCEL_GEOHASH",
        "Mã thửa đất gồm 12 ký tự: chữ số và chữ cái thường, trừ a, i, l, o.",
        "A parcel id has 12 characters: digits and lower-case letters other than a, i, l, o.";
    ProcedureCodeLength, ProcedureCode, "PROCEDURE_CODE_LENGTH",
        "Mã thủ tục hành chính để trống hoặc quá dài.",
        "The procedure code is empty or too long.";
    ProcedureCodeForm, ProcedureCode, "PROCEDURE_CODE_FORM",
        "Mã thủ tục hành chính có dạng một chữ số, dấu chấm và sáu chữ số, ví dụ 1.004222.",
        "A procedure code is one digit, a point and six digits, such as 1.004222.";
    ProcedureCodeSuffix, ProcedureCode, "PROCEDURE_CODE_SUFFIX",
        "Phần đuôi của mã thủ tục hành chính phải là số trường hợp (.01) hoặc mã tỉnh (.000.00.00.H32).",
        "The suffix of a procedure code is a case (.01) or a province (.000.00.00.H32).";
    ComponentCodeLength, ComponentCode, "COMPONENT_CODE_LENGTH",
        "Mã thành phần hồ sơ phải có từ 1 đến 64 ký tự.",
        "A component code has 1 to 64 characters.";
    ComponentCodeCharacters, ComponentCode, "COMPONENT_CODE_CHARACTERS",
        "Mã thành phần hồ sơ chỉ gồm chữ cái không dấu, chữ số và các dấu . # -",
        "A component code holds letters A–Z, a–z, digits and . # - only.";
    AgencyCodeLength, AgencyCode, "AGENCY_CODE_LENGTH",
        "Mã định danh cơ quan để trống hoặc quá dài.",
        "The agency code is empty or too long.";
    AgencyCodeCharacters, AgencyCode, "AGENCY_CODE_CHARACTERS",
        "Mã định danh cơ quan chỉ gồm chữ cái in hoa, chữ số và dấu chấm.",
        "An agency code holds capital letters, digits and points only.";
    AgencyCodeForm, AgencyCode, "AGENCY_CODE_FORM",
        "Mã định danh cơ quan có dạng H32, H32.15, H32.15.03 hoặc 000.00.15.H32.",
        "An agency code is written H32, H32.15, H32.15.03 or 000.00.15.H32.";
    DossierCodeLength, DossierCode, "DOSSIER_CODE_LENGTH",
        "Mã hồ sơ để trống hoặc quá dài.",
        "The dossier code is empty or too long.";
    DossierCodeForm, DossierCode, "DOSSIER_CODE_FORM",
        "Mã hồ sơ gồm mã cơ quan, ngày tiếp nhận và số thứ tự, nối bằng dấu gạch nối.",
        "A dossier code is agency code, day and serial, joined by hyphens.";
    DossierCodeAgency, DossierCode, "DOSSIER_CODE_AGENCY",
        "Phần mã cơ quan của mã hồ sơ không hợp lệ.",
        "The agency part of the dossier code is not valid.";
    DossierCodeDay, DossierCode, "DOSSIER_CODE_DAY",
        "Ngày trong mã hồ sơ gồm 6 chữ số (năm, tháng, ngày); 8 chữ số chỉ dùng cho cơ quan trung ương.",
        "The day in a dossier code has 6 digits (year, month, day); 8 digits are for central agencies only.";
    DossierCodeDate, DossierCode, "DOSSIER_CODE_DATE",
        "Ngày trong mã hồ sơ không có trong lịch.",
        "The day in the dossier code is not in the calendar.";
    DossierCodeSerial, DossierCode, "DOSSIER_CODE_SERIAL",
        "Số thứ tự trong mã hồ sơ phải có 4 chữ số, hoặc 7 chữ số khi ngày có 8 chữ số.",
        "The serial in a dossier code has 4 digits, or 7 where the day has 8.";
    PurposeIdLength, PurposeId, "PURPOSE_ID_LENGTH",
        "Mã mục đích phải có từ 1 đến 64 ký tự.",
        "A purpose id has 1 to 64 characters.";
    PurposeIdCharacters, PurposeId, "PURPOSE_ID_CHARACTERS",
        "Mã mục đích gồm các từ viết thường không dấu và chữ số, nối bằng dấu gạch nối.",
        "A purpose id is lower-case letters and digits, words joined by single hyphens.";
    RequestIdLength, RequestId, "REQUEST_ID_LENGTH",
        "Mã yêu cầu phải có từ 1 đến 64 ký tự.",
        "A request id has 1 to 64 characters.";
    RequestIdCharacters, RequestId, "REQUEST_ID_CHARACTERS",
        "Mã yêu cầu chỉ gồm chữ cái không dấu, chữ số và các dấu . _ -",
        "A request id holds letters A–Z, a–z, digits and . _ - only.";
    OfficerAccountLength, OfficerAccount, "OFFICER_ACCOUNT_LENGTH",
        "Tài khoản cán bộ phải có từ 1 đến 64 ký tự.",
        "An officer account has 1 to 64 characters.";
    OfficerAccountCharacters, OfficerAccount, "OFFICER_ACCOUNT_CHARACTERS",
        "Tài khoản cán bộ chỉ gồm chữ cái không dấu, chữ số và các dấu . _ @ + -",
        "An officer account holds letters A–Z, a–z, digits and . _ @ + - only.";
}

// === impl IdError ===

impl IdError {
    pub(super) const fn new(reason: IdReason) -> Self {
        Self { reason }
    }

    /// The rule that was broken.
    pub const fn rule(self) -> IdReason {
        self.reason
    }

    /// The kind the value should have been of.
    pub const fn kind(self) -> IdKind {
        self.reason.kind()
    }

    /// Stable reason code, such as `PERSONAL_ID_LENGTH`.
    pub const fn reason(self) -> &'static str {
        self.reason.as_str()
    }

    /// For a person who reads Vietnamese.
    pub const fn text_vi(self) -> &'static str {
        self.reason.text_vi()
    }

    /// For a person who reads English.
    pub const fn text_en(self) -> &'static str {
        self.reason.text_en()
    }

    /// Every reason there is, for documentation and for tests of it.
    pub fn all_reasons() -> impl Iterator<Item = IdReason> {
        IdReason::ALL.iter().copied()
    }
}

// === impl IdReason ===

impl IdReason {
    /// The code in lower-case words.
    fn words(self) -> impl fmt::Display {
        self.as_str().to_lowercase().replace('_', " ")
    }
}
