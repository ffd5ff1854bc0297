//! Whether the lab's ports are free, and which process uses those that are not.

use super::{Error, Net, listening};
use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Checks that nothing listens on an address.
///
/// # Errors
/// [`Error::PortBusy`] with the process that listens, or [`Error::Listen`] if listening fails for another reason.
pub fn check(address: SocketAddr) -> Result<(), Error> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(Error::PortBusy { address, holder: listening::holder(address) })
        }
        Err(source) => Err(Error::Listen { address, source }),
    }
}

/// Checks that the lab's own addresses, those of its brokers and Services, are free on all these ports. Addresses are
/// assigned as Pods and Services appear. The first of each range are checked for all of them, because a conflicting
/// program mostly listens on every address of the machine.
///
/// # Errors
/// [`Error::AddressBusy`] with the process that listens there.
pub fn check_own(net: Net, ports: &BTreeSet<u16>) -> Result<(), Error> {
    let addresses = net.first_pods(POD_ADDRESSES).chain([net.first_service()]);
    for address in addresses.collect::<Vec<_>>() {
        for port in ports {
            let address = SocketAddr::from((address, *port));
            match check(address) {
                Err(Error::PortBusy { holder, .. }) => {
                    let everywhere = listening::on_every_address(address.port());
                    return Err(Error::AddressBusy { address, holder, everywhere });
                }
                other => other?,
            }
        }
    }
    Ok(())
}

/// Three brokers and a controller.
const POD_ADDRESSES: usize = 4;

/// Returns the requested number of distinct free ports of 127.0.0.1. They are free now, but not reserved for the
/// caller.
///
/// # Errors
/// If the kernel has none.
pub fn free<const N: usize>() -> Result<[u16; N], Error> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let failed = |source| Error::Listen { address: any, source };
    // All are kept open until the last is known, so that none is returned twice.
    let mut listeners = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind(any).map_err(failed)?;
        *port = listener.local_addr().map_err(failed)?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_names_its_holder_and_the_way_out() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let text = check(address).expect_err("busy").to_string();
        for part in [&address.port().to_string(), "--port-base", &std::process::id().to_string()] {
            assert!(text.contains(part), "{part} in {text}");
        }
        drop(listener);
        check(address).expect("free again");
    }

    #[test]
    fn a_port_that_is_taken_on_every_address_is_named_before_a_broker_needs_it() {
        // The kernel gives no connection of another program such a port in the meantime.
        let below_the_kernels_own = (20_000..32_000).rev();
        let listener = below_the_kernels_own.filter_map(|port| TcpListener::bind(("0.0.0.0", port)).ok()).next();
        let listener = listener.expect("one of them is free");
        let port = listener.local_addr().expect("an address").port();
        let net = Net::of("ports-test");
        let text = check_own(net, &BTreeSet::from([port])).expect_err("busy").to_string();
        for part in [&format!("port {port}"), "every address", &format!("process {}", std::process::id())] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("--port-base"), "another port base changes nothing here: {text}");
        drop(listener);
        check_own(net, &BTreeSet::from([port])).expect("free again");
    }

    #[test]
    fn free_ports_differ() {
        let ports = free::<3>().expect("three");
        assert!(ports[0] != ports[1] && ports[1] != ports[2] && ports[0] != ports[2]);
    }
}
