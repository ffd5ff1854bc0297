//! Obtains the local lab's parts while the lab itself is still being compiled, so that downloads do not wait for the
//! compiler. The parts are in the cache when the lab asks for them, or the lab waits for this process. The arguments are
//! chosen versions, as `PART=VERSION`.

use artifacts::{LOCAL_LAB, Parts};
use host::Progress;
use std::thread;

fn main() {
    // The lab reads the same list and reports what is wrong with it.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let chosen = arguments.iter().filter_map(|argument| argument.split_once('='));
    let chosen = chosen.map(|(part, version)| (part.to_owned(), version.to_owned())).collect();
    let Ok(parts) = Parts::load().and_then(|parts| parts.with_versions(&chosen)) else { return };
    let progress = Progress::lines();
    thread::scope(|scope| {
        for name in LOCAL_LAB {
            let (parts, progress) = (&parts, &progress);
            // A part that cannot be obtained is not an error yet: the lab tries again, and reports all that is missing.
            scope.spawn(move || parts.obtain(name, progress).is_ok());
        }
    });
}
