//! The arguments of `gateway`.

use super::{choice, gateway_name};
use clap::{Args, Subcommand};
use model::LabKind;

#[derive(Debug, Subcommand)]
pub enum GatewayVerb {
    /// Write a folder for another implementation, which says what to fill in and where to find it
    New(NewGatewayArgs),
    /// Say what is wrong with an implementation's folder, in the order in which it goes wrong
    ///
    /// First come the files, the parts, the images and the manifests; then, in a lab of its own, the controller, its
    /// GatewayClass, the lab's Gateway, the features that the class lists, a message through the route of every broker, and the
    /// labels of the data plane. The lab is called check-NAME, has the stand-in for Strimzi, and is taken down at the end.
    ///
    /// Exit codes: 0 every stage passed; 1 the gateway does not do what its folder says; 2 the folder has a mistake; 3 the lab
    /// or this machine lacks something; 4 the lab could not be taken down.
    Check(CheckGatewayArgs),
}

#[derive(Args, Clone, Debug)]
pub struct NewGatewayArgs {
    /// The name of the folder under fixtures/gateways: lower-case words joined by hyphens
    pub name: String,
    /// The name of its controller, as in `spec.controllerName` of a GatewayClass
    #[arg(long, value_name = "DOMAIN/PATH")]
    pub controller_name: Option<String>,
    /// The GatewayClass that scenarios name [default: NAME]
    #[arg(long)]
    pub class: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct CheckGatewayArgs {
    /// A folder under fixtures/gateways
    #[arg(value_parser = gateway_name)]
    pub name: String,
    /// Where the lab runs [default: kind if the folder says how, otherwise local]
    #[arg(long, value_parser = choice::lab_of_a_check())]
    pub lab: Option<LabKind>,
    /// The first of fifteen consecutive gateway ports on this machine
    #[arg(long, default_value_t = 21_092, value_parser = clap::value_parser!(u16).range(1024..=65_500))]
    pub port_base: u16,
    /// Stop before the lab
    #[arg(long, conflicts_with = "keep")]
    pub dry_run: bool,
    /// Leave the lab up, to look at it; the next check continues with it
    #[arg(long)]
    pub keep: bool,
}
