//! What differs about the local lab once it is up.

use super::status::{self, Component};
use super::{gateway, node};
use crate::backends::Backend;
use crate::gateway::GatewayFixture;
use crate::{Error, Lab};
use futures::future::BoxFuture;

/// A lab of processes on this machine.
#[derive(Debug)]
pub struct LocalLab;

impl Backend for LocalLab {
    fn components(&self, lab: &Lab) -> Result<Vec<Component>, Error> {
        Ok(status::components(&lab.dir, &lab.info.gateway.name)?)
    }

    fn namespaces(&self, _lab: &Lab) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn process_node(&self) -> Option<&'static str> {
        Some(node::NAME)
    }

    fn restart_data_plane<'a>(&'a self, lab: &'a Lab) -> Option<BoxFuture<'a, Result<(), Error>>> {
        Some(Box::pin(async {
            let fixture = GatewayFixture::load(&lab.info.gateway.name)?;
            Ok(gateway::restart(&lab.dir, &fixture).await?)
        }))
    }
}
