//! Insurance over a real socket: answers and refusals.

use serde_json::json;

use super::*;
use crate::decided::insurance as decided;

async fn ask(rig: &Rig, token: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = rig.post(Registry::Insurance, path, token, &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn numbers_lead_to_people_and_back() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let token = rig.token(Registry::Insurance).await;
    let family = &world.families()[0];
    let number = json!({"maSoBhxh": family.applicant.insurance_number});

    let (status, body) = ask(&rig, &token, decided::IDENTITY_PATH, number.clone()).await;
    assert_eq!((status, body["hoTen"].as_str()), (200, Some(family.applicant.name.as_str())));
    let birth = family.applicant.birth_date.replace('-', "");
    assert_eq!((body["ngaySinh"].as_str(), &body["loaiNgaySinh"]), (Some(birth.as_str()), &json!("0")));

    let (_, body) = ask(&rig, &token, decided::HOUSEHOLD_PATH, number.clone()).await;
    assert!(body["thanhVien"].as_array().unwrap().len() >= 5);
    assert!(body["maHo"].is_string() && body["diaChi"].is_string());

    let criteria = json!({"hoTen": family.applicant.name, "ngaySinh": birth});
    let (_, body) = ask(&rig, &token, decided::SEARCH_PATH, criteria).await;
    let found: Vec<_> = body.as_array().unwrap().iter().map(|one| one["maSoBhxh"].clone()).collect();
    assert!(found.contains(&number["maSoBhxh"]), "{found:?}");
    let criteria = json!({"hoTen": family.applicant.name, "ngaySinh": birth, "maTinhKs": "00"});
    let (_, body) = ask(&rig, &token, decided::SEARCH_PATH, criteria).await;
    assert_eq!(body, json!([]), "the place narrows");
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn the_tone_pair_is_ambiguous_by_name() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let token = rig.token(Registry::Insurance).await;
    let pair = &world.personas().tone_pair;
    let insured = [&pair.first, &pair.second].map(|id| world.insured_of(world.person_ref(id).unwrap()));
    let expected = insured.iter().flatten().count();
    let birth = world.person(&pair.first).unwrap().birth.compact();
    let criteria = json!({"hoTen": pair.first_name, "ngaySinh": birth});
    let (_, body) = ask(&rig, &token, decided::SEARCH_PATH, criteria).await;
    assert_eq!(body.as_array().unwrap().len(), expected);
    assert!(expected > 0);
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn histories_and_cards() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let token = rig.token(Registry::Insurance).await;
    let family = &world.families()[0];
    let number = |number: &str| json!({"maSoBhxh": number});
    let (_, rows) =
        ask(&rig, &token, decided::HISTORY_PATH, number(&family.applicant.insurance_number)).await;
    let rows = rows.as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(row["tuThang"].as_str() <= row["denThang"].as_str());
        if let Some(employer) = row["maDonVi"].as_str() {
            assert_eq!(world.enterprise(employer).unwrap().name, row["tenDonVi"].as_str().unwrap());
        }
    }
    let (status, rows) =
        ask(&rig, &token, decided::HISTORY_PATH, number(&family.elder.insurance_number)).await;
    assert_eq!((status, rows), (200, json!([])));

    let p = world.personas();
    let (_, card) = ask(&rig, &token, decided::CARD_PATH, number(&family.applicant.insurance_number)).await;
    assert_eq!(
        (card["maThe"].as_str(), &card["trangThai"]),
        (Some(family.applicant.health_card.as_str()), &json!("1"))
    );
    let (_, card) = ask(&rig, &token, decided::CARD_PATH, number(&p.expired_card)).await;
    assert_eq!((&card["trangThai"], &card["denNgay"]), (&json!("0"), &json!("20251231")));
    for (path, key) in [(decided::CARD_PATH, &p.no_card), (decided::IDENTITY_PATH, &p.unknown_insurance)] {
        let (status, body) = ask(&rig, &token, path, number(key)).await;
        assert_eq!((status, &body["maLoi"]), (200, &json!("KHONG_TIM_THAY")));
    }
    for body in [json!({}), json!({"maSoBhxh": 5}), json!({"maSoBhxh": "98", "khac": "1"}), json!([])] {
        assert_eq!(ask(&rig, &token, decided::CARD_PATH, body.clone()).await.0, 400, "{body}");
    }
    rig.sandbox.stop().await;
}
