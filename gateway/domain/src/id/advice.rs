//! What to do next about an ill-formed identifier. A rule without a step does
//! not compile.

use super::IdReason;
use crate::reason::Advice;

macro_rules! steps {
    ($( $( $variant:ident )|+ = $en:literal, $vi:literal; )*) => {
        impl IdReason {
            /// What to do next.
            pub const fn advice(self) -> Advice {
                match self { $( $( Self::$variant )|+ => Advice { vi: $vi, en: $en }, )* }
            }
        }
    };
}

steps! {
    PersonalIdLength | PersonalIdDigits | PersonalIdProvince | PersonalIdBirthYear =
        "Read the number off the identity card once more; do not correct it by guessing.",
        "Đối chiếu lại số trên thẻ căn cước rồi nhập lại; không tự suy đoán để sửa số.";
    PersonalIdSynthetic | CmndSynthetic =
        "Use the sandbox's identities in the sandbox only.",
        "Chỉ dùng số thử nghiệm trong môi trường thử nghiệm.";
    CmndLength | CmndDigits =
        "Read the number off the old identity card once more.",
        "Đối chiếu lại số trên giấy chứng minh nhân dân rồi nhập lại.";
    EnterpriseCodeLength | EnterpriseCodeDigits | EnterpriseCodeSerial | EnterpriseCodeCheckDigit | EnterpriseCodeBranch =
        "Read the code off the registration certificate once more; it is the tax code too.",
        "Đối chiếu lại mã số trên giấy chứng nhận đăng ký (cũng là mã số thuế) rồi nhập lại.";
    BusinessLocationLength | BusinessLocationDigits =
        "Read the code off the certificate of the business location once more.",
        "Đối chiếu lại mã số trên giấy chứng nhận đăng ký địa điểm kinh doanh rồi nhập lại.";
    InsuranceNumberLength | InsuranceNumberDigits =
        "Read the number off the insurance book or card once more.",
        "Đối chiếu lại mã số trên sổ bảo hiểm xã hội hoặc thẻ bảo hiểm y tế rồi nhập lại.";
    HealthCardLength | HealthCardCharacters | HealthCardObject | HealthCardLevel | HealthCardDigits =
        "Read the code off the health-insurance card once more.",
        "Đối chiếu lại mã thẻ bảo hiểm y tế rồi nhập lại.";
    CertificateLength | CertificateLetters | CertificateSeparator | CertificateDigits =
        "Read the serial (số phát hành) off the land certificate once more.",
        "Đối chiếu lại số phát hành in trên Giấy chứng nhận rồi nhập lại.";
    ParcelForm | ParcelCommune | ParcelNumber | ParcelGeohash =
        "Read commune, map sheet and parcel number off the land certificate or the map once more.",
        "Đối chiếu lại mã xã, số tờ bản đồ và số thửa trên Giấy chứng nhận hoặc bản đồ rồi nhập lại.";
    ProcedureCodeLength | ProcedureCodeForm | ProcedureCodeSuffix =
        "Take the code from the catalogue (ListProcedures).",
        "Lấy mã thủ tục từ danh mục (ListProcedures).";
    ComponentCodeLength | ComponentCodeCharacters =
        "Take the component's key from the catalogue (GetProcedure).",
        "Lấy mã thành phần hồ sơ từ danh mục (GetProcedure).";
    AgencyCodeLength | AgencyCodeCharacters | AgencyCodeForm =
        "Take the code from the province's list of agencies.",
        "Lấy mã định danh từ danh mục cơ quan của tỉnh.";
    DossierCodeLength | DossierCodeForm | DossierCodeAgency | DossierCodeDay | DossierCodeDate | DossierCodeSerial =
        "Send the code exactly as the portal issued it.",
        "Ghi đúng mã hồ sơ do cổng dịch vụ công cấp.";
    PurposeIdLength | PurposeIdCharacters =
        "Send the id under which the purpose is registered.",
        "Ghi đúng mã mục đích đã đăng ký.";
    RequestIdLength | RequestIdCharacters =
        "Use a UUID, for instance.",
        "Dùng một UUID, chẳng hạn.";
    OfficerAccountLength | OfficerAccountCharacters =
        "Send the account as it stands in the officer directory.",
        "Ghi đúng tài khoản trong danh bạ cán bộ.";
}
