//! `PopulationService`.

use motlan_domain::{Operation, Record};
use motlan_proto::population::v1 as wire;
use motlan_proto::population::v1::population_service_server::PopulationService;
use motlan_proto::told::Told;
use tonic::{Request, Response, Status};

use super::{Entered, Services, first};
use crate::convert::ask::{self, Asked};
use crate::convert::population;
use crate::invalid::Checked;

#[tonic::async_trait]
impl PopulationService for Services {
    async fn verify_identity(
        &self,
        request: Request<wire::VerifyIdentityRequest>,
    ) -> Result<Response<wire::VerifyIdentityResponse>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::VerifyIdentity, request, |message| message.purpose.as_ref()).await?;
        let rules = self.rules();
        let mut checked = Checked::default();
        let subject = ask::person(&mut checked, "subject", message.subject.as_ref(), rules);
        let birth_date = message.birth_date.as_deref();
        let claim = ask::identity_claim(&mut checked, &message.full_name, birth_date, self.today());
        let asked = Asked { purpose: message.purpose, fields: Vec::new(), max_age: message.max_age };
        let question =
            ask::question(checked, Operation::VerifyIdentity, &asked, subject, claim, &call.trace)?;
        let judged = self.judge(&identity, question).await?;
        Ok(Response::new(wire::VerifyIdentityResponse {
            outcome: judged.outcome,
            verdict: judged.verdict,
            freshness: judged.freshness,
            receipt: judged.receipt,
            incomplete_cause: judged.incomplete_cause,
        }))
    }

    async fn get_person(&self, request: Request<wire::GetPersonRequest>) -> Result<Response<Told>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetPerson, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::person(&mut checked, "subject", message.subject.as_ref(), self.rules());
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetPerson, &asked, subject, None, &call.trace)?;
        let form = first(|record| match record {
            Record::Person(record) => Some(population::person(record)),
            _ => None,
        });
        self.tell(&identity, question, form).await
    }

    async fn get_household(
        &self,
        request: Request<wire::GetHouseholdRequest>,
    ) -> Result<Response<Told>, Status> {
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetHousehold, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = ask::person(&mut checked, "subject", message.subject.as_ref(), self.rules());
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetHousehold, &asked, subject, None, &call.trace)?;
        let form = first(|record| match record {
            Record::Household(record) => Some(population::household(record)),
            _ => None,
        });
        self.tell(&identity, question, form).await
    }
}
