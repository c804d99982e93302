//! Land over a real socket: answers and refusals.

use serde_json::json;

use super::*;
use crate::decided::land as decided;

async fn ask(rig: &Rig, token: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = rig.post(Registry::Land, path, token, &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn certificates_of_every_kind() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let token = rig.token(Registry::Land).await;
    let p = world.personas();
    for (serial, owner) in [
        (&p.owned_by_spouses, "VoChong"),
        (&p.owned_by_siblings, "CaNhan"),
        (&p.owned_by_household, "HoGiaDinh"),
        (&p.owned_by_organisation, "ToChuc"),
    ] {
        let (status, body) =
            ask(&rig, &token, decided::CERTIFICATE_PATH, json!({"soPhatHanh": serial})).await;
        assert_eq!(status, 200);
        assert_eq!(body["GiayChungNhan"]["soPhatHanh"].as_str(), Some(serial.as_str()));
        assert_eq!(body["GiayChungNhan"]["isLastest"], true);
        assert!(body["ChuSuDung"][0][owner].is_object(), "{owner}: {body}");
        assert!(body["ThuaDat"][0]["MucDichSuDung"][0]["loai"].is_string());
        let bare = serial.replace(' ', "");
        let (_, again) = ask(&rig, &token, decided::CERTIFICATE_PATH, json!({"soPhatHanh": bare})).await;
        assert_eq!(again, body, "the space does not matter");
    }
    let (_, siblings) =
        ask(&rig, &token, decided::CERTIFICATE_PATH, json!({"soPhatHanh": p.owned_by_siblings})).await;
    assert_eq!(siblings["ChuSuDung"][1]["tyLe"], "1/4");
    for (serial, kind) in
        [(&p.mortgaged, "THE_CHAP"), (&p.disputed, "TRANH_CHAP"), (&p.transfer_blocked, "NGAN_CHAN")]
    {
        let (_, body) = ask(&rig, &token, decided::CERTIFICATE_PATH, json!({"soPhatHanh": serial})).await;
        assert_eq!(
            (&body["bienDong"][0]["loai"], &body["bienDong"][0]["trangThai"]),
            (&json!(kind), &json!("DANG_HIEU_LUC"))
        );
    }
    let (_, old) =
        ask(&rig, &token, decided::CERTIFICATE_PATH, json!({"soPhatHanh": p.replaced_certificate})).await;
    assert_eq!(
        (&old["GiayChungNhan"]["isLastest"], &old["GiayChungNhan"]["tinhTrangGiayChungNhan"]),
        (&json!(false), &json!("DA_CAP_DOI"))
    );
    let (status, none) =
        ask(&rig, &token, decided::CERTIFICATE_PATH, json!({"soPhatHanh": p.unknown_certificate})).await;
    assert_eq!((status, &none["maLoi"]), (200, &json!("KHONG_TIM_THAY")));
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn parcels_and_owners() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let token = rig.token(Registry::Land).await;
    let family = &world.families()[0];
    let parcel = &family.parcel;
    for body in [
        json!({"maXa": parcel.commune, "soHieuToBanDo": parcel.sheet, "soThuTuThua": parcel.number}),
        json!({"maXa": parcel.commune, "soHieuToBanDo": parcel.sheet.to_string(), "soThuTuThua": parcel.number.to_string()}),
    ] {
        let (_, answer) = ask(&rig, &token, decided::PARCEL_PATH, body).await;
        assert_eq!(answer["GiayChungNhan"][0]["soPhatHanh"].as_str(), Some(family.certificate.as_str()));
    }
    let owner = &family.certificate_owners[0];
    let (_, all) = ask(&rig, &token, decided::OWNER_PATH, json!({"soDinhDanh": owner})).await;
    let serials: Vec<_> =
        all.as_array().unwrap().iter().map(|c| c["GiayChungNhan"]["soPhatHanh"].clone()).collect();
    assert_eq!(serials, [json!(family.certificate)]);
    let p = world.personas();
    let (_, all) =
        ask(&rig, &token, decided::OWNER_PATH, json!({"maDoanhNghiep": p.land_owning_enterprise})).await;
    assert!(!all.as_array().unwrap().is_empty());
    let (status, all) = ask(&rig, &token, decided::OWNER_PATH, json!({"soDinhDanh": p.unknown_person})).await;
    assert_eq!((status, all), (200, json!([])));
    for body in [json!({}), json!({"soDinhDanh": "1", "maDoanhNghiep": "2"}), json!({"khac": "1"})] {
        assert_eq!(ask(&rig, &token, decided::OWNER_PATH, body.clone()).await.0, 400, "{body}");
    }
    rig.sandbox.stop().await;
}
