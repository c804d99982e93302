//! What to do next about a reason: one step, in both languages, for whoever
//! reads the answer. A reason without a step does not compile.

use super::Reason;

/// What to do next: full sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// In Vietnamese.
    pub vi: &'static str,
    /// In English.
    pub en: &'static str,
}

macro_rules! steps {
    ($( $( $variant:ident )|+ = $en:literal, $vi:literal; )*) => {
        impl Reason {
            /// What to do next.
            pub const fn advice(self) -> Advice {
                match self { $( $( Self::$variant )|+ => Advice { vi: $vi, en: $en }, )* }
            }
        }
    };
}

steps! {
    // Credentials
    CredentialMissing = "Connect with the client certificate that an authority trusted by the gateway issued to this system.",
        "Kết nối bằng chứng thư số đã cấp cho hệ thống gọi, do tổ chức mà cổng kết nối tin cậy phát hành.";
    CallerUnknown = "Ask the gateway's operator to register this system with its agency and role.",
        "Đề nghị đơn vị vận hành cổng kết nối đăng ký hệ thống gọi cùng cơ quan và vai trò.";
    TokenMalformed = "Send the whole token, after the word Bearer, in the header authorization.",
        "Gửi nguyên văn mã xác nhận trong tiêu đề authorization, sau từ Bearer.";
    TokenSignature = "Fetch a new token from the identity provider registered with the gateway; if that does not help, compare the public keys (JWKS).",
        "Lấy mã xác nhận mới từ hệ thống định danh đã đăng ký với cổng kết nối; nếu vẫn lỗi, đối chiếu bộ khóa công khai (JWKS).";
    TokenExpired = "Fetch a new token and ask again; check the clock of the machine.",
        "Lấy mã xác nhận mới rồi gửi lại; kiểm tra đồng hồ của máy.";
    TokenLifetime = "Let the identity provider issue tokens that live 15 minutes at most.",
        "Cấu hình hệ thống định danh để cấp mã xác nhận có thời hạn không quá 15 phút.";
    TokenAudience = "Ask the identity provider for a token issued for this gateway (claim aud).",
        "Xin hệ thống định danh cấp mã xác nhận dành cho cổng kết nối này (trường aud).";
    TokenBinding = "Present a token only over the certificate it was issued for; after a change of certificate fetch a new one.",
        "Chỉ dùng mã xác nhận với đúng chứng thư số đã gắn khi cấp; khi đổi chứng thư số thì lấy mã mới.";
    TokenAgency = "Act with the token of an officer of the calling agency, or call through that officer's own agency.",
        "Dùng mã xác nhận của cán bộ thuộc cơ quan của hệ thống gọi, hoặc gọi qua hệ thống của cơ quan cán bộ đó.";
    OfficerUnknown = "Ask the gateway's operator to enter the officer in the directory.",
        "Đề nghị đơn vị vận hành bổ sung cán bộ vào danh bạ.";
    // Purpose and dossier
    PurposeMissing = "State the code of the dossier, or the id of a registered purpose.",
        "Nêu mã hồ sơ hoặc mã mục đích đã đăng ký.";
    PurposeUnknown = "Check the id of the purpose; a new purpose is registered with its legal basis and approved first.",
        "Kiểm tra mã mục đích; mục đích mới phải được đăng ký kèm căn cứ pháp lý và được phê duyệt trước.";
    PurposeExpired = "Have the registration of the purpose renewed, or ask under a dossier.",
        "Đề nghị gia hạn đăng ký mục đích, hoặc tra cứu theo hồ sơ.";
    PurposeOperation = "Ask only what the purpose covers, or have its registration extended.",
        "Chỉ hỏi nội dung thuộc mục đích đã đăng ký, hoặc đề nghị bổ sung đăng ký.";
    DossierUnknown = "Check the code; open the dossier first, and ask as the agency that handles it.",
        "Kiểm tra mã hồ sơ; mở hồ sơ trước khi tra cứu, và tra cứu với tư cách cơ quan giải quyết hồ sơ.";
    DossierClosed = "Nothing is told for a closed dossier; if the matter goes on, open a new one.",
        "Hồ sơ đã đóng thì không tra cứu được nữa; nếu vụ việc còn tiếp tục thì mở hồ sơ mới.";
    DossierExists = "Use the dossier that is there, or give the new one its own code; to repeat an opening, keep the request id of the first try.",
        "Dùng hồ sơ đã có, hoặc đặt mã riêng cho hồ sơ mới; khi gửi lại yêu cầu mở hồ sơ thì giữ nguyên mã yêu cầu của lần đầu.";
    AgencyNotAllowed = "Ask as the agency that decides the dossier.",
        "Tra cứu với tư cách cơ quan có thẩm quyền giải quyết hồ sơ.";
    SubjectNotInDossier = "Ask only about those whom the dossier names or a registry has linked to them; if one was left out, open a dossier that names them.",
        "Chỉ hỏi về đối tượng đã nêu trong hồ sơ hoặc được cơ sở dữ liệu xác nhận có liên hệ; nếu bỏ sót thì mở hồ sơ có nêu đối tượng đó.";
    OwnerNotInDossier = "Check the identifier; if it is right, the record belongs to somebody outside the dossier: ask for the paper.",
        "Kiểm tra lại số, mã đã nêu; nếu đúng thì dữ liệu thuộc về người ngoài hồ sơ, khi đó yêu cầu nộp giấy tờ.";
    DatasetNotRegistered = "See with GetProcedure what the procedure registers; beyond that, ask for the paper.",
        "Xem các tập dữ liệu mà thủ tục đã đăng ký (GetProcedure); ngoài phạm vi đó thì yêu cầu nộp giấy tờ.";
    FieldNotRegistered | FieldSensitive = "Leave the field out, or name no fields to get all that the procedure registers.",
        "Bỏ trường đó khỏi yêu cầu, hoặc không nêu trường nào để nhận mọi trường mà thủ tục đã đăng ký.";
    EvidenceInvalid = "Sign the receipt of acceptance with the registered key, over exactly what the request says: dossier, procedure, case, agency, and of every subject role, kind and identifier (a parcel as commune/sheet/number).",
        "Ký lại giấy tiếp nhận bằng khóa đã đăng ký, đúng với nội dung yêu cầu: hồ sơ, thủ tục, trường hợp, cơ quan, và vai trò, loại, số của từng đối tượng (thửa đất ghi xã/tờ/thửa).";
    EvidenceExpired = "Sign a new receipt of acceptance and open the dossier at once; check the clock of the machine.",
        "Ký giấy tiếp nhận mới và mở hồ sơ ngay; kiểm tra đồng hồ của máy.";
    EvidenceTooWeak = "Open dossiers with the receipt of acceptance that the portal signs; under this one, ask for a verification instead of a record.",
        "Mở hồ sơ bằng giấy tiếp nhận do cổng dịch vụ công ký; với hồ sơ này chỉ yêu cầu xác thực, không yêu cầu dữ liệu.";
    ActorAbsent = "Send the token of the officer or citizen who is acting.",
        "Gửi kèm mã xác nhận của cán bộ hoặc công dân đang thực hiện.";
    CitizenScope = "Show citizens what concerns them and their family in registered roles; the rest is for the officer who handles the dossier.",
        "Chỉ cho công dân xem thông tin của chính họ và của người thân theo vai trò đã đăng ký; phần còn lại do cán bộ giải quyết hồ sơ tra cứu.";
    RoleNotAllowed = "Call through a system whose role allows it, or ask the gateway's operator to review the role.",
        "Gọi qua hệ thống có vai trò phù hợp, hoặc đề nghị đơn vị vận hành xem lại vai trò đã đăng ký.";
    AuditorOnly = "Turn to the agency that is charged with reading the audit log.",
        "Chuyển yêu cầu đến cơ quan được giao đọc nhật ký kiểm toán.";
    PolicyDenied = "Ask the gateway's operator which policy applies, and name the audit entry.",
        "Liên hệ đơn vị vận hành để biết chính sách được áp dụng, kèm số bản ghi nhật ký.";
    GuessLimit = "Identify the person by their papers today; tomorrow the count begins anew.",
        "Hôm nay xác minh bằng giấy tờ tùy thân; sang ngày mai số lần được tính lại từ đầu.";
    QuotaExceeded = "Wait as long as the answer says, and find what keeps asking questions that are refused.",
        "Chờ đúng thời gian ghi trong trả lời, và tìm nơi đang liên tục gửi câu hỏi bị từ chối.";
    // Input
    RequestIdMissing = "Give every mutation an id of its own, a UUID for instance.",
        "Đặt cho mỗi thao tác ghi một mã yêu cầu riêng, ví dụ một UUID.";
    RequestIdReused = "Give a new request a new id; keep an id only to repeat the same request.",
        "Dùng mã mới cho yêu cầu mới; chỉ giữ mã cũ khi gửi lại đúng yêu cầu cũ.";
    ProcedureUnknown = "Compare the code with the catalogue (ListProcedures).",
        "Đối chiếu mã thủ tục với danh mục (ListProcedures).";
    CaseUnknown = "Choose one of the procedure's cases (GetProcedure), or leave the case empty for the first.",
        "Chọn một trường hợp của thủ tục (GetProcedure), hoặc để trống để lấy trường hợp đầu tiên.";
    AgencyUnknown = "Compare the code with the province's list of agencies; if one is missing, the gateway's operator adds it.",
        "Đối chiếu mã định danh với danh mục cơ quan của tỉnh; nếu thiếu, đề nghị đơn vị vận hành bổ sung.";
    RoleUnknown = "Name subjects in the roles that the procedure registers (GetProcedure).",
        "Nêu đối tượng theo đúng vai trò mà thủ tục đã đăng ký (GetProcedure).";
    SubjectMissing = "Say whom or what the question is about, by exactly one identifier.",
        "Nêu đối tượng được hỏi bằng đúng một số hoặc mã định danh.";
    ApplicantMissing = "Name the applicant among the subjects.",
        "Nêu người nộp hoặc người yêu cầu trong danh sách đối tượng.";
    FieldUnknown = "Look up the field's name in the contract (.proto).",
        "Tra tên trường trong đặc tả giao diện (tệp .proto).";
    ValueMissing = "Fill in the field that is named.",
        "Điền trường được nêu tên.";
    ValueInvalid = "Write the field that is named as the contract (.proto) says.",
        "Ghi trường được nêu tên theo đúng đặc tả giao diện (tệp .proto).";
    ComponentUnknown = "Name components by the keys that GetProcedure tells, or none for all.",
        "Nêu thành phần hồ sơ theo mã trong GetProcedure, hoặc để trống để xét tất cả.";
    MessageMalformed = "Generate the client from the contract (.proto), and send texts in UTF-8.",
        "Sinh mã máy khách từ đặc tả giao diện (tệp .proto) và gửi văn bản theo UTF-8.";
    MessageTooLarge = "Send less in one message; nothing in the contract needs that much.",
        "Gửi thông điệp nhỏ hơn; không nội dung nào trong đặc tả cần dung lượng lớn như vậy.";
    CloseReasonForm = "Write the reason as one word, such as DECIDED or WITHDRAWN.",
        "Ghi lý do bằng một từ, ví dụ DECIDED (đã giải quyết) hoặc WITHDRAWN (đã rút).";
    EnterpriseNameForm = "Write the enterprise's name as it is registered.",
        "Ghi tên doanh nghiệp đúng như đã đăng ký.";
    AcceptanceReceiptLength = "Sign the receipt over what the contract names, and nothing else.",
        "Ký giấy tiếp nhận chỉ với các nội dung mà đặc tả giao diện quy định.";
    MaxAgeRange = "Leave the age out, or name one within the range; 0 asks the registry.",
        "Bỏ trống, hoặc ghi giá trị trong khoảng cho phép; 0 là hỏi trực tiếp cơ sở dữ liệu.";
    TimestampRange = "Write the time as a protobuf Timestamp (UTC).",
        "Ghi thời điểm theo kiểu Timestamp của protobuf (giờ UTC).";
    EnumValueUnknown = "Use one of the values that the contract (.proto) names.",
        "Dùng một trong các giá trị nêu trong đặc tả giao diện (tệp .proto).";
    PageSizeRange = "Ask for a smaller page, or leave the size out.",
        "Giảm số mục mỗi trang, hoặc bỏ trống.";
    TooManyValues = "Send fewer values, or several requests.",
        "Gửi ít giá trị hơn, hoặc chia thành nhiều yêu cầu.";
    TimeRangeInvalid = "Put the beginning before the end.",
        "Đặt thời điểm bắt đầu trước thời điểm kết thúc.";
    IndexRangeInvalid = "Put the first index before the end, and the end within the size of the newest checkpoint.",
        "Đặt chỉ số đầu nhỏ hơn chỉ số cuối, và chỉ số cuối không vượt quá số bản ghi của checkpoint mới nhất.";
    PageTokenInvalid = "Begin again at the first page, and keep the filters from page to page.",
        "Tìm lại từ trang đầu, và giữ nguyên điều kiện lọc khi sang trang.";
    EntryUnknown = "Check origin and index of the receipt: every gateway keeps a log of its own.",
        "Kiểm tra tên nhật ký và chỉ số trên biên nhận: mỗi cổng kết nối có nhật ký riêng.";
    // Gateway
    AuditUnavailable = "Ask again later; the gateway's operator looks at the disk of the audit log.",
        "Gửi lại sau; đơn vị vận hành kiểm tra ổ đĩa lưu nhật ký kiểm toán.";
    StoreUnavailable = "Ask again later; the gateway's operator looks at its data folder.",
        "Gửi lại sau; đơn vị vận hành kiểm tra thư mục dữ liệu của cổng kết nối.";
    Overloaded = "Wait as long as the answer says, then ask again with fewer calls at once.",
        "Chờ đúng thời gian ghi trong trả lời rồi gửi lại, với ít lời gọi đồng thời hơn.";
    DeadlineExceeded = "Ask again, with a longer deadline: a registry may be slow.",
        "Gửi lại với thời hạn dài hơn: cơ sở dữ liệu nguồn có thể đang chậm.";
    ShuttingDown = "Ask again, another gateway or this one after its restart.",
        "Gửi lại đến máy chủ khác, hoặc sau khi máy chủ này khởi động lại.";
    Internal = "Ask again once; if it stays, report the trace id to the gateway's operator.",
        "Gửi lại một lần; nếu vẫn lỗi thì báo mã truy vết cho đơn vị vận hành.";
    // Registry
    SourceTimeout | SourceUnreachable | SourceError = "Ask again later; if the applicant cannot wait, take the paper.",
        "Gửi lại sau; nếu người nộp không thể chờ thì nhận giấy tờ.";
    SourceThrottled | SourceBusy | SourceSuspended = "Wait as long as the answer says, then ask again; if the applicant cannot wait, take the paper.",
        "Chờ đúng thời gian ghi trong trả lời rồi gửi lại; nếu người nộp không thể chờ thì nhận giấy tờ.";
    SourceRefused = "Take the paper, and tell the gateway's operator: its registration at the registry needs attention.",
        "Nhận giấy tờ, và báo đơn vị vận hành kiểm tra việc đăng ký kết nối với cơ sở dữ liệu nguồn.";
    SourceMalformed | SourceIncomplete = "Ask again later; if it stays, take the paper, and the gateway's operator reports the record to the registry.",
        "Gửi lại sau; nếu vẫn vậy thì nhận giấy tờ, đơn vị vận hành báo cho cơ quan quản lý cơ sở dữ liệu nguồn.";
    // Component decisions
    SourceNotConnected | NotInVault | NoSource = "Ask for the paper.",
        "Yêu cầu nộp giấy tờ.";
    RecordReused = "Do not ask the applicant for it.",
        "Không yêu cầu người nộp cung cấp giấy tờ này.";
    FormPrefilled = "Give the form to the applicant to check, complete and sign.",
        "Đưa tờ khai cho người nộp kiểm tra, bổ sung và ký.";
    FormBlank = "Let the applicant fill in the form.",
        "Để người nộp tự kê khai.";
    OriginalRequired = "Ask for the original.",
        "Yêu cầu nộp bản chính.";
    NotInCase = "Nothing: the paper does not belong to this case.",
        "Không cần làm gì: giấy tờ này không thuộc trường hợp đang giải quyết.";
    SubjectNotNamed = "Name the subject when a dossier is opened, or ask for the paper.",
        "Nêu đối tượng này khi mở hồ sơ, hoặc yêu cầu nộp giấy tờ.";
    NotFoundAtSource = "Check the identifier with the applicant; if it is right, ask for the paper.",
        "Kiểm tra lại số, mã với người nộp; nếu đúng thì yêu cầu nộp giấy tờ.";
    FieldAbsent = "Ask for the paper; the person concerned may have the registry's record completed.",
        "Yêu cầu nộp giấy tờ; người có thông tin có thể đề nghị bổ sung dữ liệu nguồn.";
    CertificateNotInForce = "Look at the state of the certificate with the applicant, and ask for proof of the right.",
        "Cùng người nộp xem tình trạng Giấy chứng nhận, và yêu cầu giấy tờ chứng minh quyền.";
    HealthCardNotValid = "Ask for a card that is valid.",
        "Yêu cầu xuất trình thẻ còn giá trị sử dụng.";
    EnterpriseNotActive = "Clear up the state of the enterprise with the applicant, and ask for the paper.",
        "Làm rõ tình trạng của doanh nghiệp với người nộp, và yêu cầu nộp giấy tờ.";
    HouseholdBusinessNotShown = "Check the code with the applicant, and ask for the household business's certificate.",
        "Kiểm tra lại mã số với người nộp, và yêu cầu Giấy chứng nhận đăng ký hộ kinh doanh.";
    LandNotResidential = "Ask for proof that there is a lawful home on the land.",
        "Yêu cầu giấy tờ chứng minh chỗ ở hợp pháp trên đất.";
    PlaceDiffers = "Check the address with the applicant, and ask for proof of the place.",
        "Kiểm tra địa chỉ với người nộp, và yêu cầu giấy tờ chứng minh địa điểm.";
    RelationNotShown = "Ask for the paper that proves the relation.",
        "Yêu cầu giấy tờ chứng minh quan hệ.";
    NoParticipation = "Check the insurance number, and ask for the insurance book.",
        "Kiểm tra mã số bảo hiểm xã hội, và yêu cầu nộp sổ bảo hiểm xã hội.";
    MarriageNotEnded = "Ask for the judgment or the death record; the person may have the registry's record updated.",
        "Yêu cầu bản án, quyết định ly hôn hoặc trích lục khai tử; người có thông tin có thể đề nghị cập nhật dữ liệu nguồn.";
    NotDeceased = "Ask for the paper that proves the death.",
        "Yêu cầu giấy tờ chứng minh việc chết.";
    ConditionNotMet = "Ask for the paper; the officer decides.",
        "Yêu cầu nộp giấy tờ để cán bộ xem xét.";
}
