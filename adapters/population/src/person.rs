//! `CongdanCollection/CongDan` as a person (service 037).

use motlan_api::{Decoding, FetchError, Gaps, Invalid, MalformedCause, Read};
use motlan_domain::codes;
use motlan_domain::id::IdRules;
use motlan_domain::record::{Alias, MaritalStatus, Person};
use motlan_domain::{Completeness, Dataset, Fetched, Record, SubjectKey};

use crate::element::{self, Element, NS_PEOPLE};

/// Reads the answer to a lookup.
///
/// Not found is no `CongDan`, or one with an empty name. Two of them
/// contradict one another; one about another id is malformed, unless it names
/// the asked id as an alias of the person.
pub fn decode_person(bytes: &[u8], decoding: &Decoding<'_>) -> Result<Fetched, FetchError> {
    let document = element::parse(bytes)?;
    let root = element::root(&document, NS_PEOPLE, "CongdanCollection")?;
    let people = citizens(root)?;
    let citizen = match people.as_slice() {
        [] => return Ok(decoding.not_found()),
        [one] => *one,
        _ => {
            let mut gaps = Gaps::new(Dataset::Person);
            gaps.all_contradictory();
            return Ok(decoding.nothing_sure(gaps.finish()));
        }
    };
    if is_blank(citizen) {
        return Ok(decoding.not_found());
    }
    let (person, completeness) = person(citizen, decoding.rules);
    if answers(&person, decoding.subject) {
        return decoding.fetched(vec![Record::Person(Box::new(person))], completeness);
    }
    if lacks_an_id(completeness) {
        // Nothing shows that it is the person asked for, nor that it is not.
        return Ok(decoding.nothing_sure(completeness));
    }
    Err(FetchError::malformed(MalformedCause::OtherSubject))
}

/// Whether an id of the person is missing or could not be read.
pub(crate) fn lacks_an_id(completeness: Completeness) -> bool {
    let Completeness::Incomplete { missing, .. } = completeness else { return false };
    let ids = Dataset::Person.field_set(["personal_id", "cmnd", "aliases"]).unwrap_or_default();
    !missing.intersection(ids).is_empty()
}

/// The `CongDan` elements; anything else beside them is another shape.
pub(crate) fn citizens<'a, 'i>(root: Element<'a, 'i>) -> Result<Vec<Element<'a, 'i>>, FetchError> {
    let fits = |child: Element<'a, 'i>| match (child.name(), child.is_ours()) {
        ("CongDan", true) => Ok(child),
        ("CongDan", false) => Err(FetchError::malformed(MalformedCause::Namespace)),
        _ => Err(FetchError::malformed(MalformedCause::Shape)),
    };
    root.elements().map(fits).collect()
}

/// Whether the name is there and empty: the source's way to say "nobody".
pub(crate) fn is_blank(citizen: Element<'_, '_>) -> bool {
    matches!(citizen.child("HoVaTen"), Ok(Some(_))) && matches!(citizen.full_name(), Ok(None))
}

/// Whether a person is the one asked for: by the id in force, by a CMND, or by
/// an id that was cancelled (decree 58/2026 art. 12).
pub(crate) fn answers(person: &Person, subject: &SubjectKey) -> bool {
    let aliases = || person.aliases.iter().flatten();
    match subject {
        SubjectKey::Person(id) => {
            person.personal_id == Some(*id) || aliases().any(|alias| alias.personal_id == Some(*id))
        }
        SubjectKey::Cmnd(id) => {
            let cmnds = person.cmnd.iter().chain(aliases().filter_map(|alias| alias.cmnd.as_ref()));
            let late = person.personal_id.is_some_and(|own| own.expose() == id.expose());
            late || cmnds.into_iter().any(|cmnd| cmnd == id)
        }
        _ => false,
    }
}

