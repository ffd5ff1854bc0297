//! `--pause-on-failure`: everything stays as it is until somebody has looked.

use super::{Context, Stop};
use model::{Failure, visible};
use std::io::{self, BufRead, IsTerminal};

/// Says how to look around, and waits for Enter, or until the run is stopped. Without a terminal it only says.
pub async fn pause(context: &Context<'_>, failure: &Failure, stop: &Stop) {
    let info = &context.lab.info;
    eprintln!("\n{}", paused(context.job.name(), failure));
    eprintln!("  export KUBECONFIG={}", info.kubeconfig);
    eprintln!("  kubectl --context {} -n {} get gateways,tlsroutes,kafkas,pods", info.context, context.namespace);
    eprintln!("  logs: {}", context.lab.dir.logs());
    if !io::stdin().is_terminal() {
        eprintln!("  (standard input is no terminal: going on)");
        return;
    }
    eprintln!("Enter cleans up and goes on.");
    // A thread of its own: the runtime would wait for one of its own at the end, after Ctrl-C too.
    let (pressed, enter) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // End of file goes on as well; who no longer listens was stopped.
        let _ = io::stdin().lock().read_line(&mut String::new());
        let _ = pressed.send(());
    });
    tokio::select! {
        _ = enter => {}
        _ = stop.raised() => {}
    }
}

/// What was seen may be a text of a broker or of a gateway.
fn paused(name: &str, failure: &Failure) -> String {
    visible(&format!("paused: {name} failed: {}: {}", failure.cause, failure.seen)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cause;

    #[test]
    fn what_was_seen_does_nothing_to_a_terminal() {
        let failure = Failure::new(Cause::Timeout, "", "\u{1b}[2Jgone");
        assert_eq!(paused("one", &failure), "paused: one failed: timeout: \\u{1b}[2Jgone");
    }
}
