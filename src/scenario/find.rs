//! Steps by keyword: `wait`, and `wait#2` for the second of its kind.

use super::{Scenario, Span, Step};

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
}

impl Scenario {
    /// The index of the step that `keyword` or `keyword#2` names.
    pub fn find_step(&self, reference: &str) -> Option<usize> {
        let (keyword, number) = match reference.split_once('#') {
            Some((keyword, number)) => (keyword, number.parse::<usize>().ok()?.checked_sub(1)?),
            None => (reference, 0),
        };
        let same = self.steps.iter().enumerate().filter(|(_, step)| step.value.keyword() == keyword);
        same.map(|(index, _)| index).nth(number)
    }

    /// How a step is called in sabotage and in reports: `wait`, or `wait#2` for the second of its kind.
    pub fn step_name(&self, index: usize) -> String {
        let Some(step) = self.steps.get(index) else { return String::new() };
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
        let schema = crate::scenario::schema();
        let variants = schema["$defs"]["Step"]["oneOf"].as_array().expect("a step is one of several").clone();
        let keys: Vec<String> = variants
            .iter()
            .flat_map(|variant| variant["properties"].as_object().expect("a mapping").keys().cloned())
            .collect();
        assert_eq!(keys, Step::KEYWORDS);
    }
}
