//! What the simulated registries answer, byte for byte.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use motlan_domain::name::registry_form;
use motlan_domain::{ManualClock, Registry};
use motlan_sandbox::decided::{self, population as paths};
use motlan_sandbox::{Credentials, Fault, OAuthClient, Sandbox, SandboxOptions, sign};
use serde_json::{Value, json};

/// The day of the corpus.
const NOW: &str = "2026-11-21T02:00:00Z";
/// What stands for the random token of the sandbox: the corpus is the same
/// each time.
const TOKEN: &str = "a-token-of-the-sandbox";

/// One input of a target.
pub(crate) struct Sample {
    pub(crate) target: &'static str,
    pub(crate) name: String,
    /// The subject asked about, where the target wants one.
    pub(crate) line: Option<String>,
    /// The answers, in the order the decoder takes them.
    pub(crate) parts: Vec<Vec<u8>>,
}

/// The sandbox, and a client for it.
struct Far {
    sandbox: Sandbox,
    http: reqwest::Client,
    asked: u32,
    samples: Vec<Sample>,
}

/// Everything there is to record.
pub(crate) async fn all() -> anyhow::Result<Vec<Sample>> {
    let now: jiff::Timestamp = NOW.parse()?;
    let clock = Arc::new(ManualClock::at(now));
    let day = motlan_domain::date::vietnam_day(now);
    let options = SandboxOptions::new(day, clock, Credentials::generate()?);
    let sandbox = Sandbox::start(options).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut far = Far { sandbox, http, asked: 0, samples: Vec::new() };
    far.population().await?;
    far.business().await?;
    far.insurance().await?;
    far.land().await?;
    far.transport().await?;
    let Far { sandbox, samples, .. } = far;
    sandbox.stop().await;
    Ok(samples)
}

// === impl Sample ===

impl Sample {
    /// As the target takes it.
    pub(crate) fn input(&self) -> Vec<u8> {
        self.with(&self.parts)
    }

    /// The same with other answers.
    pub(crate) fn with(&self, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.line.as_ref().map(|line| format!("{line}\n").into_bytes()).unwrap_or_default();
        input.extend(parts.join(&0));
        input
    }
}

// === impl Far ===

impl Far {
    fn keep(&mut self, target: &'static str, name: &str, line: Option<&str>, parts: Vec<Vec<u8>>) {
        let line = line.map(str::to_owned);
        self.samples.push(Sample { target, name: name.to_owned(), line, parts });
    }

    async fn population(&mut self) -> anyhow::Result<()> {
        let world = Arc::clone(self.sandbox.world());
        let (personas, family) = (world.personas(), &world.families()[0]);
        let id = |id: &str| format!("<SoDinhDanh>{id}</SoDinhDanh>");
        let elder = format!("<SoCMND>{}</SoCMND>", personas.elder_cmnd);
        let people = [
            ("whole", &family.applicant.id, id(&family.applicant.id)),
            ("of-an-ethnic-minority", &personas.ede_woman, id(&personas.ede_woman)),
            ("under-a-cancelled-id", &personas.cancelled_id, id(&personas.cancelled_id)),
            ("under-a-cmnd", &personas.elder_cmnd, elder),
            ("born-in-a-year", &personas.year_only_birth, id(&personas.year_only_birth)),
            ("nobody", &personas.unknown_person, id(&personas.unknown_person)),
        ];
        let form = "TraCuuThongTinCongDan";
        for (name, line, subject) in &people {
            let answer = self.ask_population(paths::LOOKUP_PATH, form, paths::NS_REQUEST, subject).await?;
            self.keep("population_person", name, Some(line), vec![answer]);
        }
        for (name, code) in [("refused", "003"), ("throttled", "020")] {
            self.sandbox.fault(Registry::Population, None, Fault::Refuse { code: code.to_owned() }, Some(1));
            let subject = &people[0].2;
            let answer = self.ask_population(paths::LOOKUP_PATH, form, paths::NS_REQUEST, subject).await?;
            self.keep("population_person", name, Some(people[0].1), vec![answer]);
        }
        let households = [
            ("whole", &family.applicant.id),
            ("in-two-communes", &personas.split_household_head),
            ("of-nobody", &personas.unknown_person),
        ];
        for (name, of) in households {
            let form = "CungCapThongTinHoGiaDinh";
            let answer = self.ask_population(paths::HOUSEHOLD_PATH, form, paths::NS_REQUEST, &id(of)).await?;
            self.keep("population_household", name, Some(of), vec![answer]);
        }
        for (name, claimed) in [("yes", family.applicant.name.as_str()), ("no", "Trần Văn Không")] {
            let subject =
                format!("{}<HoVaTen>{}</HoVaTen>", id(&family.applicant.id), registry_form(claimed));
            let form = "XacThucThongTinCongDanRequest";
            let answer = self.ask_population(paths::VERIFY_PATH, form, paths::NS_REQUEST, &subject).await?;
            self.keep("population_confirmation", name, None, vec![answer]);
        }
        for (name, of) in [
            ("alive", &family.applicant.id),
            ("dead", &personas.deceased),
            ("nobody", &personas.unknown_person),
        ] {
            let form = "XacMinhTinhTrangChetMatTichRequest";
            let answer = self.ask_population(paths::DEATH_PATH, form, paths::NS_RELATIVES, &id(of)).await?;
            self.keep("population_status", name, Some(of), vec![answer]);
        }
        Ok(())
    }

