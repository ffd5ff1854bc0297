//! How much this machine holds, and how busy it is. A deadline measures the gateway only while the machine has time for it.

use model::LabKind;
use std::path::Path;

/// Memory for one cluster of a scenario's own, beside everything else: three brokers and what the lab itself needs.
const MEMORY_FOR_A_CLUSTER: u64 = 6 << 30;

/// With twenty-five tasks for each processor, a broker took more than 5 s for a handshake.
const CROWDED: f64 = 16.0;

/// How many clusters of scenarios' own fit on this machine at the same time beside a lab of this kind: by its memory and its
/// processors, which brokers that start keep busy. One where the memory is not known.
pub fn own_clusters(kind: LabKind) -> usize {
    let memory = read("/proc/meminfo").and_then(|text| total_memory(&text)).unwrap_or(0);
    own_clusters_in(memory, processors(), kind)
}

/// Whether so many tasks want a processor that nothing more should start beside what runs. `false` where that is not known.
pub fn crowded() -> bool {
    read("/proc/loadavg").and_then(|text| load(&text)).is_some_and(|load| crowded_by(load, processors()))
}

fn own_clusters_in(memory: u64, processors: usize, kind: LabKind) -> usize {
    let fit = usize::try_from(memory / MEMORY_FOR_A_CLUSTER).unwrap_or(usize::MAX);
    let processors_for_one = match kind {
        // Its brokers start from prepared archives and storage, and nothing runs beside them for each Pod.
        LabKind::Local => 1,
        // With two at once on two processors, brokers missed deadlines at a load of 49.
        LabKind::Kind | LabKind::Existing => 2,
    };
    fit.min(processors / processors_for_one).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "no machine has that many processors")]
fn crowded_by(load: f64, processors: usize) -> bool {
    load > CROWDED * processors as f64
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(path)).ok()
}

/// All the memory, in bytes, by the text of `/proc/meminfo`.
fn total_memory(text: &str) -> Option<u64> {
    let kibibytes = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix(" kB")?;
    kibibytes.trim().parse::<u64>().ok().map(|number| number << 10)
}

/// The load of the last minute, by the text of `/proc/loadavg`.
fn load(text: &str) -> Option<f64> {
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_machine_holds_more_own_clusters() {
        let sizes = [(0, 8), (4, 8), (8, 8), (16, 4), (24, 2), (512, 64)];
        let own = |kind| sizes.map(|(gib, processors)| own_clusters_in(gib << 30, processors, kind));
        assert_eq!(own(LabKind::Kind), [1, 1, 1, 2, 1, 32]);
        assert_eq!(own(LabKind::Local), [1, 1, 1, 2, 2, 64]);
        assert!(own_clusters(LabKind::Local) >= 1);
    }

    #[test]
    fn the_machine_is_read_from_what_linux_says() {
        assert_eq!(total_memory("MemTotal:       24576000 kB\nMemFree:        1024 kB\n"), Some(24_576_000 << 10));
        assert_eq!(total_memory("MemFree: 1024 kB\n"), None);
        assert_eq!(load("48.91 20.10 9.00 3/812 4711\n"), Some(48.91));
        assert_eq!(load(""), None);
    }

    #[test]
    fn a_machine_is_crowded_by_its_load_for_each_processor() {
        assert!(crowded_by(48.9, 2));
        assert!(!crowded_by(12.0, 2), "as in a usual run");
        assert!(!crowded_by(48.9, 16));
    }
}
