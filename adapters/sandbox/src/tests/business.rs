//! Business registration over a real socket: answers and refusals.

use super::*;

async fn get(rig: &Rig, token: &str, query: &str) -> Value {
    let url = format!("{}/apiCSDLDKDN/1.0/{query}", rig.sandbox.endpoints().business);
    let answer = rig.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn enterprises_in_every_state() {
    let rig = Rig::start().await;
    let world = rig.sandbox.world().clone();
    let token = rig.token(Registry::Business).await;
    let p = world.personas();
    for (code, status) in [
        (&p.active_enterprise, "1"),
        (&p.suspended_enterprise, "2"),
        (&p.absent_enterprise, "3"),
        (&p.revoked_enterprise, "4"),
        (&p.bankrupt_enterprise, "6"),
        (&p.dissolved_enterprise, "7"),
        (&p.household_business_by_personal_id, "1"),
        (&p.branch, "1"),
    ] {
        let answer = get(&rig, &token, &format!("chiTietDoanhNghiep?msdn={code}")).await;
        assert_eq!((&answer["Status"], &answer["DataCount"]), (&1.into(), &1.into()));
        let main = &answer["Data"]["MainInformation"];
        assert_eq!(main["ENTERPRISE_GDT_CODE"].as_str(), Some(code.as_str()));
        if *code != p.branch {
            assert_eq!(main["ENTERPRISE_STATUS"], status);
        }
        let truth = world.enterprise(code).unwrap();
        let representative = &world.people[truth.representatives[0].0];
        assert_eq!(
            answer["Data"]["Representatives"][0]["PERSONAL_ID"].as_str(),
            Some(representative.id.as_str())
        );
        assert_eq!(main["LEGAL_NAMES"].as_str(), Some(representative.full_name().as_str()));
        assert_eq!(answer["Data"]["BusinessActivity"][0]["IS_MAIN"], "Y");
        let founded = truth.founded.strftime("%d/%m/%Y").to_string();
        assert_eq!(main["FOUNDING_DATE"].as_str(), Some(founded.as_str()));
        let address = &answer["Data"]["HOAdress"];
        assert_eq!(address["DistrictID"].is_null(), truth.address.district.is_none());
        assert!(address["AddressFullText"].as_str().unwrap().ends_with("Việt Nam"));
    }
    let (old, new): (Vec<_>, Vec<_>) = world.enterprises.iter().partition(|e| e.address.district.is_some());
    assert!(!old.is_empty() && !new.is_empty(), "addresses from before and after the reform");
    rig.sandbox.stop().await;
}

#[tokio::test]
async fn nothing_found_and_nothing_asked() {
    let rig = Rig::start().await;
    let token = rig.token(Registry::Business).await;
    let p = rig.sandbox.world().personas().clone();
    let none = get(&rig, &token, &format!("chiTietDoanhNghiep?msdn={}", p.unknown_enterprise)).await;
    assert_eq!((&none["Status"], &none["DataCount"], &none["Data"]), (&1.into(), &0.into(), &Value::Null));
    let bad = get(&rig, &token, "chiTietDoanhNghiep").await;
    assert_eq!(bad["Status"], 0);
    let journal = get(&rig, &token, &format!("tinhTrangHoSo?in_journal_no=HS-{}", p.active_enterprise)).await;
    assert_eq!(journal["Data"]["ENTERPRISE_GDT_CODE"].as_str(), Some(p.active_enterprise.as_str()));
    let url = format!("{}/apiCSDLDKDN/1.0/chiTietDoanhNghiep", rig.sandbox.endpoints().business);
    assert_eq!(rig.http.post(url).send().await.unwrap().status(), 405);
    let url = format!("{}/elsewhere", rig.sandbox.endpoints().business);
    assert_eq!(rig.http.get(url).send().await.unwrap().status(), 404);
    rig.sandbox.stop().await;
}