    async fn business(&mut self) -> anyhow::Result<()> {
        let world = Arc::clone(self.sandbox.world());
        let (personas, family) = (world.personas(), &world.families()[0]);
        let enterprises = [
            ("whole", &family.enterprise),
            ("suspended", &personas.suspended_enterprise),
            ("of-a-household", &personas.household_business_by_personal_id),
            ("branch", &personas.branch),
            ("unknown", &personas.unknown_enterprise),
        ];
        for (name, code) in enterprises {
            let url = format!(
                "{}{}?msdn={code}",
                self.sandbox.endpoints().business,
                decided::business::DETAIL_PATH
            );
            let token = self.token(Registry::Business).await?;
            let answer = self.http.get(url).bearer_auth(token).send().await?;
            ensure!(answer.status() == 200, "{name}: {}", answer.status());
            let answer = answer.bytes().await?.to_vec();
            self.keep("business_enterprise", name, Some(code), vec![answer]);
        }
        let refused = json!({"Data": null, "DataCount": 0, "Status": 0, "Message": "Từ chối"});
        self.keep("business_enterprise", "refused", Some(&family.enterprise), vec![text(&refused)]);
        Ok(())
    }

    async fn insurance(&mut self) -> anyhow::Result<()> {
        use decided::insurance as paths;
        let world = Arc::clone(self.sandbox.world());
        let (personas, family) = (world.personas(), &world.families()[0]);
        let me = &family.applicant;
        for (name, claimed) in [("one", me.name.as_str()), ("none", "Nguyễn Không Có")] {
            let question = json!({"hoTen": claimed, "ngaySinh": me.birth_date.replace('-', "")});
            let answer = self.post(Registry::Insurance, paths::SEARCH_PATH, &question, 200).await?;
            let line = format!("{claimed}|{}", me.birth_date);
            self.keep("insurance_search", name, Some(&line), vec![answer]);
        }
        let both = |one: &Vec<u8>, other: &Vec<u8>| vec![one.clone(), other.clone()];
        for (name, number) in [
            ("whole", &me.insurance_number),
            ("expired", &personas.expired_card),
            ("ten-digits", &personas.ten_digit_card),
            ("no-card", &personas.no_card),
            ("unknown", &personas.unknown_insurance),
        ] {
            let question = json!({"maSoBhxh": number});
            let base = self.post(Registry::Insurance, paths::IDENTITY_PATH, &question, 200).await?;
            let history = self.post(Registry::Insurance, paths::HISTORY_PATH, &question, 200).await?;
            let card = self.post(Registry::Insurance, paths::CARD_PATH, &question, 200).await?;
            self.keep("insurance_participation", name, Some(number), both(&base, &history));
            self.keep("insurance_health_card", name, Some(number), both(&base, &card));
        }
        Ok(())
    }

    async fn land(&mut self) -> anyhow::Result<()> {
        use decided::land as paths;
        let world = Arc::clone(self.sandbox.world());
        let (personas, family) = (world.personas(), &world.families()[0]);
        for (name, serial) in [
            ("of-a-couple", &family.certificate),
            ("in-shares", &personas.owned_by_siblings),
            ("of-a-household", &personas.owned_by_household),
            ("of-an-organisation", &personas.owned_by_organisation),
            ("mortgaged", &personas.mortgaged),
            ("replaced", &personas.replaced_certificate),
            ("unknown", &personas.unknown_certificate),
        ] {
            let question = json!({"soPhatHanh": serial});
            let answer = self.post(Registry::Land, paths::CERTIFICATE_PATH, &question, 200).await?;
            self.keep("land_certificate", name, Some(serial), vec![answer]);
        }
        for (name, key, owner) in [
            ("of-a-person", "soDinhDanh", &family.certificate_owners[0]),
            ("of-an-enterprise", "maDoanhNghiep", &personas.land_owning_enterprise),
            ("of-nobody", "soDinhDanh", &personas.unknown_person),
        ] {
            let answer = self.post(Registry::Land, paths::OWNER_PATH, &json!({key: owner}), 200).await?;
            self.keep("land_certificates", name, Some(owner), vec![answer]);
        }
        let parcel = &family.parcel;
        for (name, number) in [("whole", parcel.number), ("unknown", 99_999)] {
            let question = json!({
                "maXa": parcel.commune,
                "soHieuToBanDo": parcel.sheet,
                "soThuTuThua": number,
            });
            let line = format!("{}/{}/{number}", parcel.commune, parcel.sheet);
            let answer = self.post(Registry::Land, paths::PARCEL_PATH, &question, 200).await?;
            self.keep("land_parcel", name, Some(&line), vec![answer]);
        }
        Ok(())
    }

