//! The documents of the population registry.

use std::fmt::Write;

use crate::decided::population as decided;
use crate::world::{BirthDate, Name, Person, PersonRef, Place, World};

pub(super) const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The state of the source is that of the evening before the world's day.
fn data_time(world: &World) -> String {
    let day = world.as_of.yesterday().unwrap_or(world.as_of);
    format!("{day}T22:00:00+07:00")
}

/// 033: exists, or not.
pub(super) fn exists(exists: bool) -> String {
    let namespace = decided::NS_ANSWER;
    format!(
        "{PROLOGUE}<KetQuaXacThucResponse xmlns=\"{namespace}\"><TonTai>{exists}</TonTai></KetQuaXacThucResponse>"
    )
}

/// 037: one person, or an empty collection.
pub(super) fn lookup(world: &World, person: Option<PersonRef>) -> String {
    collection(decided::NS_ANSWER, &person.map(|person| citizen(world, person)).unwrap_or_default())
}

/// Every member of the person's household.
pub(super) fn household(world: &World, person: Option<PersonRef>) -> String {
    let members = person.and_then(|person| world.household_of(person)).map(|household| &household.members);
    let citizens: String = members.into_iter().flatten().map(|(member, _)| citizen(world, *member)).collect();
    collection(decided::NS_ANSWER, &citizens)
}

/// Parents, spouse and children of a person.
pub(super) fn relatives(world: &World, person: Option<PersonRef>) -> String {
    let mut body = String::new();
    let mut count = 0;
    if let Some(person) = person {
        let who = &world.people[person];
        let children = (0..world.people.len()).filter(|other| {
            let other = &world.people[*other];
            other.father == Some(person) || other.mother == Some(person)
        });
        let related = who.father.map(|p| (p, "Cha")).into_iter();
        let related = related.chain(who.mother.map(|p| (p, "Mẹ"))).chain(who.spouse.map(|p| (p, "Vợ/Chồng")));
        for (other, relation) in related.chain(children.map(|child| (child, "Con"))) {
            count += 1;
            let other = &world.people[other];
            let mut xml = Xml::default();
            xml.text("QuanHe", relation);
            xml.optional("SoDinhDanh", other.own_id());
            xml.name(&other.name, other.name_unsplit);
            xml.birth(other.birth);
            xml.text("GioiTinh", other.sex.code());
            let _ = write!(body, "<CongDan>{}</CongDan>", xml.0);
        }
    }
    let note = if person.is_some() { "" } else { "<GhiChu>Không tìm thấy công dân</GhiChu>" };
    let head =
        format!("<SoCongDan>{count}</SoCongDan>{note}<ThoiDiemDuLieu>{}</ThoiDiemDuLieu>", data_time(world));
    collection(decided::NS_RELATIVES, &format!("{head}{body}"))
}

/// Marital status with the spouse.
pub(super) fn marital(world: &World, person: Option<PersonRef>) -> String {
    let mut xml = Xml::default();
    xml.text("TonTai", if person.is_some() { "true" } else { "false" });
    if let Some(person) = person.map(|person| &world.people[person]) {
        xml.optional("TinhTrangHonNhan", person.marital.map(crate::world::Marital::code));
        xml.relative(world, "VoChong", person.spouse);
    }
    verdict(world, xml)
}

/// Whether the person is alive.
pub(super) fn death(world: &World, person: Option<PersonRef>) -> String {
    let mut xml = Xml::default();
    xml.text("TonTai", if person.is_some() { "true" } else { "false" });
    if let Some(person) = person.map(|person| &world.people[person]) {
        xml.text("TinhTrang", if person.died.is_some() { "1" } else { "0" });
        let day = person.died.map(|day| day.strftime("%Y%m%d").to_string());
        xml.optional("Ngay", day.as_deref());
    }
    verdict(world, xml)
}

fn verdict(world: &World, mut xml: Xml) -> String {
    xml.text("ThoiDiemDuLieu", &data_time(world));
    format!("{PROLOGUE}<KetQuaXacMinh xmlns=\"{}\">{}</KetQuaXacMinh>", decided::NS_RELATIVES, xml.0)
}

