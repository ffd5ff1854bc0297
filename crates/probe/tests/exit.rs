//! A program may end while Kafka clients still live, as a command does after a Ctrl-C.

use probe::{ConnectionConfig, topic_partitions};
use std::env;
use std::process::{Command, exit};
use std::ptr;
use std::time::Duration;

/// Tells this test's own program that it is the child.
const CHILD: &str = "PROBE_TEST_ENDS_WITH_CLIENTS";
const USABLE: i32 = 7;
const CLEANED_UP: i32 = 8;

/// If OpenSSL cleans up when a process ends, it frees what the threads of living clients still use, and about one of
/// twelve programs with busy clients died of SIGSEGV.
#[test]
fn clients_can_use_openssl_until_their_program_has_ended() {
    if env::var_os(CHILD).is_some() {
        end_after_a_client();
    }
    let test = "clients_can_use_openssl_until_their_program_has_ended";
    let program = env::current_exe().expect("this program");
    let child = Command::new(program).args(["--exact", test]).env(CHILD, "1").output().expect("the child");
    assert_eq!(child.status.code(), Some(USABLE), "{CLEANED_UP} says that OpenSSL had cleaned up: {child:?}");
}

fn end_after_a_client() -> ! {
    // The handler that is registered first runs last, after what OpenSSL does.
    // SAFETY: the function takes nothing, keeps nothing and cannot unwind.
    let registered = unsafe { libc::atexit(last) };
    assert_eq!(registered, 0, "the handler is registered");
    let authority = test_servers::Authority::new("exit");
    let access = ConnectionConfig::tls("127.0.0.1:1", authority.pem);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let answer = runtime.block_on(topic_partitions(&access, "nothing", Duration::from_millis(10)));
    assert!(answer.is_err(), "nobody listens there");
    exit(0)
}

extern "C" fn last() {
    // SAFETY: without options or settings, this says only whether OpenSSL can be used: 1, or 0 after its cleanup.
    let usable = unsafe { openssl_sys::OPENSSL_init_ssl(0, ptr::null()) } == 1;
    // SAFETY: ends this process at once, and nothing of it is used afterwards.
    unsafe { libc::_exit(if usable { USABLE } else { CLEANED_UP }) }
}
