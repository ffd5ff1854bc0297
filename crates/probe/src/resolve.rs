//! Resolves the lab's names to the lab's address in this process, without root, `/etc/hosts` or internet.
//!
//! librdkafka has a hook of its own (`rd_kafka_conf_set_resolve_cb`). But rdkafka's constructors build the native
//! configuration themselves and do not expose it, and the hook would not cover the TLS probes. So a program defines
//! `getaddrinfo` itself, with [`define_getaddrinfo`](crate::define_getaddrinfo). The statically linked librdkafka and
//! the standard library then both call that function instead of libc's. It forwards every name that does not belong to
//! the lab.
//!
//! This library only provides the macro. A program that links the library for other purposes keeps libc's resolver.

use std::ffi::{CStr, CString};
use std::net::IpAddr;
use std::sync::{OnceLock, PoisonError, RwLock};

/// The types of `getaddrinfo`, for the macro.
#[doc(hidden)]
pub use libc::{addrinfo, c_char, c_int};

type GetAddrInfo = unsafe extern "C" fn(*const c_char, *const c_char, *const addrinfo, *mut *mut addrinfo) -> c_int;

/// A domain and its target: an address, or nothing.
struct Rule {
    suffix: String,
    address: Option<IpAddr>,
}

static RULES: RwLock<Vec<Rule>> = RwLock::new(Vec::new());

/// How to answer a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Decision {
    Address(IpAddr),
    Nowhere,
    System,
}

/// From now on, `suffix` and every name below it resolve to `address` in this process. A longer suffix takes precedence
/// over a shorter one, and a later call over an earlier one for the same suffix.
pub fn map_domain(suffix: &str, address: IpAddr) {
    rule(suffix, Some(address));
}

/// From now on, `suffix` and every name below it fail to resolve, unless a longer suffix is mapped. The lab's domain is
/// never looked up in DNS, whether a lab is up or not.
pub fn reserve_domain(suffix: &str) {
    rule(suffix, None);
}

/// Ends the effect of [`map_domain`] or [`reserve_domain`] for this suffix.
pub fn forget_domain(suffix: &str) {
    let suffix = normal(suffix);
    RULES.write().unwrap_or_else(PoisonError::into_inner).retain(|rule| rule.suffix != suffix);
}

/// The address that the name is mapped to. `None` if the name is reserved, or left to the system.
pub fn mapped(name: &str) -> Option<IpAddr> {
    match decide(name) {
        Decision::Address(address) => Some(address),
        Decision::Nowhere | Decision::System => None,
    }
}

fn rule(suffix: &str, address: Option<IpAddr>) {
    let suffix = normal(suffix);
    let mut rules = RULES.write().unwrap_or_else(PoisonError::into_inner);
    rules.retain(|rule| rule.suffix != suffix);
    rules.push(Rule { suffix, address });
}

/// DNS ignores case, and a trailing dot only says that the name is complete.
fn normal(name: &str) -> String {
    name.trim_matches('.').to_ascii_lowercase()
}

fn decide(name: &str) -> Decision {
    let name = normal(name);
    let below = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let rules = RULES.read().unwrap_or_else(PoisonError::into_inner);
    match rules.iter().filter(|rule| below(&rule.suffix)).max_by_key(|rule| rule.suffix.len()) {
        Some(Rule { address: Some(address), .. }) => Decision::Address(*address),
        Some(Rule { address: None, .. }) => Decision::Nowhere,
        None => Decision::System,
    }
}

/// The addresses of a name, without a port, found in the same way as librdkafka does.
///
/// # Errors
/// The resolver's text if the name has no address, or if the resolver does not answer within `within`.
pub async fn lookup(host: &str, within: std::time::Duration) -> Result<Vec<IpAddr>, String> {
    match tokio::time::timeout(within, tokio::net::lookup_host((host, 0))).await {
        Ok(Ok(found)) => Ok(found.map(|address| address.ip()).collect()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer from the resolver within {within:?}")),
    }
}

/// Defines `getaddrinfo` for the whole program, so that [`map_domain`](crate::resolve::map_domain) takes effect. Use it
/// once, in the root of a binary or of a test.
#[macro_export]
macro_rules! define_getaddrinfo {
    () => {
        /// # Safety
        /// The same as for `probe::resolve::answer`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn getaddrinfo(
            node: *const $crate::resolve::c_char,
            service: *const $crate::resolve::c_char,
            hints: *const $crate::resolve::addrinfo,
            found: *mut *mut $crate::resolve::addrinfo,
        ) -> $crate::resolve::c_int {
            // SAFETY: these are the caller's own arguments.
            unsafe { $crate::resolve::answer(node, service, hints, found) }
        }
    };
}

