//! Reading elements of the source's namespace, each with its type.

use motlan_api::{FetchError, Invalid, MalformedCause, Read};
use motlan_domain::Reason;
use motlan_domain::codes;
use motlan_domain::date::PartialDate;
use motlan_domain::id::{Cmnd, IdRules, PersonalId};
use motlan_domain::name::PersonName;
use motlan_domain::place::Place;
use motlan_domain::record::{Coded, Relative, Sex};
use motlan_transport::xml;
use roxmltree::{Document, Node, ParsingOptions};

/// Namespace of the answers of 037, 033 and the household operation.
pub(crate) const NS_PEOPLE: &str = "http://www.mic.gov.vn/dancu/1.0";
/// Namespace of the `XacMinh…` requests and of their answers.
pub(crate) const NS_VERIFIED: &str = "http://gtel.vn/qldc";
/// The source's quota is used up: the one refusal that time heals.
const REFUSED_QUOTA: &str = "020";

/// What a place holds.
const PLACE: &[&str] = &["MaTinhThanh", "MaQuanHuyen", "MaPhuongXa", "ChiTiet", "QuocGia"];
/// What a relative holds.
const RELATIVE: &[&str] = &["QuanHe", "HoVaTen", "QuocTich", "SoDinhDanh", "SoCMND"];

/// The words for a code of a shared catalogue, where they are known.
pub(crate) type Words = fn(&str) -> Option<&'static str>;

/// An element of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a, 'i> {
    node: Node<'a, 'i>,
    /// That of the root: to look it up each time would walk past whatever
    /// stands before the root.
    namespace: &'a str,
}

/// Judges the bytes and builds a tree of them.
pub(crate) fn parse(bytes: &[u8]) -> Result<Document<'_>, FetchError> {
    let text = xml::check(bytes).map_err(FetchError::malformed)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 200_000, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        FetchError::malformed(match error {
            roxmltree::Error::UnclosedRootNode | roxmltree::Error::NoRootNode => MalformedCause::Truncated,
            roxmltree::Error::DtdDetected | roxmltree::Error::UnknownEntityReference(..) => {
                MalformedCause::Forbidden
            }
            _ => MalformedCause::Syntax,
        })
    })
}

/// The root, if it is the expected one; the source's own refusal is an error.
pub(crate) fn root<'a, 'i>(
    document: &'a Document<'i>,
    namespace: &str,
    expected: &str,
) -> Result<Element<'a, 'i>, FetchError> {
    let root = document.root_element();
    let name = root.tag_name();
    match (name.name(), name.namespace()) {
        (local, Some(theirs)) if local == expected && theirs == namespace => {
            Ok(Element { node: root, namespace: theirs })
        }
        ("Loi", theirs) if theirs.is_none_or(|theirs| theirs == namespace) => Err(refusal(root)),
        (local, _) if local == expected => Err(FetchError::malformed(MalformedCause::Namespace)),
        _ => Err(FetchError::malformed(MalformedCause::Shape)),
    }
}

/// `<Loi><Ma/><MoTa/></Loi>`: the code is kept, the text is not.
fn refusal(root: Node<'_, '_>) -> FetchError {
    let code = root.children().find(|child| child.tag_name().name() == "Ma").and_then(|code| code.text());
    match code.map(str::trim).unwrap_or_default() {
        REFUSED_QUOTA => FetchError::Unavailable {
            reason: Reason::SourceThrottled,
            retry_after: None,
            upstream_ids: Vec::new(),
        },
        code => FetchError::refused(code),
    }
}

// === impl Element ===