    /// What the transport reads: the answers of above, without a subject.
    async fn transport(&mut self) -> anyhow::Result<()> {
        let answer = self.grant(Registry::Land).await?;
        self.keep("transport_token", "whole", None, vec![text(&answer)]);
        let lean = json!({"access_token": TOKEN});
        self.keep("transport_token", "lean", None, vec![text(&lean)]);
        let refused = self.post(Registry::Insurance, decided::insurance::CARD_PATH, &json!({}), 400).await?;
        self.keep("transport_refusal", "whole", None, vec![refused]);
        let mut documents = Vec::new();
        for sample in &self.samples {
            let target = match sample.target {
                "population_person" | "population_household" | "population_status" => "transport_xml",
                "business_enterprise" | "insurance_participation" | "land_certificate" => "transport_json",
                _ => continue,
            };
            documents.extend(sample.parts.last().map(|part| (target, sample.name.clone(), part.clone())));
        }
        for (target, name, part) in documents {
            if !self.samples.iter().any(|known| known.target == target && known.name == name) {
                self.keep(target, &name, None, vec![part]);
            }
        }
        Ok(())
    }

    /// One question to the population registry, as its schema wants it.
    async fn ask_population(
        &mut self,
        path: &str,
        root: &str,
        namespace: &str,
        subject: &str,
    ) -> anyhow::Result<Vec<u8>> {
        self.asked += 1;
        let officer = &self.sandbox.world().officers()[0];
        let head = match root {
            "XacThucThongTinCongDanRequest" => {
                format!("<MaDichVu>033</MaDichVu><MaCanBo>{officer}</MaCanBo>")
            }
            "XacMinhTinhTrangChetMatTichRequest" => {
                format!("<MaDVC>1.004222</MaDVC><MaCanBo>{officer}</MaCanBo><MaDonVi>H32.212</MaDonVi>")
            }
            _ => format!(
                "<MaDVC>1.004222</MaDVC><MaTichHop>037</MaTichHop><MaCanBo>{officer}</MaCanBo>\
                 <MaDonVi>H32.212</MaDonVi><TaiKhoan>motlan</TaiKhoan><SoDienThoai></SoDienThoai>"
            ),
        };
        let number = self.asked;
        let body =
            format!("<{root} xmlns=\"{namespace}\"><MaYeuCau>YC{number}</MaYeuCau>{head}{subject}</{root}>");
        let credentials = &self.sandbox.credentials().population;
        let url = format!("{}{path}", self.sandbox.endpoints().population);
        let timestamp = NOW.parse::<jiff::Timestamp>()?.as_millisecond().to_string();
        let request = self
            .http
            .post(&url)
            .header("timestamp", &timestamp)
            .header("authorization", format!("Basic {}", sign(credentials, &url, &timestamp)))
            .header("x-road-client", &credentials.x_road_client)
            .header("apikey", &credentials.api_key)
            .header("soapaction", "\"\"")
            .header("content-type", "application/xml; charset=utf-8");
        let answer = request.body(body).send().await?;
        ensure!(answer.status() == 200, "{root}: {}", answer.status());
        Ok(answer.bytes().await?.to_vec())
    }

    async fn post(
        &self,
        registry: Registry,
        path: &str,
        question: &Value,
        status: u16,
    ) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}{path}", self.sandbox.endpoints().of(registry));
        let token = self.token(registry).await?;
        let answer = self.http.post(url).bearer_auth(token).json(question).send().await?;
        ensure!(answer.status() == status, "{path}: {}", answer.status());
        Ok(answer.bytes().await?.to_vec())
    }

    async fn token(&self, registry: Registry) -> anyhow::Result<String> {
        let client = self.client(registry);
        let url = format!("{}{}", self.sandbox.endpoints().of(registry), decided::TOKEN_PATH);
        let request = self.http.post(url).basic_auth(&client.id, Some(&client.secret));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer: Value = request.body("grant_type=client_credentials").send().await?.json().await?;
        answer["access_token"].as_str().map(str::to_owned).context("no token")
    }

    /// The token endpoint's answer, with another token than the random one.
    async fn grant(&self, registry: Registry) -> anyhow::Result<Value> {
        self.token(registry).await?;
        Ok(json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": decided::TOKEN_LIFETIME_S}))
    }

    fn client(&self, registry: Registry) -> &OAuthClient {
        let credentials = self.sandbox.credentials();
        match registry {
            Registry::Business => &credentials.business,
            Registry::Insurance => &credentials.insurance,
            Registry::Land | Registry::Population => &credentials.land,
        }
    }
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
