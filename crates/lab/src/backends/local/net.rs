//! The loopback addresses of one lab.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// A lab's /16 of 127.0.0.0/8, so that two labs can run in parallel. Services use its first /20, and Pods the rest.
///
/// Linux answers on every address of 127.0.0.0/8 without configuration. The range comes from the lab's name. Two names
/// share a range with a chance of 1 in 64. A listener of the second lab then finds its address taken and reports it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Net {
    second: u8,
}

impl Net {
    /// The addresses of the lab with this name.
    pub fn of(name: &str) -> Self {
        // FNV-1a, unlike std's hasher, is the same on every machine and with every compiler.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        // The low bits of FNV are its weakest, so this folds in the high half.
        let folded = (hash ^ (hash >> 16)) & 63;
        Self { second: 64 + u8::try_from(folded).unwrap_or_default() }
    }

    /// The range of ClusterIPs, in the form that `--service-cluster-ip-range` expects.
    pub fn service_range(self) -> String {
        format!("127.{}.0.0/20", self.second)
    }

    /// Whether an address is one of this lab's ClusterIPs.
    pub fn is_service(self, address: Ipv4Addr) -> bool {
        let [first, second, third, _] = address.octets();
        first == 127 && second == self.second && third < 16
    }

    /// Whether an address is one of this lab's Pod addresses.
    pub fn is_pod(self, address: Ipv4Addr) -> bool {
        let [first, second, third, fourth] = address.octets();
        first == 127 && second == self.second && third >= 16 && fourth != 0 && fourth != 255
    }

    /// The addresses of the first Pods.
    pub fn first_pods(self, count: usize) -> impl Iterator<Item = Ipv4Addr> {
        (1..=254).take(count).map(move |fourth| Ipv4Addr::new(127, self.second, 16, fourth))
    }

    /// The lowest ClusterIP.
    pub fn first_service(self) -> Ipv4Addr {
        Ipv4Addr::new(127, self.second, 0, 1)
    }

    /// The lowest Pod address that is not in use. `None` if all 60 960 are.
    pub fn free_pod(self, used: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        (16..=255)
            .flat_map(|third| (1..=254).map(move |fourth| Ipv4Addr::new(127, self.second, third, fourth)))
            .find(|address| !used.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_gets_a_range_between_127_64_and_127_127() {
        let seconds: BTreeSet<u8> = (0..2000).map(|n| Net::of(&format!("lab-{n}")).second).collect();
        assert_eq!(seconds.first(), Some(&64));
        assert_eq!(seconds.last(), Some(&127));
        assert_eq!(seconds.len(), 64, "all ranges are used");
        assert_eq!(Net::of("lab"), Net::of("lab"));
    }

    #[test]
    fn services_and_pods_do_not_overlap() {
        let net = Net { second: 70 };
        assert_eq!(net.service_range(), "127.70.0.0/20");
        for (address, service, pod) in [
            ([127, 70, 0, 1], true, false),
            ([127, 70, 15, 255], true, false),
            ([127, 70, 16, 0], false, false),
            ([127, 70, 16, 1], false, true),
            ([127, 71, 0, 1], false, false),
            ([10, 70, 16, 1], false, false),
        ] {
            let address = Ipv4Addr::from(address);
            assert_eq!((net.is_service(address), net.is_pod(address)), (service, pod), "{address}");
        }
    }

    #[test]
    fn a_freed_pod_address_is_given_again() {
        let net = Net { second: 70 };
        let mut used = BTreeSet::new();
        for _ in 0..255 {
            used.insert(net.free_pod(&used).expect("a free one"));
        }
        assert_eq!(used.first(), Some(&Ipv4Addr::new(127, 70, 16, 1)));
        assert_eq!(used.last(), Some(&Ipv4Addr::new(127, 70, 17, 1)));
        used.remove(&Ipv4Addr::new(127, 70, 16, 9));
        assert_eq!(net.free_pod(&used), Some(Ipv4Addr::new(127, 70, 16, 9)));
    }
}
