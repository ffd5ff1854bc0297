//! Steps by name: `wait`, and `wait#2` for the second of its kind.

use super::Scenario;

impl Scenario {
    /// The index of the step that an `id`, a `keyword` or `keyword#2` names.
    pub fn find_step(&self, reference: &str) -> Option<usize> {
        if let Some(index) = self.steps.iter().position(|step| step.value.id.as_deref() == Some(reference)) {
            return Some(index);
        }
        let (keyword, number) = match reference.split_once('#') {
            Some((keyword, number)) => (keyword, number.parse::<usize>().ok()?.checked_sub(1)?),
            None => (reference, 0),
        };
        let same = self.steps.iter().enumerate().filter(|(_, step)| step.value.keyword() == keyword);
        same.map(|(index, _)| index).nth(number)
    }

    /// The name that reports give to the step of a reference. An unknown reference is returned unchanged.
    pub fn step_called(&self, reference: &str) -> String {
        self.find_step(reference).map_or_else(|| reference.to_owned(), |index| self.step_name(index))
    }

    /// The name of a step in sabotage and in reports: its `id`, otherwise its keyword, such as `wait`, or `wait#2` for
    /// the second of its kind.
    pub fn step_name(&self, index: usize) -> String {
        let Some(step) = self.steps.get(index) else { return String::new() };
        if let Some(id) = &step.value.id {
            return id.clone();
        }
        let keyword = step.value.keyword();
        let before = self.steps[..index].iter().filter(|step| step.value.keyword() == keyword).count();
        if before == 0 { keyword.to_owned() } else { format!("{keyword}#{}", before + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Span, Step};

    #[test]
    fn keywords_are_those_of_the_schema() {
        let schema = crate::schema();
        let variants = schema["$defs"]["Step"]["oneOf"].as_array().expect("a step is one of several").clone();
        let keys: Vec<String> = variants
            .iter()
            .flat_map(|variant| variant["required"].as_array().expect("a list").clone())
            .filter_map(|key| key.as_str().map(ToOwned::to_owned))
            .collect();
        assert_eq!(keys, Step::KEYWORDS);
    }

    fn scenario(steps: &str) -> Scenario {
        let text = format!("name: x\ntitle: t\nwhy: w\nkafka: {{cluster: shared}}\nsteps: [{steps}]\nsabotage: []\n");
        serde_saphyr::from_str(&text).expect("a scenario")
    }

    #[test]
    fn a_step_is_found_by_its_name_and_by_its_number() {
        let scenario = scenario("{apply: a.yaml}, {id: routes, apply: b.yaml}, {apply: c.yaml}");
        for (reference, index) in [("apply", 0), ("apply#1", 0), ("routes", 1), ("apply#2", 1), ("apply#3", 2)] {
            assert_eq!(scenario.find_step(reference), Some(index), "{reference}");
        }
        assert_eq!(scenario.find_step("apply#4"), None);
        let names: Vec<String> = (0..3).map(|index| scenario.step_name(index)).collect();
        assert_eq!(
            names,
            ["apply", "routes", "apply#3"],
            "a step with an id still counts for the numbers of later steps"
        );
        assert_eq!(scenario.step_called("apply#2"), "routes");
    }

    #[test]
    fn a_deadline_can_only_be_shortened() {
        let steps = scenario("{wait: {kind: K, name: n, gone: true, within: 4m}}, {produce: {topic: t, messages: 1}}");
        let shortened = |index: usize, most| steps.steps[index].value.shortened(Span::seconds(most)).within();
        assert_eq!(shortened(0, 20), Some(Span::seconds(20)));
        assert_eq!(shortened(0, 600), Some(Span::seconds(240)));
        assert_eq!(shortened(1, 5), Some(Span::seconds(5)), "the default can be shortened too");
        assert_eq!(shortened(1, 60), Some(Span::seconds(30)));
    }
}
