//! `BusinessService`.

use motlan_domain::{Operation, Record};
use motlan_proto::business::v1 as wire;
use motlan_proto::business::v1::business_service_server::BusinessService;
use tonic::{Request, Response, Status};

use super::{Entered, Services};
use crate::convert::ask::{self, Asked};
use crate::convert::business;
use crate::invalid::Checked;

#[tonic::async_trait]
impl BusinessService for Services {
    async fn get_enterprise(
        &self,
        request: Request<wire::GetEnterpriseRequest>,
    ) -> Result<Response<wire::GetEnterpriseResponse>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetEnterprise, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::enterprise(&mut checked, "enterprise_code", &message.enterprise_code);
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetEnterprise, &asked, subject, None, &call.trace)?;
        let parts = self.ask(&identity, question).await?;
        let record = parts.records.iter().find_map(|record| match record {
            Record::Enterprise(record) => Some(business::enterprise(record)),
            _ => None,
        });
        Ok(Response::new(wire::GetEnterpriseResponse {
            outcome: parts.outcome,
            record,
            fields: parts.fields,
            freshness: parts.freshness,
            receipt: parts.receipt,
            incomplete_cause: parts.incomplete_cause,
        }))
    }

    async fn verify_enterprise(
        &self,
        request: Request<wire::VerifyEnterpriseRequest>,
    ) -> Result<Response<wire::VerifyEnterpriseResponse>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::VerifyEnterprise, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::enterprise(&mut checked, "enterprise_code", &message.enterprise_code);
        let claim = ask::enterprise_claim(
            &mut checked,
            message.name.as_deref(),
            message.representative_personal_id.as_deref(),
            message.active,
            self.rules(),
        );
        let asked = Asked { purpose: message.purpose, fields: Vec::new(), max_age: message.max_age };
        let question =
            ask::question(checked, Operation::VerifyEnterprise, &asked, subject, Some(claim), &call.trace)?;
        let parts = self.ask(&identity, question).await?;
        Ok(Response::new(wire::VerifyEnterpriseResponse {
            outcome: parts.outcome,
            verdict: parts.verdict,
            freshness: parts.freshness,
            receipt: parts.receipt,
            incomplete_cause: parts.incomplete_cause,
        }))
    }
}
