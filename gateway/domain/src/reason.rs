//! The one vocabulary of refusals, failures and component decisions.
//!
//! Codes are stable: clients branch on them and the log keeps them. Each has a
//! text in Vietnamese and English, says where it arose, whether asking again
//! can help and what to do next. Codes of ill-formed identifiers stand in
//! [`crate::id`].

mod advice;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use advice::Advice;
pub(crate) use vocabulary::vocabulary;

/// Where the reason arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// With the caller: its credentials, its purpose, its input.
    Caller,
    /// Inside the gateway.
    Gateway,
    /// At the registry.
    Registry,
}

/// Whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// The same question gets the same answer.
    Never,
    /// After something about the question or its set-up is changed.
    AfterChange,
    /// The same question later.
    Later,
}

macro_rules! reasons {
    ($( $variant:ident = $code:literal, $origin:ident, $retry:ident, $en:literal, $vi:literal; )*) => {
        /// A stable reason. The variants' documentation is their English text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $( #[doc = $en] $variant, )* }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The stable upper-case code.
            pub const fn code(self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }

            /// Where it arose.
            pub const fn origin(self) -> Origin {
                match self { $( Self::$variant => Origin::$origin, )* }
            }

            /// Whether asking again can help.
            pub const fn retry(self) -> Retry {
                match self { $( Self::$variant => Retry::$retry, )* }
            }

            /// The text in English, no full stop.
            pub const fn text_en(self) -> &'static str {
                match self { $( Self::$variant => $en, )* }
            }

            /// The text in Vietnamese, a full sentence.
            pub const fn text_vi(self) -> &'static str {
                match self { $( Self::$variant => $vi, )* }
            }
        }
    };
}

