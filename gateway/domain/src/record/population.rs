//! Person and household, on the shapes of population service 037.

use serde::{Deserialize, Serialize};

use super::{Coded, Named, record};
use crate::date::PartialDate;
use crate::id::{Cmnd, PersonalId};
use crate::name::PersonName;
use crate::place::Place;
use crate::subject::Link;

/// Sex as registered (*giới tính*). Codes differ per registry; adapters map them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
    /// Khác.
    Other,
}

/// Marital status (*tình trạng hôn nhân*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MaritalStatus {
    /// Chưa kết hôn.
    Single,
    /// Có vợ / có chồng.
    Married,
    /// Ly hôn.
    Divorced,
    /// Góa.
    Widowed,
}

/// Another identifier of the same person (decree 58/2026 art. 12: cancelled
/// ids stay linkable).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// Whether the source marks it cancelled.
    pub cancelled: bool,
    /// An old CMND.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmnd: Option<Cmnd>,
    /// A personal id, now or formerly valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_id: Option<PersonalId>,
}

/// Somebody a person's record names.
#[derive(Clone, PartialEq, Eq, Serialize, Default)]
pub struct Relative {
    /// Old CMND.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmnd: Option<Cmnd>,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<PersonName>,
    /// Nationality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nationality: Option<Coded>,
    /// Personal id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_id: Option<PersonalId>,
}

/// A row of a household.
#[derive(Clone, PartialEq, Eq, Serialize, Default)]
pub struct HouseholdMember {
    /// Birth date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<PartialDate>,
    /// The person.
    #[serde(flatten)]
    pub person: Relative,
    /// Relation to the head (*quan hệ với chủ hộ*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation_to_head: Option<String>,
    /// Sex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
}

record! {
    /// A natural person (*công dân*), service 037 `CongDan`.
    Person {
        full_name: PersonName = "Họ, chữ đệm và tên khai sinh", Population;
        birth_date: PartialDate = "Ngày, tháng, năm sinh", Population;
        sex: Sex = "Giới tính", Population;
        personal_id: PersonalId = "Số định danh cá nhân", Population;
        cmnd: Cmnd = "Số chứng minh nhân dân", Population;
        aliases: Vec<Alias> = "Số định danh, số CMND khác của cùng một người", Population;
        birthplace: Place = "Nơi sinh", Population;
        birth_registration: Place = "Nơi đăng ký khai sinh", Population;
        hometown: Place = "Quê quán", Population;
        ethnicity: Coded = "Dân tộc", Population, sensitive;
        religion: Coded = "Tôn giáo", Population, sensitive;
        nationality: Coded = "Quốc tịch", Population;
        marital_status: MaritalStatus = "Tình trạng hôn nhân", Population;
        blood_type: String = "Nhóm máu", Population, sensitive;
        permanent_residence: Place = "Nơi thường trú", Population;
        temporary_residence: Place = "Nơi tạm trú", Population;
        current_residence: Place = "Nơi ở hiện tại", Population;
        father: Relative = "Cha", Population;
        mother: Relative = "Mẹ", Population;
        spouse: Relative = "Vợ hoặc chồng", Population;
        representative: Relative = "Người đại diện", Population;
        household_head: Relative = "Chủ hộ", Population;
        household_head_relation: String = "Quan hệ với chủ hộ", Population;
        household_no: String = "Số hồ sơ hộ khẩu", Population;
        deceased: bool = "Đã chết", Population;
        missing: bool = "Mất tích", Population;
    }
}

record! {
    /// A household (*hộ gia đình*), operation `CungCapThongTinHoGiaDinh`.
    Household {
        household_no: String = "Số hồ sơ hộ khẩu", Population;
        head: Relative = "Chủ hộ", Population;
        address: Place = "Nơi thường trú của hộ", Population;
        members: Vec<HouseholdMember> = "Các thành viên hộ gia đình", Population;
    }
}

// === impl Person ===

impl Person {
    pub(super) fn named(&self) -> Vec<Named> {
        let holder = self.personal_id.map(|id| Named { id, link: Link::Holder });
        let relatives = [
            (&self.father, Link::Father),
            (&self.mother, Link::Mother),
            (&self.spouse, Link::Spouse),
            (&self.representative, Link::Representative),
            (&self.household_head, Link::HouseholdHead),
        ];
        let tie = |(relative, link): (&Option<Relative>, Link)| {
            relative.as_ref().and_then(|r| r.personal_id).map(|id| Named { id, link })
        };
        holder.into_iter().chain(relatives.into_iter().filter_map(tie)).collect()
    }

    pub(super) fn minimise_named(&mut self, keep: &dyn Fn(&PersonalId) -> bool) {
        let relatives = [
            &mut self.father,
            &mut self.mother,
            &mut self.spouse,
            &mut self.representative,
            &mut self.household_head,
        ];
        for relative in relatives.into_iter().flatten() {
            relative.minimise(keep);
        }
    }
}

// === impl Household ===

impl Household {
    pub(super) fn named(&self) -> Vec<Named> {
        let head = self.head.as_ref().and_then(|head| head.personal_id);
        let head = head.map(|id| Named { id, link: Link::HouseholdHead });
        let members = self.members.iter().flatten().filter_map(|member| member.person.personal_id);
        head.into_iter().chain(members.map(|id| Named { id, link: Link::HouseholdMember })).collect()
    }

    pub(super) fn without_id(&self) -> usize {
        self.members.iter().flatten().filter(|member| member.person.personal_id.is_none()).count()
    }

    pub(super) fn minimise_named(&mut self, keep: &dyn Fn(&PersonalId) -> bool) {
        if let Some(head) = &mut self.head {
            head.minimise(keep);
        }
        for member in self.members.iter_mut().flatten() {
            if !member.person.personal_id.is_some_and(|id| keep(&id)) {
                member.person = Relative::default();
                member.birth_date = None;
                member.sex = None;
            }
        }
    }
}

// === impl Relative ===

impl Relative {
    /// Empties the row unless `keep` knows the person.
    fn minimise(&mut self, keep: &dyn Fn(&PersonalId) -> bool) {
        if !self.personal_id.is_some_and(|id| keep(&id)) {
            *self = Self::default();
        }
    }
}
