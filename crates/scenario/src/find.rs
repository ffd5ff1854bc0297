//! Steps by keyword: `wait`, and `wait#2` for the second of its kind.

use super::{
    Connections, CreateTopic, DescribeCluster, Probe, ProbeTcp, ProduceConsume, Refuse, Restart, Scale, Scenario, Span,
    Step, Stop,
};

impl Step {
    /// Every keyword, in the order of the reference.
    pub const KEYWORDS: [&'static str; 20] = [
        "apply",
        "churn",
        "delete",
        "patch",
        "wait",
        "certificate",
        "create-topic",
        "describe-cluster",
        "produce",
        "consume",
        "produce-and-consume",
        "refuse",
        "probe",
        "probe-tcp",
        "start",
        "stop",
        "connections",
        "scale",
        "restart",
        "sleep",
    ];

    /// The keyword as it is written.
    pub fn keyword(&self) -> &'static str {
        match self {
            Self::Apply(_) => "apply",
            Self::Churn(_) => "churn",
            Self::Delete(_) => "delete",
            Self::Patch(_) => "patch",
            Self::Wait(_) => "wait",
            Self::Certificate(_) => "certificate",
            Self::CreateTopic(_) => "create-topic",
            Self::DescribeCluster(_) => "describe-cluster",
            Self::Produce(_) => "produce",
            Self::Consume(_) => "consume",
            Self::ProduceAndConsume(_) => "produce-and-consume",
            Self::Refuse(_) => "refuse",
            Self::Probe(_) => "probe",
            Self::ProbeTcp(_) => "probe-tcp",
            Self::Start(_) => "start",
            Self::Stop(_) => "stop",
            Self::Connections(_) => "connections",
            Self::Scale(_) => "scale",
            Self::Restart(_) => "restart",
            Self::Sleep(_) => "sleep",
        }
    }

    /// The Kafka client that the step uses; `default` where it names none, nothing where it uses none.
    pub fn client(&self) -> Option<&str> {
        let named = match self {
            Self::CreateTopic(step) => &step.client,
            Self::DescribeCluster(step) => &step.client,
            Self::Produce(step) | Self::Consume(step) | Self::ProduceAndConsume(step) => &step.client,
            Self::Start(step) => &step.client,
            Self::Refuse(step) => return step.client.as_deref(),
            Self::Restart(step) if step.in_sync => &step.client,
            _ => return None,
        };
        Some(named.as_deref().unwrap_or("default"))
    }

    /// The topic that the step needs.
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Produce(step) | Self::Consume(step) | Self::ProduceAndConsume(step) => Some(&step.topic),
            Self::Start(step) => Some(&step.topic),
            Self::Refuse(step) => step.topic.as_deref(),
            _ => None,
        }
    }

    /// The step's own deadline: as written, or its default.
    pub fn within(&self) -> Option<Span> {
        let (written, default) = match self {
            Self::Wait(step) => (Some(step.within), 0),
            Self::CreateTopic(step) => (step.within, 30),
            Self::DescribeCluster(step) => (step.within, 30),
            Self::Produce(step) | Self::Consume(step) | Self::ProduceAndConsume(step) => (step.within, 30),
            Self::Refuse(step) => (step.within, 15),
            Self::Probe(step) => (step.within, 30),
            Self::ProbeTcp(step) => (step.within, 30),
            Self::Stop(step) => (step.within, 30),
            Self::Connections(step) => (step.within, 60),
            Self::Scale(step) => (step.within, 120),
            Self::Restart(step) => (step.within, 120),
            Self::Sleep(step) => (Some(step.r#for), 0),
            Self::Apply(_) | Self::Churn(_) | Self::Delete(_) | Self::Patch(_) | Self::Certificate(_) => return None,
            Self::Start(_) => return None,
        };
        Some(written.unwrap_or(Span::seconds(default)))
    }

    /// The step with a deadline of at most `most`. One that has none stays as it is.
    pub fn shortened(&self, most: Span) -> Self {
        let Some(own) = self.within() else { return self.clone() };
        let shorter = own.min(most);
        let mut step = self.clone();
        match &mut step {
            Self::Wait(wait) => wait.within = shorter,
            Self::CreateTopic(CreateTopic { within, .. })
            | Self::DescribeCluster(DescribeCluster { within, .. })
            | Self::Produce(ProduceConsume { within, .. })
            | Self::Consume(ProduceConsume { within, .. })
            | Self::ProduceAndConsume(ProduceConsume { within, .. })
            | Self::Refuse(Refuse { within, .. })
            | Self::Probe(Probe { within, .. })
            | Self::ProbeTcp(ProbeTcp { within, .. })
            | Self::Stop(Stop { within, .. })
            | Self::Connections(Connections { within, .. })
            | Self::Scale(Scale { within, .. })
            | Self::Restart(Restart { within, .. }) => *within = Some(shorter),
            Self::Sleep(_)
            | Self::Apply(_)
            | Self::Churn(_)
            | Self::Delete(_)
            | Self::Patch(_)
            | Self::Certificate(_)
            | Self::Start(_) => {}
        }
        step
    }
}

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

    /// As reports call the step that a reference names; the reference itself where it names none.
    pub fn step_called(&self, reference: &str) -> String {
        self.find_step(reference).map_or_else(|| reference.to_owned(), |index| self.step_name(index))
    }

    /// How a step is called in sabotage and in reports: by its `id`, otherwise `wait`, or `wait#2` for the second of its
    /// kind.
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
        assert_eq!(names, ["apply", "routes", "apply#3"], "a name does not shift the numbers of the others");
        assert_eq!(scenario.step_called("apply#2"), "routes");
    }

    #[test]
    fn a_deadline_is_shortened_and_never_made_longer() {
        let steps = scenario("{wait: {kind: K, name: n, gone: true, within: 4m}}, {produce: {topic: t, messages: 1}}");
        let shortened = |index: usize, most| steps.steps[index].value.shortened(Span::seconds(most)).within();
        assert_eq!(shortened(0, 20), Some(Span::seconds(20)));
        assert_eq!(shortened(0, 600), Some(Span::seconds(240)));
        assert_eq!(shortened(1, 5), Some(Span::seconds(5)), "the default can be shortened too");
        assert_eq!(shortened(1, 60), Some(Span::seconds(30)));
    }
}
