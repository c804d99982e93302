//! `BusinessService`.

use motlan_domain::{Operation, Record};
use motlan_proto::business::v1 as wire;
use motlan_proto::business::v1::business_service_server::BusinessService;
use motlan_proto::told::Told;
use tonic::{Request, Response, Status};

use super::{Entered, Services, first};
use crate::convert::ask::{self, Asked};
use crate::convert::business;
use crate::invalid::Checked;

#[tonic::async_trait]
impl BusinessService for Services {
    async fn get_enterprise(
        &self,
        request: Request<wire::GetEnterpriseRequest>,
    ) -> Result<Response<Told>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetEnterprise, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::enterprise(&mut checked, "enterprise_code", &message.enterprise_code);
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetEnterprise, &asked, subject, None, &call.trace)?;
        let form = first(|record| match record {
            Record::Enterprise(record) => Some(business::enterprise(record)),
            _ => None,
        });
        self.tell(&identity, question, form).await
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
        let judged = self.judge(&identity, question).await?;
        Ok(Response::new(wire::VerifyEnterpriseResponse {
            outcome: judged.outcome,
            verdict: judged.verdict,
            freshness: judged.freshness,
            receipt: judged.receipt,
            incomplete_cause: judged.incomplete_cause,
        }))
    }
}
