//! `InsuranceService`.

use motlan_domain::{Operation, Record};
use motlan_proto::insurance::v1 as wire;
use motlan_proto::insurance::v1::insurance_service_server::InsuranceService;
use motlan_proto::told::Told;
use tonic::{Request, Response, Status};

use super::{Entered, Services, first};
use crate::convert::ask::{self, Asked};
use crate::convert::insurance;
use crate::invalid::Checked;

#[tonic::async_trait]
impl InsuranceService for Services {
    async fn get_participation(
        &self,
        request: Request<wire::GetParticipationRequest>,
    ) -> Result<Response<Told>, Status> {
        use wire::get_participation_request::Subject;
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetParticipation, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = match &message.subject {
            Some(Subject::InsuranceNumber(number)) => {
                ask::insurance(&mut checked, "insurance_number", number)
            }
            Some(Subject::PersonalId(id)) => ask::personal_id(&mut checked, "personal_id", id, self.rules()),
            None => ask::missing(&mut checked, "subject"),
        };
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question =
            ask::question(checked, Operation::GetParticipation, &asked, subject, None, &call.trace)?;
        let form = first(|record| match record {
            Record::Participation(record) => Some(insurance::participation(record)),
            _ => None,
        });
        self.tell(&identity, question, form).await
    }

    async fn get_health_card(
        &self,
        request: Request<wire::GetHealthCardRequest>,
    ) -> Result<Response<Told>, Status> {
        use wire::get_health_card_request::Subject;
        let Entered { identity, call, message } =
            self.enter_for(Operation::GetHealthCard, request, |message| message.purpose.as_ref()).await?;
        let mut checked = Checked::default();
        let subject = match &message.subject {
            Some(Subject::InsuranceNumber(number)) => {
                ask::insurance(&mut checked, "insurance_number", number)
            }
            Some(Subject::PersonalId(id)) => ask::personal_id(&mut checked, "personal_id", id, self.rules()),
            None => ask::missing(&mut checked, "subject"),
        };
        let asked = Asked { purpose: message.purpose, fields: message.fields, max_age: message.max_age };
        let question = ask::question(checked, Operation::GetHealthCard, &asked, subject, None, &call.trace)?;
        let form = first(|record| match record {
            Record::HealthCard(record) => Some(insurance::health_card(record)),
            _ => None,
        });
        self.tell(&identity, question, form).await
    }
}
