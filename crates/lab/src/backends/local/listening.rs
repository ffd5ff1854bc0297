//! Who listens where, read from /proc.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A listening TCP socket and its inode, by which its process is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Socket {
    pub address: SocketAddr,
    inode: u64,
}

/// Every listening TCP socket of this network namespace; none where /proc cannot be read.
pub fn sockets() -> Vec<Socket> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    tables.iter().filter_map(|table| fs::read_to_string(table).ok()).flat_map(|text| parse(&text)).collect()
}

/// The addresses at which one process listens.
pub fn of_process(pid: u32) -> Vec<SocketAddr> {
    let by_inode: BTreeMap<u64, SocketAddr> =
        sockets().into_iter().map(|socket| (socket.inode, socket.address)).collect();
    let mut found: Vec<_> = inodes(pid).into_iter().filter_map(|inode| by_inode.get(&inode).copied()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The process that keeps an address from being listened at, as "name (process 42)", where this user may know it.
pub fn holder(address: SocketAddr) -> Option<String> {
    let conflicts = |other: SocketAddr| {
        other.port() == address.port()
            && (other.ip() == address.ip() || other.ip().is_unspecified() || address.ip().is_unspecified())
    };
    let wanted: Vec<u64> = sockets().into_iter().filter(|s| conflicts(s.address)).map(|s| s.inode).collect();
    let pids =
        fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for pid in pids {
        if inodes(pid).iter().any(|inode| wanted.contains(inode)) {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            return Some(format!("{} (process {pid})", name.trim()));
        }
    }
    None
}

/// Whether something listens at this port on every address of the machine.
pub fn on_every_address(port: u16) -> bool {
    sockets().into_iter().any(|socket| socket.address.port() == port && socket.address.ip().is_unspecified())
}

/// The sockets that a process holds; none of another user's.
fn inodes(pid: u32) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return vec![] };
    let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    links.filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

fn parse(table: &str) -> Vec<Socket> {
    const LISTEN: &str = "0A";
    let mut found = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (Some(local), Some(&LISTEN), Some(inode)) = (fields.get(1), fields.get(3), fields.get(9)) else { continue };
        if let (Some(address), Ok(inode)) = (parse_address(local), inode.parse()) {
            found.push(Socket { address, inode });
        }
    }
    found
}

/// `0100007F:2384`: the address as words in the machine's byte order, the port as it is read.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |index: usize| -> Option<[u8; 4]> {
        Some(u32::from_str_radix(address.get(index * 8..index * 8 + 8)?, 16).ok()?.to_ne_bytes())
    };
    let ip = if address.len() == 8 {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else {
        let mut bytes = [0; 16];
        for index in 0..4 {
            bytes[index * 4..index * 4 + 4].copy_from_slice(&word(index)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

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
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 111 1 0 100 0 0 10 0\n\
            1: 0100007F:2384 0100007F:ABCD 01 00000000:00000000 00:00000000 00000000  0 0 222 1 0 100 0 0 10 0\n";
        let expected = Socket { address: "127.0.0.1:9092".parse().expect("an address"), inode: 111 };
        // The table is written in the byte order of the machine; this one is little-endian.
        if cfg!(target_endian = "little") {
            assert_eq!(parse(table), [expected]);
        }
    }
}
