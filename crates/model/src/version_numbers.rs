//! Versions as numbers, so that 3.7.5 comes before 3.7.15.

/// Parses `v1.34.4-x` as 1, 34, 4. A missing number counts as older than 0.
pub fn version_numbers(version: &str) -> Vec<u64> {
    let plain = version.trim_start_matches('v').split(['-', '+', ' ']).next().unwrap_or_default();
    plain.split('.').map_while(|number| number.parse().ok()).collect()
}