/// Reads one `CongDan`. Name and an id have to be there; whatever else is
/// there has to be readable.
pub(crate) fn person(citizen: Element<'_, '_>, rules: IdRules) -> (Person, Completeness) {
    let mut gaps = Gaps::new(Dataset::Person);
    let cmnd = gaps.take("cmnd", citizen.cmnd(rules));
    let id = citizen.personal_id("SoDinhDanh", rules);
    // An elder may have a CMND alone.
    let personal_id =
        if cmnd.is_some() { gaps.take("personal_id", id) } else { gaps.need("personal_id", id) };
    let mut relative = |field, name| gaps.take(field, citizen.relative(name, rules));
    let father = relative("father", "Cha");
    let mother = relative("mother", "Me");
    let spouse = relative("spouse", "VoChong");
    let representative = relative("representative", "NguoiDaiDien");
    let household_head = relative("household_head", "ChuHo");
    let person = Person {
        full_name: gaps.need("full_name", citizen.full_name()),
        birth_date: gaps.take("birth_date", citizen.birth_date()),
        sex: gaps.take("sex", citizen.sex()),
        personal_id,
        cmnd,
        aliases: gaps.take("aliases", aliases(citizen, rules)),
        birthplace: gaps.take("birthplace", citizen.place("NoiSinh")),
        birth_registration: gaps.take("birth_registration", citizen.place("NoiDangKyKhaiSinh")),
        hometown: gaps.take("hometown", citizen.place("QueQuan")),
        ethnicity: gaps.take("ethnicity", citizen.coded("DanToc", codes::ethnic_group)),
        religion: gaps.take("religion", citizen.coded("TonGiao", |_| None)),
        nationality: gaps.take("nationality", citizen.coded("QuocTich", codes::country)),
        marital_status: gaps.take("marital_status", marital_status(citizen)),
        blood_type: gaps.take("blood_type", blood_type(citizen)),
        permanent_residence: gaps.take("permanent_residence", citizen.place("ThuongTru")),
        temporary_residence: gaps.take("temporary_residence", citizen.place("TamTru")),
        current_residence: gaps.take("current_residence", citizen.place("NoiOHienTai")),
        father,
        mother,
        spouse,
        representative,
        household_head,
        household_head_relation: gaps.take("household_head_relation", relation(citizen)),
        household_no: gaps.take("household_no", citizen.text("SoSoHoKhau")),
        // Service 037 says nothing of death or absence; see `status`.
        deceased: None,
        missing: None,
    };
    (person, gaps.finish())
}

/// `ChuHo/QuanHe`
pub(crate) fn relation(citizen: Element<'_, '_>) -> Read<String> {
    citizen.with("ChuHo", |head| head.text("QuanHe"))
}

/// `SoDinhDanhDaHuy`: ids that were cancelled.
fn aliases(citizen: Element<'_, '_>, rules: IdRules) -> Read<Vec<Alias>> {
    let mut aliases = Vec::new();
    for element in citizen.all("SoDinhDanhDaHuy") {
        let Some(text) = element.own_text()? else { continue };
        let id = motlan_domain::id::PersonalId::parse(&text, &rules).map_err(|_| Invalid)?;
        aliases.push(Alias { personal_id: Some(id), cmnd: None, cancelled: true });
    }
    Ok((!aliases.is_empty()).then_some(aliases))
}

/// Codes of the shared catalogue `matinhtranghonnhan`.
fn marital_status(citizen: Element<'_, '_>) -> Read<MaritalStatus> {
    citizen.parsed("TinhTrangHonNhan", |text| match text {
        "1" => Ok(MaritalStatus::Single),
        "2" => Ok(MaritalStatus::Married),
        "3" => Ok(MaritalStatus::Divorced),
        "4" => Ok(MaritalStatus::Widowed),
        _ => Err(Invalid),
    })
}

fn blood_type(citizen: Element<'_, '_>) -> Read<String> {
    citizen.parsed("NhomMau", |text| {
        let group = text.trim_end_matches(['+', '-']);
        let known = matches!(group, "A" | "B" | "AB" | "O") && text.len() - group.len() <= 1;
        if known { Ok(text.to_owned()) } else { Err(Invalid) }
    })
}

#[cfg(test)]
mod tests;