impl<'a> Element<'a, '_> {
    /// Its local name.
    pub(crate) fn name(&self) -> &'a str {
        self.node.tag_name().name()
    }

    /// Whether it stands in the namespace of the answer, which is that of its
    /// root.
    pub(crate) fn is_ours(&self) -> bool {
        self.node.tag_name().namespace() == Some(self.namespace)
    }

    /// Its child elements, of whatever namespace.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> {
        let namespace = self.namespace;
        self.node.children().filter(Node::is_element).map(move |node| Self { node, namespace })
    }

    /// The children of that name.
    pub(crate) fn all(self, name: &str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |child| child.name() == name && child.is_ours())
    }

    /// The one child of that name; two of them are invalid.
    pub(crate) fn child(self, name: &str) -> Read<Self> {
        let mut all = self.all(name);
        match (all.next(), all.next()) {
            (first, None) => Ok(first),
            _ => Err(Invalid),
        }
    }

    /// Its own text; elements inside are invalid.
    pub(crate) fn own_text(&self) -> Read<String> {
        if self.elements().next().is_some() {
            return Err(Invalid);
        }
        let text: String =
            self.node.children().filter(Node::is_text).filter_map(|node| node.text()).collect();
        Ok(xml::text(&text)?.map(str::to_owned))
    }

    /// The text of a child.
    pub(crate) fn text(self, name: &str) -> Read<String> {
        self.child(name)?.map_or(Ok(None), |child| child.own_text())
    }

    /// The text of a child that `parse` must accept.
    pub(crate) fn parsed<T, E>(self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Read<T> {
        self.text(name)?.map(|text| parse(&text)).transpose().map_err(|_| Invalid)
    }

    /// A yes or no.
    pub(crate) fn truth(self, name: &str) -> Read<bool> {
        self.parsed(name, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Invalid),
        })
    }

    /// A child that `read` makes something of.
    pub(crate) fn with<T>(self, name: &str, read: impl FnOnce(Self) -> Read<T>) -> Read<T> {
        self.child(name)?.map_or(Ok(None), read)
    }

    pub(crate) fn personal_id(self, name: &str, rules: IdRules) -> Read<PersonalId> {
        self.parsed(name, |text| PersonalId::parse(text, &rules))
    }

    pub(crate) fn cmnd(self, rules: IdRules) -> Read<Cmnd> {
        self.parsed("SoCMND", |text| Cmnd::parse(text, &rules))
    }

    /// `HoVaTen{Ho, ChuDem, Ten}`, joined: the split is unreliable, and
    /// sometimes everything stands in `Ten`.
    pub(crate) fn full_name(self) -> Read<PersonName> {
        let Some(name) = self.child("HoVaTen")? else { return Ok(None) };
        let joined = if name.elements().next().is_none() {
            name.own_text()?
        } else {
            let parts = ["Ho", "ChuDem", "Ten"];
            if name.elements().any(|part| !part.is_ours() || !parts.contains(&part.name())) {
                return Err(Invalid);
            }
            let mut words = Vec::new();
            for part in parts {
                words.extend(name.text(part)?);
            }
            (!words.is_empty()).then(|| words.join(" "))
        };
        joined.map(|joined| PersonName::new(&joined)).transpose().map_err(|_| Invalid)
    }

    /// `NgayThangNamSinh` with `NgayThangNam` (yyyyMMdd) or `Nam`.
    pub(crate) fn birth_date(self) -> Read<PartialDate> {
        let Some(date) = self.child("NgayThangNamSinh")? else { return Ok(None) };
        if date.elements().next().is_none() {
            let text = date.own_text()?;
            return text.map(|text| PartialDate::parse_compact(&text)).transpose().map_err(|_| Invalid);
        }
        let full = date.parsed("NgayThangNam", PartialDate::parse_day)?;
        let year = date.parsed("Nam", PartialDate::parse_year)?;
        match (full, year) {
            (Some(full), Some(year)) if full.year() != year.year() => Err(Invalid),
            (Some(full), _) => Ok(Some(full)),
            (None, Some(year)) => Ok(Some(year)),
            // The element is there, but with nothing known inside.
            (None, None) => Err(Invalid),
        }
    }

    /// That an element of which nothing could be read holds nothing, rather
    /// than something else than the known children.
    fn is_void(self, known: &[&str]) -> Result<(), Invalid> {
        let stray_text = self
            .node
            .children()
            .filter(Node::is_text)
            .any(|node| !node.text().unwrap_or_default().trim().is_empty());
        let stray = self.elements().any(|child| !child.is_ours() || !known.contains(&child.name()));
        if stray || stray_text { Err(Invalid) } else { Ok(()) }
    }

    /// 1 male, 2 female, 3 other; differs per registry.
    pub(crate) fn sex(self) -> Read<Sex> {
        self.parsed("GioiTinh", |text| match text {
            "1" => Ok(Sex::Male),
            "2" => Ok(Sex::Female),
            "3" => Ok(Sex::Other),
            _ => Err(Invalid),
        })
    }

    /// A value of a shared catalogue: a short code, with the words that `words`
    /// knows for it, or a label.
    pub(crate) fn coded(self, name: &str, words: Words) -> Read<Coded> {
        let is_code = |text: &str| {
            text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        };
        let coded = |text: String| {
            if is_code(&text) {
                Coded { label: words(&text).map(str::to_owned), code: Some(text) }
            } else {
                Coded::label(text)
            }
        };
        Ok(self.text(name)?.map(coded))
    }

    /// `{MaTinhThanh, MaQuanHuyen, MaPhuongXa, ChiTiet, QuocGia}`; the district
    /// may be absent, there are none since 1 July 2025.
    pub(crate) fn place(self, name: &str) -> Read<Place> {
        let code = |element: Self, name: &str, digits: usize| {
            element.parsed(name, |text| {
                let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
                if fits { Ok(text.to_owned()) } else { Err(Invalid) }
            })
        };
        self.with(name, |element| {
            let place = Place {
                province_code: code(element, "MaTinhThanh", 2)?,
                district_code: code(element, "MaQuanHuyen", 3)?,
                commune_code: code(element, "MaPhuongXa", 5)?,
                detail: element.text("ChiTiet")?,
                country: element.text("QuocGia")?,
            };
            if place.is_empty() { element.is_void(PLACE).map(|()| None) } else { Ok(Some(place)) }
        })
    }

    /// `Cha|Me|VoChong|NguoiDaiDien|ChuHo`: an element that names nobody is
    /// absent.
    pub(crate) fn relative(self, name: &str, rules: IdRules) -> Read<Relative> {
        self.with(name, |element| {
            let relative = Relative {
                full_name: element.full_name()?,
                personal_id: element.personal_id("SoDinhDanh", rules)?,
                cmnd: element.cmnd(rules)?,
                nationality: element.coded("QuocTich", codes::country)?,
            };
            let named =
                relative.full_name.is_some() || relative.personal_id.is_some() || relative.cmnd.is_some();
            if named { Ok(Some(relative)) } else { element.is_void(RELATIVE).map(|()| None) }
        })
    }
}
