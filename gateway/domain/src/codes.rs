//! Codes of the shared catalogues (*danh mục dùng chung*) that registries send
//! in place of words: a form and a person want the words.
//!
//! A code that stands in none of these tables has no words; nobody guesses.

mod countries;
#[cfg(test)]
mod tests;

/// The 54 ethnic groups in the order of their two-digit codes, from `01`
/// (decision 121-TCTK/PPCĐ of 2 March 1979; shared catalogue `madantoc`).
const ETHNIC_GROUPS: [&str; 54] = [
    "Kinh",
    "Tày",
    "Thái",
    "Hoa",
    "Khmer",
    "Mường",
    "Nùng",
    "Mông",
    "Dao",
    "Gia Rai",
    "Ngái",
    "Ê Đê",
    "Ba Na",
    "Xơ Đăng",
    "Sán Chay",
    "Cơ Ho",
    "Chăm",
    "Sán Dìu",
    "Hrê",
    "Mnông",
    "Raglai",
    "Xtiêng",
    "Bru - Vân Kiều",
    "Thổ",
    "Giáy",
    "Cơ Tu",
    "Giẻ Triêng",
    "Mạ",
    "Khơ Mú",
    "Co",
    "Tà Ôi",
    "Chơ Ro",
    "Kháng",
    "Xinh Mun",
    "Hà Nhì",
    "Chu Ru",
    "Lào",
    "La Chí",
    "La Ha",
    "Phù Lá",
    "La Hủ",
    "Lự",
    "Lô Lô",
    "Chứt",
    "Mảng",
    "Pà Thẻn",
    "Cơ Lao",
    "Cống",
    "Bố Y",
    "Si La",
    "Pu Péo",
    "Brâu",
    "Ơ Đu",
    "Rơ Măm",
];

/// The ethnic group (*dân tộc*) of a two-digit code.
pub fn ethnic_group(code: &str) -> Option<&'static str> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = code.as_bytes() else { return None };
    let number = usize::from(tens - b'0') * 10 + usize::from(ones - b'0');
    ETHNIC_GROUPS.get(number.checked_sub(1)?).copied()
}

/// The name of a country (*quốc gia*) by its ISO 3166-1 alpha-2 code, as
/// nationalities are written in Vietnamese papers.
pub fn country(code: &str) -> Option<&'static str> {
    let at = countries::COUNTRIES.binary_search_by_key(&code, |(known, _)| known).ok()?;
    Some(countries::COUNTRIES[at].1)
}