/// libc's own function: the next one in the loader's search order, after the program's.
fn system() -> Option<GetAddrInfo> {
    static SYSTEM: OnceLock<Option<GetAddrInfo>> = OnceLock::new();
    *SYSTEM.get_or_init(|| {
        // SAFETY: the name is a C string, and RTLD_NEXT requests the next symbol after this object's.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"getaddrinfo".as_ptr()) };
        // SAFETY: POSIX gives the symbol with this name this type. Null is not a function and becomes `None`.
        (!found.is_null()).then(|| unsafe { std::mem::transmute::<*mut libc::c_void, GetAddrInfo>(found) })
    })
}

/// The answer of the program's `getaddrinfo`.
///
/// For a mapped name, this asks libc for the numeric address. The list then belongs to libc, so `freeaddrinfo` frees
/// what libc allocated, and libc applies hints and service.
///
/// # Safety
/// The requirements of POSIX for callers of `getaddrinfo`: `node` and `service` are null or C strings, `hints` is null
/// or valid, and `found` is valid for a write.
pub unsafe fn answer(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    found: *mut *mut addrinfo,
) -> c_int {
    let Some(system) = system() else {
        return libc::EAI_FAIL;
    };
    let decision = if node.is_null() {
        Decision::System
    } else {
        // SAFETY: it is not null, so the caller's contract makes it a C string. A name that is not text does not belong
        // to the lab.
        unsafe { CStr::from_ptr(node) }.to_str().map_or(Decision::System, decide)
    };
    match decision {
        // SAFETY: these are the caller's own arguments.
        Decision::System => unsafe { system(node, service, hints, found) },
        Decision::Nowhere => libc::EAI_NONAME,
        Decision::Address(address) => match CString::new(address.to_string()) {
            // SAFETY: `numeric` is a C string that outlives the call. The rest are the caller's own arguments.
            Ok(numeric) => unsafe { system(numeric.as_ptr(), service, hints, found) },
            Err(_) => libc::EAI_FAIL,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, ToSocketAddrs};

    crate::define_getaddrinfo!();

    fn addresses(name: &str) -> Result<Vec<IpAddr>, String> {
        let found = (name, 9092).to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(found.map(|address| address.ip()).collect())
    }

    #[test]
    fn the_standard_library_resolves_mapped_names() {
        let address = IpAddr::V4(Ipv4Addr::new(127, 64, 0, 7));
        map_domain("std.resolve.invalid", address);
        for name in ["std.resolve.invalid", "broker-10.std.resolve.invalid", "A.B.Std.Resolve.Invalid."] {
            assert_eq!(addresses(name).expect(name), [address], "{name}");
        }
    }

    #[test]
    fn a_name_that_only_ends_alike_goes_to_the_system() {
        map_domain("alike.resolve.invalid", IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(decide("x.alike.resolve.invalid"), Decision::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(decide("notalike.resolve.invalid"), Decision::System);
        assert_eq!(decide("resolve.invalid"), Decision::System);
    }

    #[test]
    fn the_system_still_answers_for_its_own_names() {
        assert!(addresses("localhost").expect("localhost").iter().all(IpAddr::is_loopback));
        assert_eq!(addresses("127.0.0.9").expect("figures"), [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9))]);
    }

    #[test]
    fn a_reserved_domain_fails_unless_a_longer_suffix_is_mapped() {
        reserve_domain("reserved.resolve.invalid");
        assert_eq!(decide("x.reserved.resolve.invalid"), Decision::Nowhere);
        // The text of EAI_NONAME is libc's. What matters is that the answer came without a query, which would take
        // seconds.
        assert!(addresses("x.reserved.resolve.invalid").is_err());
        map_domain("in.reserved.resolve.invalid", IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(addresses("x.in.reserved.resolve.invalid").is_ok());
    }

    #[test]
    fn a_later_rule_replaces_an_earlier_one() {
        map_domain("twice.resolve.invalid", IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)));
        map_domain("twice.resolve.invalid", IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)));
        assert_eq!(decide("twice.resolve.invalid"), Decision::Address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))));
    }
}
