//! The hard cases by name, and families fit for every procedure: the lists
//! callers read. How they are made stands in `special` and `demo`.

use serde::Serialize;

/// Identifiers of the hard cases. Personal ids, enterprise codes, insurance
/// numbers and serials stand as the registries want them in a request.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Personas {
    /// Personal id; only the birth year is known.
    pub year_only_birth: String,
    /// Personal id of a Raglai person.
    pub raglai: String,
    /// Personal id of an Ê Đê woman (`H'…`).
    pub ede_woman: String,
    /// Personal id of her husband (`Y …`).
    pub ede_man: String,
    /// Personal id of a Chăm person.
    pub cham: String,
    /// Personal id of a Hoa person.
    pub hoa: String,
    /// A personal id that was cancelled …
    pub cancelled_id: String,
    /// … and the one that succeeded it, of the same person.
    pub successor_id: String,
    /// Nine-digit number of an elder who has no personal id at all.
    pub elder_cmnd: String,
    /// Name of that elder.
    pub elder_name: String,
    /// Birth date of that elder, `yyyy-MM-dd`.
    pub elder_birth_date: String,
    /// Two people whose names differ only by tone.
    pub tone_pair: TonePair,
    /// Personal id of a deceased person.
    pub deceased: String,
    /// Personal id of an adult without a marital status at the source.
    pub missing_marital_status: String,
    /// Personal id of the head of a household registered in two communes.
    pub split_household_head: String,
    /// Personal id of its member in the other commune.
    pub split_household_member: String,
    /// The two communes, the head's first.
    pub split_household_communes: [String; 2],
    /// Serial: owned by a married couple.
    pub owned_by_spouses: String,
    /// Serial: owned by three siblings with shares.
    pub owned_by_siblings: String,
    /// Serial: under a mortgage in force.
    pub mortgaged: String,
    /// Serial: under a transfer block in force.
    pub transfer_blocked: String,
    /// Serial: under a dispute in force.
    pub disputed: String,
    /// Serial: owned by a household.
    pub owned_by_household: String,
    /// Serial: owned by an organisation.
    pub owned_by_organisation: String,
    /// Code of that organisation.
    pub land_owning_enterprise: String,
    /// Serial of a certificate that was replaced …
    pub replaced_certificate: String,
    /// … and of the one that replaced it.
    pub replacing_certificate: String,
    /// Serial of a revoked certificate.
    pub revoked_certificate: String,
    /// Code of an active company.
    pub active_enterprise: String,
    /// Code of a suspended one.
    pub suspended_enterprise: String,
    /// Code of a dissolved one (ceased).
    pub dissolved_enterprise: String,
    /// Code of one not at its registered address.
    pub absent_enterprise: String,
    /// Code of one whose certificate was revoked for tax enforcement.
    pub revoked_enterprise: String,
    /// Code of a bankrupt one.
    pub bankrupt_enterprise: String,
    /// Code of a branch.
    pub branch: String,
    /// Code of a household business that is its owner's personal id.
    pub household_business_by_personal_id: String,
    /// Insurance number whose health card has expired.
    pub expired_card: String,
    /// Insurance number whose card carries the ten digits alone.
    pub ten_digit_card: String,
    /// Insurance number without any health card.
    pub no_card: String,
    /// A well-formed personal id that nobody has.
    pub unknown_person: String,
    /// A well-formed enterprise code that nobody has.
    pub unknown_enterprise: String,
    /// A well-formed insurance number that nobody has.
    pub unknown_insurance: String,
    /// A well-formed serial that no certificate carries.
    pub unknown_certificate: String,
}

/// Two people of one commune, born on one day, whose names differ by tone only.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TonePair {
    /// Personal id of the first.
    pub first: String,
    /// Personal id of the second.
    pub second: String,
    /// Name of the first.
    pub first_name: String,
    /// Name of the second.
    pub second_name: String,
}

/// One member of a demo family.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FamilyMember {
    /// Personal id.
    pub id: String,
    /// Whole name.
    pub name: String,
    /// `yyyy-MM-dd`.
    pub birth_date: String,
    /// Social-insurance number.
    pub insurance_number: String,
    /// Code of the health card in force.
    pub health_card: String,
}

/// A parcel as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ParcelKey {
    /// New commune code.
    pub commune: String,
    /// Map sheet.
    pub sheet: u32,
    /// Parcel number.
    pub number: u32,
}

/// A family that fits every procedure of the catalogue.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DemoFamily {
    /// The adult who applies.
    pub applicant: FamilyMember,
    /// Spouse of the applicant.
    pub spouse: FamilyMember,
    /// Their children, the youngest (under 6) first.
    pub children: Vec<FamilyMember>,
    /// A parent of the applicant of at least 75 years, without a pension.
    pub elder: FamilyMember,
    /// Personal id of the head of household: the applicant or the elder.
    pub head: String,
    /// The spouse's father, who heads a household of his own in the commune.
    pub parents_head: FamilyMember,
    /// Two grown people of the commune, unmarried, of two households.
    pub betrothed: [FamilyMember; 2],
    /// Serial of the certificate over the home's parcel, without encumbrance.
    pub certificate: String,
    /// Personal ids of its owners: the couple, or the head.
    pub certificate_owners: Vec<String>,
    /// Its parcel, in the commune of residence.
    pub parcel: ParcelKey,
    /// Code of an active company the applicant represents.
    pub enterprise: String,
    /// Code of an active household business of the applicant.
    pub household_business: String,
    /// An old commune the commune of residence was made from.
    pub old_commune: String,
    /// Commune of residence, new code.
    pub new_commune: String,
    /// Its name.
    pub commune_name: String,
    /// Address of residence within it.
    pub address: String,
}