reasons! {
    // Credentials
    CredentialMissing = "CREDENTIAL_MISSING", Caller, AfterChange, "no client certificate that this gateway trusts was presented", "Không xuất trình chứng thư số hợp lệ của hệ thống gọi.";
    CallerUnknown = "CALLER_UNKNOWN", Caller, AfterChange, "the client certificate is valid but names no configured caller", "Chứng thư số hợp lệ nhưng không thuộc hệ thống nào đã được đăng ký.";
    TokenMalformed = "TOKEN_MALFORMED", Caller, AfterChange, "the token of the acting person cannot be read", "Không đọc được mã xác nhận của người thực hiện.";
    TokenSignature = "TOKEN_SIGNATURE", Caller, AfterChange, "the token is not signed by a configured key", "Mã xác nhận không được ký bằng khóa đã đăng ký.";
    TokenExpired = "TOKEN_EXPIRED", Caller, AfterChange, "the token has expired or is not yet valid", "Mã xác nhận đã hết hạn hoặc chưa có hiệu lực.";
    TokenLifetime = "TOKEN_LIFETIME", Caller, AfterChange, "the token lives longer than 15 minutes", "Mã xác nhận có thời hạn dài hơn 15 phút.";
    TokenAudience = "TOKEN_AUDIENCE", Caller, AfterChange, "the token was issued for another audience", "Mã xác nhận được cấp cho nơi nhận khác.";
    TokenBinding = "TOKEN_BINDING", Caller, AfterChange, "the token is bound to another client certificate", "Mã xác nhận gắn với chứng thư số của hệ thống khác.";
    TokenAgency = "TOKEN_AGENCY", Caller, AfterChange, "the token belongs to another agency than the caller", "Mã xác nhận thuộc cơ quan khác với hệ thống gọi.";
    OfficerUnknown = "OFFICER_UNKNOWN", Caller, AfterChange, "the officer is not in the officer directory", "Cán bộ không có trong danh bạ cán bộ.";
    // Purpose and dossier
    PurposeMissing = "PURPOSE_MISSING", Caller, AfterChange, "a data question must carry a purpose", "Câu hỏi dữ liệu phải kèm mục đích.";
    PurposeUnknown = "PURPOSE_UNKNOWN", Caller, AfterChange, "the purpose is not registered for this caller", "Mục đích chưa được đăng ký cho hệ thống gọi.";
    PurposeExpired = "PURPOSE_EXPIRED", Caller, AfterChange, "the registered purpose is not in force today", "Mục đích đã đăng ký hiện không còn hiệu lực.";
    PurposeOperation = "PURPOSE_OPERATION", Caller, AfterChange, "the registered purpose does not cover this operation or dataset", "Mục đích đã đăng ký không bao gồm thao tác hoặc tập dữ liệu này.";
    DossierUnknown = "DOSSIER_UNKNOWN", Caller, AfterChange, "no dossier of this code is open to this caller", "Không có hồ sơ nào mang mã này mà hệ thống gọi được truy cập.";
    DossierClosed = "DOSSIER_CLOSED", Caller, Never, "the dossier is closed", "Hồ sơ đã đóng.";
    DossierExists = "DOSSIER_EXISTS", Caller, Never, "a dossier of this code exists already", "Mã hồ sơ đã tồn tại.";
    AgencyNotAllowed = "AGENCY_NOT_ALLOWED", Caller, AfterChange, "this agency does not handle the dossier or the procedure", "Cơ quan này không giải quyết hồ sơ hoặc thủ tục.";
    SubjectNotInDossier = "SUBJECT_NOT_IN_DOSSIER", Caller, AfterChange, "the subject is not one of the dossier's subjects", "Đối tượng được hỏi không thuộc hồ sơ.";
    OwnerNotInDossier = "OWNER_NOT_IN_DOSSIER", Caller, AfterChange, "the record shows no tie to a person of the dossier", "Dữ liệu không cho thấy liên hệ với người có trong hồ sơ.";
    DatasetNotRegistered = "DATASET_NOT_REGISTERED", Caller, AfterChange, "the procedure does not register this dataset for this subject", "Thủ tục không đăng ký khai thác tập dữ liệu này cho đối tượng này.";
    FieldNotRegistered = "FIELD_NOT_REGISTERED", Caller, AfterChange, "a field was asked for that the procedure does not register", "Có trường dữ liệu được hỏi mà thủ tục không đăng ký khai thác.";
    FieldSensitive = "FIELD_SENSITIVE", Caller, AfterChange, "a sensitive field was asked for that the procedure does not register", "Có trường dữ liệu nhạy cảm được hỏi mà thủ tục không đăng ký khai thác.";
    EvidenceInvalid = "EVIDENCE_INVALID", Caller, AfterChange, "the evidence of the opening does not verify or does not agree with the request", "Chứng cứ mở hồ sơ không xác thực được hoặc không khớp với yêu cầu.";
    EvidenceExpired = "EVIDENCE_EXPIRED", Caller, AfterChange, "the evidence of the opening has expired", "Chứng cứ mở hồ sơ đã hết hạn.";
    EvidenceTooWeak = "EVIDENCE_TOO_WEAK", Caller, AfterChange, "a dossier opened on assertion alone gets yes/no answers only", "Hồ sơ mở chỉ bằng khai báo của hệ thống gọi thì chỉ được trả lời có hoặc không.";
    ActorAbsent = "ACTOR_ABSENT", Caller, AfterChange, "values, and the audit log, are told only to a person who is named by a token", "Giá trị dữ liệu và nhật ký kiểm toán chỉ được cung cấp khi có mã xác nhận của người thực hiện.";
    CitizenScope = "CITIZEN_SCOPE", Caller, Never, "a citizen reads only about themselves and the family roles of the procedure", "Công dân chỉ được xem thông tin của mình và của người thân theo vai trò thủ tục cho phép.";
    RoleNotAllowed = "ROLE_NOT_ALLOWED", Caller, AfterChange, "the caller's role does not allow this operation", "Vai trò của hệ thống gọi không cho phép thao tác này.";
    AuditorOnly = "AUDITOR_ONLY", Caller, Never, "only auditors read the audit log", "Chỉ kiểm toán viên được đọc nhật ký kiểm toán.";
    PolicyDenied = "POLICY_DENIED", Caller, AfterChange, "no policy permits this question", "Không có chính sách nào cho phép câu hỏi này.";
    GuessLimit = "GUESS_LIMIT", Caller, Later, "too many mismatching attempts about this subject today", "Đã vượt số lần xác thực không khớp về đối tượng này trong ngày.";
    QuotaExceeded = "QUOTA_EXCEEDED", Caller, Later, "the caller's quota of questions is used up for now", "Hệ thống gọi đã dùng hết hạn mức câu hỏi hiện tại.";
    // Input
    RequestIdMissing = "REQUEST_ID_MISSING", Caller, AfterChange, "a mutation must carry a request id", "Thao tác ghi phải kèm mã yêu cầu.";
    RequestIdReused = "REQUEST_ID_REUSED", Caller, AfterChange, "this request id was used with another body", "Mã yêu cầu đã được dùng với nội dung khác.";
    ProcedureUnknown = "PROCEDURE_UNKNOWN", Caller, AfterChange, "the procedure is not in the catalogue", "Thủ tục không có trong danh mục.";
    CaseUnknown = "CASE_UNKNOWN", Caller, AfterChange, "the procedure has no such case", "Thủ tục không có trường hợp này.";
    AgencyUnknown = "AGENCY_UNKNOWN", Caller, AfterChange, "the agency is not in the catalogue", "Cơ quan không có trong danh mục.";
    RoleUnknown = "ROLE_UNKNOWN", Caller, AfterChange, "the procedure registers no such role, or not for this kind of subject", "Thủ tục không đăng ký vai trò này, hoặc không cho loại đối tượng này.";
    SubjectMissing = "SUBJECT_MISSING", Caller, AfterChange, "a subject is required", "Thiếu đối tượng.";
    ApplicantMissing = "APPLICANT_MISSING", Caller, AfterChange, "a dossier needs an applicant", "Hồ sơ phải có người nộp hoặc người yêu cầu.";
    ComponentUnknown = "COMPONENT_UNKNOWN", Caller, AfterChange, "the procedure has no component of this key", "Thủ tục không có thành phần hồ sơ nào mang mã này.";
    FieldUnknown = "FIELD_UNKNOWN", Caller, AfterChange, "the dataset has no field of this name", "Tập dữ liệu không có trường này.";
    ValueMissing = "VALUE_MISSING", Caller, AfterChange, "a required value is missing", "Thiếu giá trị bắt buộc.";
    ValueInvalid = "VALUE_INVALID", Caller, AfterChange, "a value is not of the required form", "Giá trị không đúng định dạng.";
    MessageMalformed = "MESSAGE_MALFORMED", Caller, AfterChange, "the message cannot be read as the request of this method: protobuf, with texts in UTF-8", "Không đọc được thông điệp theo yêu cầu của phương thức này: protobuf, văn bản mã hóa UTF-8.";
    MessageTooLarge = "MESSAGE_TOO_LARGE", Caller, AfterChange, "the message is larger than the gateway accepts", "Thông điệp lớn hơn dung lượng mà cổng kết nối chấp nhận.";
    CloseReasonForm = "CLOSE_REASON_FORM", Caller, AfterChange, "the reason for closing is one upper-case word: a letter A–Z, then letters A–Z, digits and _, at most 48 characters", "Lý do đóng hồ sơ là một từ in hoa không dấu: bắt đầu bằng chữ cái A–Z, sau đó chỉ gồm A–Z, 0–9 và dấu _, tối đa 48 ký tự.";
    EnterpriseNameForm = "ENTERPRISE_NAME_FORM", Caller, AfterChange, "the name of an enterprise has 1 to 500 characters, none of them a control character", "Tên doanh nghiệp có từ 1 đến 500 ký tự, không chứa ký tự điều khiển.";
    AcceptanceReceiptLength = "ACCEPTANCE_RECEIPT_LENGTH", Caller, AfterChange, "an acceptance receipt has at most 8192 characters", "Giấy tiếp nhận hồ sơ điện tử dài tối đa 8192 ký tự.";
    MaxAgeRange = "MAX_AGE_RANGE", Caller, AfterChange, "the oldest accepted age is 0 seconds to 366 days", "Tuổi tối đa của dữ liệu được chấp nhận nằm trong khoảng từ 0 giây đến 366 ngày.";
    TimestampRange = "TIMESTAMP_RANGE", Caller, AfterChange, "a time lies in the years 1 to 9999, with 0 to 999999999 nanoseconds", "Thời điểm phải thuộc các năm từ 1 đến 9999, phần nano giây từ 0 đến 999999999.";
    EnumValueUnknown = "ENUM_VALUE_UNKNOWN", Caller, AfterChange, "the contract has no such value of this enumeration", "Giao diện không định nghĩa giá trị liệt kê này.";
    PageSizeRange = "PAGE_SIZE_RANGE", Caller, AfterChange, "a page holds at most 200 entries of the log, or 500 procedures", "Mỗi trang có tối đa 200 bản ghi nhật ký hoặc 500 thủ tục.";
    TooManyValues = "TOO_MANY_VALUES", Caller, AfterChange, "more values than allowed", "Có quá nhiều giá trị.";
    TimeRangeInvalid = "TIME_RANGE_INVALID", Caller, AfterChange, "the time range ends before it begins", "Khoảng thời gian kết thúc trước khi bắt đầu.";
    IndexRangeInvalid = "INDEX_RANGE_INVALID", Caller, AfterChange, "the published log has no such range of entries", "Nhật ký đã công bố không có khoảng bản ghi này.";
    PageTokenInvalid = "PAGE_TOKEN_INVALID", Caller, AfterChange, "the page token was not issued for this search", "Mã trang không phải do lần tìm kiếm này cấp.";
    EntryUnknown = "ENTRY_UNKNOWN", Caller, Never, "the log has no entry of this index", "Nhật ký không có bản ghi với chỉ số này.";
    // Gateway
    AuditUnavailable = "AUDIT_UNAVAILABLE", Gateway, Later, "the audit log cannot be written; nothing is disclosed", "Không ghi được nhật ký kiểm toán nên không cung cấp dữ liệu.";
    StoreUnavailable = "STORE_UNAVAILABLE", Gateway, Later, "a register of the gateway is unavailable", "Sổ đăng ký của cổng kết nối tạm thời không dùng được.";
    Overloaded = "OVERLOADED", Gateway, Later, "the gateway is at its limit of work in progress", "Cổng kết nối đang quá tải.";
    DeadlineExceeded = "DEADLINE_EXCEEDED", Gateway, Later, "the deadline of the call passed", "Đã quá thời hạn của lời gọi.";
    ShuttingDown = "SHUTTING_DOWN", Gateway, Later, "the gateway is shutting down", "Cổng kết nối đang dừng.";
    Internal = "INTERNAL", Gateway, Later, "an unexpected fault of the gateway, recorded under the trace id", "Lỗi ngoài dự kiến của cổng kết nối, đã ghi lại theo mã truy vết.";
    // Registry
    SourceTimeout = "SOURCE_TIMEOUT", Registry, Later, "the registry did not answer in time", "Cơ sở dữ liệu nguồn không trả lời đúng hạn.";
    SourceUnreachable = "SOURCE_UNREACHABLE", Registry, Later, "the registry cannot be reached, or the connection broke before its answer was whole", "Không kết nối được cơ sở dữ liệu nguồn, hoặc kết nối bị ngắt khi chưa nhận đủ câu trả lời.";
    SourceError = "SOURCE_ERROR", Registry, Later, "the registry reported a fault of its own", "Cơ sở dữ liệu nguồn báo lỗi.";
    SourceThrottled = "SOURCE_THROTTLED", Registry, Later, "the registry asks for fewer questions", "Cơ sở dữ liệu nguồn yêu cầu giảm số lượt hỏi.";
    SourceBusy = "SOURCE_BUSY", Registry, Later, "too many questions to this registry are under way", "Đang có quá nhiều câu hỏi chờ cơ sở dữ liệu nguồn này.";
    SourceSuspended = "SOURCE_SUSPENDED", Registry, Later, "the registry failed repeatedly and is being spared", "Cơ sở dữ liệu nguồn lỗi liên tiếp nên tạm ngừng hỏi.";
    SourceRefused = "SOURCE_REFUSED", Registry, AfterChange, "the registry refused the gateway's question", "Cơ sở dữ liệu nguồn từ chối câu hỏi của cổng kết nối.";
    SourceMalformed = "SOURCE_MALFORMED", Registry, Later, "the registry's answer does not follow its contract", "Trả lời của cơ sở dữ liệu nguồn không đúng quy ước.";
    SourceNotConnected = "SOURCE_NOT_CONNECTED", Registry, Never, "this source is not connected yet", "Nguồn dữ liệu này chưa được kết nối.";
    SourceIncomplete = "SOURCE_INCOMPLETE", Registry, Later, "the registry's answer lacks a part that it should hold", "Trả lời của cơ sở dữ liệu nguồn thiếu một phần thông tin phải có.";
    // Component decisions
    RecordReused = "RECORD_REUSED", Gateway, Never, "the state holds it: nothing to hand in", "Nhà nước đã có dữ liệu, không phải nộp.";
    FormPrefilled = "FORM_PREFILLED", Gateway, Never, "the form is filled in from the registries; check and sign", "Tờ khai đã được điền sẵn từ cơ sở dữ liệu; kiểm tra và ký.";
    FormBlank = "FORM_BLANK", Registry, Never, "no blank of the form could be filled in from the registries", "Không điền sẵn được mục nào của tờ khai từ cơ sở dữ liệu.";
    OriginalRequired = "ORIGINAL_REQUIRED", Gateway, Never, "the law demands the original; a lookup cannot replace it", "Pháp luật yêu cầu nộp bản chính, tra cứu không thay thế được.";
    NotInVault = "NOT_IN_VAULT", Gateway, Never, "the vault of electronic documents holds no such document", "Kho quản lý dữ liệu điện tử chưa có giấy tờ này.";
    NoSource = "NO_SOURCE", Gateway, Never, "no registry holds it", "Không có cơ sở dữ liệu nào lưu giấy tờ này.";
    NotInCase = "NOT_IN_CASE", Gateway, Never, "not asked for in this case of the procedure", "Không phải nộp trong trường hợp này của thủ tục.";
    SubjectNotNamed = "SUBJECT_NOT_NAMED", Caller, AfterChange, "the dossier names nobody in the role this component is about", "Hồ sơ chưa nêu đối tượng mà thành phần này nói đến.";
    NotFoundAtSource = "NOT_FOUND_AT_SOURCE", Registry, Never, "the registry holds no such record", "Cơ sở dữ liệu nguồn không có thông tin này.";
    FieldAbsent = "FIELD_ABSENT", Registry, Never, "the record lacks a field that is needed", "Dữ liệu nguồn thiếu trường thông tin cần thiết.";
    CertificateNotInForce = "CERTIFICATE_NOT_IN_FORCE", Registry, Never, "the certificate is not in force or burdened against this use", "Giấy chứng nhận không còn hiệu lực hoặc đang bị hạn chế.";
    HealthCardNotValid = "HEALTH_CARD_NOT_VALID", Registry, Never, "the health-insurance card is not valid today", "Thẻ bảo hiểm y tế không còn giá trị sử dụng.";
    EnterpriseNotActive = "ENTERPRISE_NOT_ACTIVE", Registry, Never, "the enterprise is not active", "Doanh nghiệp không ở tình trạng đang hoạt động.";
    HouseholdBusinessNotShown = "HOUSEHOLD_BUSINESS_NOT_SHOWN", Registry, Never, "what is registered is no household business", "Đăng ký tra cứu được không phải của hộ kinh doanh.";
    LandNotResidential = "LAND_NOT_RESIDENTIAL", Registry, Never, "no parcel of the certificate is residential land", "Giấy chứng nhận không có thửa đất ở.";
    PlaceDiffers = "PLACE_DIFFERS", Registry, Never, "the place on record is another than the dossier's", "Địa điểm trong dữ liệu khác với địa điểm của hồ sơ.";
    RelationNotShown = "RELATION_NOT_SHOWN", Registry, Never, "the record does not show the relation that is needed", "Dữ liệu không thể hiện quan hệ cần chứng minh.";
    NoParticipation = "NO_PARTICIPATION", Registry, Never, "no contribution is on record", "Không có quá trình đóng bảo hiểm trong dữ liệu.";
    MarriageNotEnded = "MARRIAGE_NOT_ENDED", Registry, Never, "the registry does not record a divorce or the spouse's death", "Dữ liệu chưa ghi nhận việc ly hôn hoặc vợ, chồng đã chết.";
    NotDeceased = "NOT_DECEASED", Registry, Never, "the registry does not record the death", "Dữ liệu chưa ghi nhận việc chết.";
    ConditionNotMet = "CONDITION_NOT_MET", Registry, Never, "a condition of the rule is not met by the record", "Dữ liệu không đáp ứng điều kiện của quy tắc.";
}

// === impl Origin ===

impl Origin {
    /// As callers read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Gateway => "gateway",
            Self::Registry => "registry",
        }
    }
}

// === impl Retry ===

impl Retry {
    /// As callers read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AfterChange => "after_change",
            Self::Later => "later",
        }
    }
}

// === impl Reason ===

impl Reason {
    /// The reason of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
