//! `LandService`.

use motlan_domain::{Operation, Record};
use motlan_proto::land::v1 as wire;
use motlan_proto::land::v1::land_service_server::LandService;
use motlan_proto::told::Told;
use tonic::{Request, Response, Status};

use super::{Entered, Services, first};
use crate::convert::ask::{self, Asked};
use crate::convert::land;
use crate::invalid::Checked;

#[tonic::async_trait]
impl LandService for Services {
    async fn get_certificate(
        &self,
        request: Request<wire::GetCertificateRequest>,
    ) -> Result<Response<Told>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetCertificate, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::certificate(&mut checked, "certificate_serial", &message.certificate_serial);
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetCertificate, &asked, subject, None, &call.trace)?;
        self.tell(&identity, question, first(certificate)).await
    }

    async fn get_parcel(&self, request: Request<wire::GetParcelRequest>) -> Result<Response<Told>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetParcel, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::parcel(&mut checked, "parcel", message.parcel.as_ref());
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetParcel, &asked, subject, None, &call.trace)?;
        let form = first(|record| match record {
            Record::Parcel(record) => Some(land::parcel(record)),
            _ => None,
        });
        self.tell(&identity, question, form).await
    }

    async fn list_certificates(
        &self,
        request: Request<wire::ListCertificatesRequest>,
    ) -> Result<Response<Told>, Status> {
        use wire::list_certificates_request::Owner;
        let Entered { identity, call, message } =
            self.enter_for(Operation::ListCertificates, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = match &message.owner {
            Some(Owner::PersonalId(id)) => ask::personal_id(&mut checked, "personal_id", id, self.rules()),
            Some(Owner::EnterpriseCode(code)) => ask::enterprise(&mut checked, "enterprise_code", code),
            None => ask::missing(&mut checked, "owner"),
        };
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question =
            ask::question(checked, Operation::ListCertificates, &asked, subject, None, &call.trace)?;
        let form = |records: &[Record]| records.iter().filter_map(certificate).collect();
        self.tell(&identity, question, form).await
    }
}

fn certificate(record: &Record) -> Option<wire::Certificate> {
    match record {
        Record::Certificate(record) => Some(land::certificate(record)),
        _ => None,
    }
}
