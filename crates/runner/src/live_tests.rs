use super::*;
use crate::Job;
use crate::fake::scenario;

fn view() -> (View, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let view = View::lines(move |line| sink.lock().expect("unpoisoned").push(line.to_owned()));
    (view, lines)
}

fn printed(lines: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *lines.lock().expect("unpoisoned"))
}

async fn pass(seconds: u64) {
    for _ in 0..seconds * 2 {
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_step_prints_lines_without_a_terminal() {
    let (view, lines) = view();
    let line = view.begin(&Task::plain(Job::new("/x", scenario("name: two-clusters\n"))));
    line.step("wait#2 Kafka two: Ready");
    pass(10).await;
    assert_eq!(printed(&lines), Vec::<String>::new(), "a short step needs no line");
    line.seen("NotReady=True (Creating)");
    pass(30).await;
    let seen = printed(&lines);
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(
        seen[0].starts_with("running          two-clusters  wait#2 Kafka two: Ready (NotReady=True (Creating))  1"),
        "{seen:?}"
    );
    line.step("produce");
    pass(10).await;
    assert_eq!(printed(&lines), Vec::<String>::new(), "each step has its own time");
    drop(line);
    pass(60).await;
    assert_eq!(printed(&lines), Vec::<String>::new(), "a finished task prints nothing more");
}

#[tokio::test(start_paused = true)]
async fn a_users_text_cannot_move_the_cursor() {
    let (view, lines) = view();
    let line = view.begin(&Task::plain(Job::new("/x", scenario("name: two-clusters\n"))));
    line.step("wait Kafka \u{1b}[2J: Ready");
    pass(20).await;
    assert!(printed(&lines)[0].contains("\\u{1b}[2J"));
}

/// A terminal that only remembers what was written to it.
#[derive(Clone, Debug, Default)]
struct Narrow(Arc<Mutex<String>>);

impl indicatif::TermLike for Narrow {
    fn width(&self) -> u16 {
        60
    }
    fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
        Ok(())
    }
    fn write_line(&self, text: &str) -> std::io::Result<()> {
        self.write_str(&format!("{text}\n"))
    }
    fn write_str(&self, text: &str) -> std::io::Result<()> {
        self.0.lock().expect("unpoisoned").push_str(text);
        Ok(())
    }
    fn clear_line(&self) -> std::io::Result<()> {
        self.write_str("\n")
    }
    fn flush(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_live_line_has_the_name_the_time_and_the_step_in_60_columns_without_colours() {
    let terminal = Narrow::default();
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
    let view = View(Kind::Live(bars, NAME_WIDTH));
    let line = view.begin(&Task::plain(Job::new("/x", scenario("name: certificate-without-bootstrap-name\n"))));
    line.step("wait#2 Kafka two: Ready");
    line.seen("NotReady=True (Creating a cluster takes a while, and this text is longer than the line)");
    let Shown::Bar(bar) = &line.0.shown else { panic!("it is live") };
    bar.tick();
    let written = terminal.0.lock().expect("unpoisoned").clone();
    let lines: Vec<&str> = written.lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(lines.iter().all(|line| line.trim_end().chars().count() <= 60), "{lines:#?}");
    assert!(!written.contains('\u{1b}'), "{written:?}");
    let last = lines.last().expect("it was drawn");
    assert!(last.contains("certificate-without-…ap-name"), "{last}");
    assert!(last.contains("  0s wait#2 Kafka two"), "{last}");
}

#[test]
fn a_long_name_keeps_its_beginning_and_its_end() {
    assert_eq!(short("native-tlsroute"), "native-tlsroute");
    let cut = short("certificate-without-bootstrap-name / 2");
    assert_eq!(cut.chars().count(), NAME_WIDTH);
    assert!(cut.starts_with("certificate-without-") && cut.ends_with("ame / 2"), "{cut}");
}
