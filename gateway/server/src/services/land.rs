//! `LandService`.

use motlan_domain::{Operation, Record};
use motlan_proto::land::v1 as wire;
use motlan_proto::land::v1::land_service_server::LandService;
use tonic::{Request, Response, Status};

use super::{Entered, Services};
use crate::convert::ask::{self, Asked};
use crate::convert::land;
use crate::invalid::Checked;

#[tonic::async_trait]
impl LandService for Services {
    async fn get_certificate(
        &self,
        request: Request<wire::GetCertificateRequest>,
    ) -> Result<Response<wire::GetCertificateResponse>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetCertificate, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::certificate(&mut checked, "certificate_serial", &message.certificate_serial);
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetCertificate, &asked, subject, None, &call.trace)?;
        let parts = self.ask(&identity, question).await?;
        Ok(Response::new(wire::GetCertificateResponse {
            outcome: parts.outcome,
            record: certificates(&parts.records).next(),
            fields: parts.fields,
            freshness: parts.freshness,
            receipt: parts.receipt,
            incomplete_cause: parts.incomplete_cause,
        }))
    }

    async fn get_parcel(
        &self,
        request: Request<wire::GetParcelRequest>,
    ) -> Result<Response<wire::GetParcelResponse>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetParcel, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::parcel(&mut checked, "parcel", message.parcel.as_ref());
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetParcel, &asked, subject, None, &call.trace)?;
        let parts = self.ask(&identity, question).await?;
        let record = parts.records.iter().find_map(|record| match record {
            Record::Parcel(record) => Some(land::parcel(record)),
            _ => None,
        });
        Ok(Response::new(wire::GetParcelResponse {
            outcome: parts.outcome,
            record,
            fields: parts.fields,
            freshness: parts.freshness,
            receipt: parts.receipt,
            incomplete_cause: parts.incomplete_cause,
        }))
    }

    async fn list_certificates(
        &self,
        request: Request<wire::ListCertificatesRequest>,
    ) -> Result<Response<wire::ListCertificatesResponse>, Status> {
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
        let parts = self.ask(&identity, question).await?;
        Ok(Response::new(wire::ListCertificatesResponse {
            outcome: parts.outcome,
            records: certificates(&parts.records).collect(),
            fields: parts.fields,
            freshness: parts.freshness,
            receipt: parts.receipt,
            incomplete_cause: parts.incomplete_cause,
        }))
    }
}

fn certificates(records: &[Record]) -> impl Iterator<Item = wire::Certificate> {
    records.iter().filter_map(|record| match record {
        Record::Certificate(record) => Some(land::certificate(record)),
        _ => None,
    })
}
