//! Finds out from /proc which process listens on which address.

use procfs::net::{TcpState, tcp, tcp6};
use procfs::process::{FDTarget, Process, all_processes};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Every listening TCP socket of this network namespace, by the inode that identifies its process. Empty if /proc
/// cannot be read.
fn sockets() -> BTreeMap<u64, SocketAddr> {
    let all = tcp().into_iter().chain(tcp6()).flatten();
    let listening = all.filter(|entry| entry.state == TcpState::Listen);
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    listening.map(|entry| (entry.inode, canonical(entry.local_address))).collect()
}

/// The addresses on which one process listens.
pub fn of_process(pid: u32) -> Vec<SocketAddr> {
    let all = sockets();
    let process = i32::try_from(pid).ok().and_then(|pid| Process::new(pid).ok());
    let inodes = process.iter().flat_map(inodes);
    let mut found: Vec<_> = inodes.filter_map(|inode| all.get(&inode).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The process that occupies an address, as "name (process 42)", if this user may know it.
pub fn holder(address: SocketAddr) -> Option<String> {
    let conflicts = |other: &SocketAddr| {
        other.port() == address.port()
            && (other.ip() == address.ip() || other.ip().is_unspecified() || address.ip().is_unspecified())
    };
    let mut sockets = sockets();
    sockets.retain(|_, other| conflicts(other));
    let holds = |process: &Process| inodes(process).into_iter().any(|inode| sockets.contains_key(&inode));
    let process = all_processes().ok()?.flatten().find(holds)?;
    Some(format!("{} (process {})", process.stat().map(|stat| stat.comm).unwrap_or_default(), process.pid()))
}

/// Whether something listens on this port on every address of the machine.
pub fn on_every_address(port: u16) -> bool {
    sockets().into_values().any(|address| address.port() == port && address.ip().is_unspecified())
}

/// The sockets of a process. Empty for processes of other users.
fn inodes(process: &Process) -> Vec<u64> {
    let descriptors = process.fd().into_iter().flatten().flatten();
    descriptors
        .filter_map(|descriptor| match descriptor.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn own_listener_is_found_with_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        assert!(of_process(std::process::id()).contains(&address));
        let holder = holder(address).expect("known");
        assert!(holder.ends_with(&format!("(process {})", std::process::id())), "{holder}");
    }

    #[test]
    fn established_connections_do_not_count() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).expect("connected");
        let listening = of_process(std::process::id());
        assert!(listening.contains(&address));
        assert!(!listening.contains(&client.local_addr().expect("an address")));
    }
}
