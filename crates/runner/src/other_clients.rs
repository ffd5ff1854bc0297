//! The client implementations beside librdkafka. Each is obtained and checked when a scenario first needs it.

use super::needs;
use host::Progress;
use lab::Lab;
use probe::OtherClient;
use scenario::Library;
use tokio::sync::OnceCell;

/// The client implementations of one run.
#[derive(Debug, Default)]
pub struct OtherClients {
    java: OnceCell<Result<OtherClient, String>>,
    kafka_python: OnceCell<Result<OtherClient, String>>,
    franz_go: OnceCell<Result<OtherClient, String>>,
}

impl OtherClients {
    /// The client of this library, or the reason why it cannot run here. `None` for librdkafka, which is in this process.
    pub async fn get(&self, library: Library, lab: &Lab) -> Option<&Result<OtherClient, String>> {
        match library {
            Library::Librdkafka => None,
            Library::Java => Some(self.java.get_or_init(|| needs::java(lab)).await),
            Library::KafkaPython => {
                Some(self.kafka_python.get_or_init(|| async { needs::kafka_python(&Progress::lines()).await }).await)
            }
            Library::FranzGo => {
                Some(self.franz_go.get_or_init(|| async { needs::franz_go(&Progress::lines()).await }).await)
            }
        }
    }
}
