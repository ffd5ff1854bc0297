//! `gateway new`

use cli::NewGatewayArgs;
use lab::gateway::{NewGateway, create, folder};
use model::Exit;

/// Writes the folder, and says what comes next.
pub fn new(args: &NewGatewayArgs) -> Exit {
    let wanted = NewGateway {
        name: args.name.clone(),
        controller_name: args.controller_name.clone(),
        class: args.class.clone(),
    };
    match create(&folder(), &wanted) {
        Ok(path) => {
            println!("wrote {path}/gateway.yaml and {path}/kind/gatewayclass.yaml");
            println!(
                "Fill in what their comments ask for; `cargo xtask gateway check {}` says what is wrong next.",
                args.name
            );
            println!("docs/adding-a-gateway.md leads from here to a first report.");
            Exit::Passed
        }
        Err(error) => {
            eprintln!("error: {}", host::with_causes(&error));
            Exit::Usage
        }
    }
}
