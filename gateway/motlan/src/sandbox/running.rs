//! A world with its gateway in one process.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use motlan_domain::Clock;

use super::{World, WorldOptions};
use crate::client::Connection;
use crate::exit::{Exit, Failure, OrExit};
use crate::telemetry::SpanQueue;
use crate::wiring::Gateway;

/// Registries and gateway, both up.
pub struct Running {
    world: World,
    gateway: Gateway,
    clock: Arc<dyn Clock>,
    spans: Option<Arc<SpanQueue>>,
}

// === impl Running ===

impl Running {
    /// Starts the registries, then the gateway, and tells where they are.
    pub async fn start(options: WorldOptions) -> Result<Self, Failure> {
        let (clock, spans) = (Arc::clone(&options.clock), options.spans.clone());
        let world = World::start(options).await.or_exit(Exit::Unavailable)?;
        let gateway = start(&world, &clock, spans.as_ref()).await?;
        world.publish(gateway.grpc(), gateway.probe(), gateway.log()).or_exit(Exit::Unavailable)?;
        Ok(Self { world, gateway, clock, spans })
    }

    /// The world.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The gateway.
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// A connection as that caller, with its usual token.
    pub fn connect(&self, caller: &str) -> anyhow::Result<Connection> {
        let member =
            self.world.cast().member(caller).ok_or_else(|| anyhow!("the sandbox has no caller {caller}"))?;
        let credentials = self.world.credentials(member)?;
        Connection::lazy(self.gateway.grpc(), &credentials).with_context(|| format!("as {caller}"))
    }

    /// Stops the gateway in order and starts it again on the same ports and
    /// folders; the registries go on.
    pub async fn restart_gateway(self) -> Result<Self, Failure> {
        let Self { world, gateway, clock, spans } = self;
        gateway.shutdown().await;
        let gateway = start(&world, &clock, spans.as_ref()).await?;
        Ok(Self { world, gateway, clock, spans })
    }

    /// Stops the gateway in order, then the registries.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.gateway.shutdown().await;
        self.world.stop().await
    }
}

/// On the heap: a start holds a whole configuration at every step.
async fn start(
    world: &World,
    clock: &Arc<dyn Clock>,
    spans: Option<&Arc<SpanQueue>>,
) -> Result<Gateway, Failure> {
    let config = world.config().or_exit(Exit::Internal)?;
    Box::pin(Gateway::start(config, Arc::clone(clock), spans.cloned())).await
}