fn collection(namespace: &str, content: &str) -> String {
    format!("{PROLOGUE}<CongdanCollection xmlns=\"{namespace}\">{content}</CongdanCollection>")
}

fn citizen(world: &World, at: PersonRef) -> String {
    let person: &Person = &world.people[at];
    let mut xml = Xml::default();
    xml.optional("SoDinhDanh", person.own_id());
    xml.optional("SoCMND", person.cmnd.as_deref());
    for cancelled in &person.cancelled_ids {
        xml.text("SoDinhDanhDaHuy", cancelled);
    }
    xml.name(&person.name, person.name_unsplit);
    xml.text("GioiTinh", person.sex.code());
    xml.text("DanToc", person.ethnicity.code());
    xml.optional("TonGiao", person.religion);
    xml.optional("TinhTrangHonNhan", person.marital.map(crate::world::Marital::code));
    xml.optional("NhomMau", person.blood);
    xml.birth(person.birth);
    xml.text("QuocTich", "VN");
    xml.place("NoiDangKyKhaiSinh", &person.birth_place);
    xml.place("QueQuan", &person.hometown);
    xml.place("ThuongTru", &person.permanent);
    xml.place("NoiOHienTai", &person.current);
    xml.relative(world, "Cha", person.father);
    xml.relative(world, "Me", person.mother);
    xml.relative(world, "VoChong", person.spouse);
    xml.relative(world, "NguoiDaiDien", person.guardian);
    if let Some(household) = world.household_of(at)
        && let Some((_, relation)) = household.members.iter().find(|(member, _)| *member == at)
    {
        let head = &world.people[household.head];
        let mut inner = Xml::default();
        inner.text("QuanHe", relation);
        inner.text("HoVaTen", &head.full_name());
        inner.optional("SoDinhDanh", head.own_id());
        inner.optional("SoCMND", head.cmnd.as_deref());
        xml.element("ChuHo", &inner.0);
        xml.text("SoSoHoKhau", &household.number);
    }
    format!("<CongDan>{}</CongDan>", xml.0)
}

/// Elements one after another.
#[derive(Default)]
struct Xml(String);

// === impl Xml ===

impl Xml {
    fn element(&mut self, name: &str, content: &str) {
        let _ = write!(self.0, "<{name}>{content}</{name}>");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.element(name, &escape(text));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn name(&mut self, name: &Name, unsplit: bool) {
        let mut inner = Self::default();
        if unsplit {
            inner.text("Ten", &name.full());
        } else {
            inner.text("Ho", &name.family);
            inner.optional("ChuDem", Some(name.middle.as_str()).filter(|middle| !middle.is_empty()));
            inner.text("Ten", &name.given);
        }
        self.element("HoVaTen", &inner.0);
    }

    fn birth(&mut self, birth: BirthDate) {
        let kind = if birth.month_day.is_some() { "NgayThangNam" } else { "Nam" };
        let content = format!("<{kind}>{}</{kind}>", birth.compact());
        self.element("NgayThangNamSinh", &content);
    }

    fn place(&mut self, name: &str, place: &Place) {
        let mut inner = Self::default();
        inner.text("MaTinhThanh", &place.province);
        inner.optional("MaQuanHuyen", place.district.as_deref());
        inner.optional("MaPhuongXa", place.commune.as_deref());
        inner.optional("ChiTiet", place.detail.as_deref());
        inner.text("QuocGia", "VN");
        self.element(name, &inner.0);
    }

    fn relative(&mut self, world: &World, name: &str, person: Option<PersonRef>) {
        let Some(person) = person.map(|person| &world.people[person]) else { return };
        let mut inner = Self::default();
        inner.text("HoVaTen", &person.full_name());
        inner.text("QuocTich", "VN");
        inner.optional("SoDinhDanh", person.own_id());
        inner.optional("SoCMND", person.cmnd.as_deref());
        self.element(name, &inner.0);
    }
}
