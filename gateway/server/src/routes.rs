//! Which service a call goes to: those of the contract at once, by name; health,
//! reflection and whatever is none of them through tonic's own router.

use std::convert::Infallible;

use axum::Router;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use motlan_proto::audit::v1::audit_service_server::AuditServiceServer;
use motlan_proto::business::v1::business_service_server::BusinessServiceServer;
use motlan_proto::catalogue::v1::catalogue_service_server::CatalogueServiceServer;
use motlan_proto::dossier::v1::dossier_service_server::DossierServiceServer;
use motlan_proto::insurance::v1::insurance_service_server::InsuranceServiceServer;
use motlan_proto::land::v1::land_service_server::LandServiceServer;
use motlan_proto::population::v1::population_service_server::PopulationServiceServer;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::RoutesBuilder;
use tower::Service as _;

use crate::options::Limits;
use crate::services::Services;

type Answered = BoxFuture<'static, Result<Response<Body>, Infallible>>;

macro_rules! contract {
    ($($field:ident: $server:ident,)+) => {
        /// The routes of all services.
        pub(crate) struct Routes {
            $( $field: $server<Services>, )+
            others: Router,
        }

        impl Routes {
            /// Over these services, with the message limits; `others` are those
            /// beside the contract.
            pub(crate) fn new(services: &Services, limits: &Limits, others: RoutesBuilder) -> Self {
                Self {
                    $( $field: $server::new(services.clone())
                        .max_decoding_message_size(limits.max_request_bytes)
                        .max_encoding_message_size(limits.max_response_bytes), )+
                    others: others.routes().prepare().into_axum_router(),
                }
            }

            /// Hands a call to its service.
            pub(crate) fn call(&self, request: Request<Body>) -> Answered {
                let path = request.uri().path();
                let service = path.strip_prefix('/').and_then(|path| path.split_once('/'));
                let service = service.map_or("", |(service, _)| service);
                $( if service == <$server<Services> as NamedService>::NAME {
                    return self.$field.clone().call(request);
                } )+
                let mut others = self.others.clone();
                async move { others.call(request).await.map(|response| response.map(Body::new)) }.boxed()
            }
        }
    };
}

contract! {
    population: PopulationServiceServer,
    business: BusinessServiceServer,
    insurance: InsuranceServiceServer,
    land: LandServiceServer,
    dossier: DossierServiceServer,
    audit: AuditServiceServer,
    catalogue: CatalogueServiceServer,
}
