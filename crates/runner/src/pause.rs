//! `--pause-on-failure`: keeps everything in place until the user presses Enter.

use super::{Context, Stop};
use model::{Failure, visible};
use std::io::{self, BufRead, IsTerminal};

/// Prints how to inspect the lab, and waits for Enter or until the run is stopped. Without a terminal it does not wait.
pub async fn pause(context: &Context<'_>, failure: &Failure, stop: &Stop) {
    let info = &context.lab.info;
    eprintln!("\n{}", paused(context.job.name(), failure));
    eprintln!("  export KUBECONFIG={}", info.kubeconfig);
    eprintln!("  kubectl --context {} -n {} get gateways,tlsroutes,kafkas,pods", info.context, context.namespace);
    eprintln!("  logs: {}", context.lab.dir.logs());
    if !io::stdin().is_terminal() {
        eprintln!("  (standard input is not a terminal, so the run continues)");
        return;
    }
    eprintln!("Press Enter to clean up and continue.");
    // This is not a thread of the runtime, which would wait for it at the end, even after Ctrl-C.
    let (pressed, enter) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // End of file continues too. If nobody receives this, the run was stopped.
        let _ = io::stdin().lock().read_line(&mut String::new());
        let _ = pressed.send(());
    });
    tokio::select! {
        _ = enter => {}
        _ = stop.raised() => {}
    }
}

/// The text may come from a broker or a gateway, so control characters are escaped.
fn paused(name: &str, failure: &Failure) -> String {
    visible(&format!("paused: {name} failed: {}: {}", failure.cause, failure.seen)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Cause;

    #[test]
    fn control_characters_in_observations_are_escaped() {
        let failure = Failure::new(Cause::Timeout, "", "\u{1b}[2Jgone");
        assert_eq!(paused("one", &failure), "paused: one failed: timeout: \\u{1b}[2Jgone");
    }
}
