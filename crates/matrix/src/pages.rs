//! What people and other programs look at: the page, the table, and a file for each implementation.

use super::Error;
use camino::{Utf8Path, Utf8PathBuf};
use host::files;
use model::{FileError, Report, paths};
use report_views::{Absent, ConformanceReport, Grid, Links, Profile};
use std::collections::BTreeMap;
use std::fs;

/// The views of one matrix.
pub struct Pages {
    grid: Grid,
    reports: Vec<Report>,
    /// The profile of each scenario of the checkout that is about routes.
    profiles: BTreeMap<String, Profile>,
}

impl Pages {
    pub fn of(reports: Vec<Report>, absent: &[Absent]) -> Self {
        let grid = Grid::of(&reports, absent);
        let scenarios = scenario::load_all(&paths::scenarios()).into_iter().flatten();
        let profile =
            |folder: scenario::Folder| Some((folder.name().to_owned(), Profile::of(&folder.scenario.needs.features)?));
        Self { grid, reports, profiles: scenarios.filter_map(profile).collect() }
    }

    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Writes `matrix.html`, `matrix.md`, and a report for each column below `conformance`. Returns the path of the page.
    ///
    /// # Errors
    /// If a file cannot be made or written.
    pub fn write(&self, folder: &Utf8Path) -> Result<Utf8PathBuf, Error> {
        let reports = folder.join("conformance");
        fs::create_dir_all(&reports).map_err(FileError::of("make the folder", &reports))?;
        let lead = |name: &str| leading(folder, &paths::repo().join(name)).into_string();
        let links = Links { docs: lead("docs"), scenarios: lead("scenarios") };
        let page = folder.join("matrix.html");
        files::write_shared(&page, self.grid.html(&links, &runner::now())?.as_bytes())?;
        files::write_shared(&folder.join("matrix.md"), self.grid.markdown(&links).as_bytes())?;
        let profile = |scenario: &str| self.profiles.get(scenario).copied();
        for (name, report) in ConformanceReport::all(&self.grid, &self.reports, profile) {
            files::write_shared(&reports.join(format!("{name}.yaml")), report.yaml()?.as_bytes())?;
        }
        Ok(page)
    }
}

/// The relative path from one folder to another. Empty if they are the same.
fn leading(from: &Utf8Path, to: &Utf8Path) -> Utf8PathBuf {
    let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let (from, to) = (real(from), real(to));
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(shared).map(|_| "..");
    up.chain(to.components().skip(shared).map(|part| part.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Verdict;
    use model::sample::{failure, report, result};

    #[test]
    fn one_folder_leads_to_another() {
        for (from, to, path) in
            [("/a/b/c", "/a/docs", "../../docs"), ("/a/docs", "/a/docs", ""), ("/a", "/a/docs", "docs")]
        {
            assert_eq!(leading(Utf8Path::new(from), Utf8Path::new(to)), path);
        }
    }

    #[test]
    fn the_files_are_written_and_a_real_scenario_has_its_profile() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(dir.path()).expect("UTF-8").join("new");
        let reports = vec![report(vec![
            result("weights", Verdict::Passed),
            result("tcp-routes", Verdict::Failed(failure())),
            result("port-forward", Verdict::Passed),
        ])];
        let page = Pages::of(reports, &[]).write(&folder).expect("written");
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
        assert!(fs::read_to_string(page).expect("the page").starts_with("<!doctype html>"));
        assert!(read("matrix.md").contains("| [weights]("));
        let yaml = read("conformance/traefik-3.7.15-local-stand-in.yaml");
        let failed = yaml.find("- tcp-routes").expect("it failed");
        assert!(failed > yaml.find("KAFKA-TCPROUTE").expect("its profile"), "{yaml}");
        assert!(!yaml.contains("port-forward"), "it is about no route: {yaml}");
    }
}
