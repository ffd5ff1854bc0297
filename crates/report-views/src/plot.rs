//! The plot of a load generator: what was acknowledged each second and how fast, with the scenario's steps as marks.

use model::LoadTimeline;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::error::Error;

/// In the units of the drawing. The page scales it to its own width.
const SIZE: (u32, u32) = (760, 300);
const LEFT: u32 = 64;

/// Colours of the page in light. Its style sheet replaces them in dark, by these very values.
const TEXT: RGBColor = RGBColor(0x1b, 0x1f, 0x24);
const GRID: RGBColor = RGBColor(0xd0, 0xd7, 0xde);
const LINE: RGBColor = RGBColor(0x05, 0x50, 0xae);
const SLOWEST: RGBColor = RGBColor(0x9a, 0x4c, 0x00);
const GAP: RGBColor = RGBColor(0xb3, 0x26, 0x1e);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Seconds = Cartesian2d<RangedCoordf64, RangedCoordf64>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Seconds>;
type Outcome<T> = Result<T, Box<dyn Error>>;

/// The drawing as SVG, with a numbered mark at each of `marks`, in seconds since the start of the load. `None` if nothing was
/// acknowledged.
///
/// # Errors
/// If plotters cannot draw into a text, which has no reason.
pub fn load(timeline: &LoadTimeline, marks: &[f64]) -> Outcome<Option<String>> {
    if timeline.acked.is_empty() {
        return Ok(None);
    }
    let mut svg = String::new();
    {
        let (upper, lower) = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area().split_vertically(140);
        throughput(&upper, timeline, marks)?;
        latency(&lower, timeline, marks)?;
        upper.present()?;
    }
    Ok(Some(svg))
}

fn throughput(area: &Area<'_>, timeline: &LoadTimeline, marks: &[f64]) -> Outcome<()> {
    let rates = steps(timeline, |index| per_second(timeline.acked[index], timeline.width));
    let most = highest(&rates);
    let mut chart =
        ChartBuilder::on(area).margin(8).y_label_area_size(LEFT).build_cartesian_2d(0.0..end(timeline), 0.0..most)?;
    axes(&mut chart, "acknowledged / s", "")?;
    for gap in &timeline.gaps {
        let corners = [(gap.at, 0.0), (gap.at + gap.seconds, most)];
        chart.draw_series([Rectangle::new(corners, GAP.mix(0.25).filled())])?;
    }
    chart.draw_series(AreaSeries::new(rates, 0.0, LINE.mix(0.2)).border_style(LINE))?;
    for (number, mark) in (1..).zip(marks) {
        chart.draw_series([PathElement::new([(*mark, 0.0), (*mark, most)], TEXT.mix(0.6))])?;
        let style = ("sans-serif", 14).into_font().color(&TEXT);
        chart.draw_series([Text::new(format!("{number}"), (*mark, most), style)])?;
    }
    Ok(())
}

fn latency(area: &Area<'_>, timeline: &LoadTimeline, marks: &[f64]) -> Outcome<()> {
    let of = |times: &[Option<f64>]| -> Vec<(f64, f64)> {
        let places = (0_u32..).map(|index| (f64::from(index) + 0.5) * timeline.width);
        places.zip(times).filter_map(|(at, time)| Some((at, (*time)? * 1000.0))).collect()
    };
    let (median, slowest) = (of(&timeline.median), of(&timeline.slowest));
    let most = highest(&slowest);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(0.0..end(timeline), 0.0..most)?;
    axes(&mut chart, "latency, ms", "seconds since the load began")?;
    chart.draw_series(LineSeries::new(slowest, SLOWEST))?;
    chart.draw_series(LineSeries::new(median, LINE.stroke_width(2)))?;
    for mark in marks {
        chart.draw_series([PathElement::new([(*mark, 0.0), (*mark, most)], TEXT.mix(0.6))])?;
    }
    Ok(())
}

/// The grid, and the texts beside it. Without room for the texts of an axis, it has none.
fn axes<'a>(chart: &mut Chart<'a, '_>, of_y: &str, of_x: &str) -> Outcome<()> {
    let mut mesh = chart.configure_mesh();
    mesh.disable_x_mesh().light_line_style(TRANSPARENT).bold_line_style(GRID).axis_style(GRID);
    mesh.y_labels(4).y_label_formatter(&whole).x_label_formatter(&whole).y_desc(of_y).x_desc(of_x);
    mesh.label_style(("sans-serif", 14).into_font().color(&TEXT)).draw()?;
    Ok(())
}

/// A line that stays level within each bin.
fn steps(timeline: &LoadTimeline, value: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    let bins = (0..timeline.acked.len()).zip(0_u32..);
    bins.flat_map(|(index, place)| {
        let from = f64::from(place) * timeline.width;
        [(from, value(index)), (from + timeline.width, value(index))]
    })
    .collect()
}

fn whole(value: &f64) -> String {
    format!("{value:.0}")
}

fn per_second(count: u64, width: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / width.max(f64::MIN_POSITIVE)
}

/// A little above the highest value, so that a line never lies on the frame.
fn highest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|(_, value)| *value).fold(1.0, f64::max) * 1.1
}

fn end(timeline: &LoadTimeline) -> f64 {
    let bins = u32::try_from(timeline.acked.len()).unwrap_or(u32::MAX);
    f64::from(bins) * timeline.width
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::LoadGap;

    fn timeline() -> LoadTimeline {
        LoadTimeline {
            started: 2.0,
            width: 0.5,
            acked: vec![50, 0, 25],
            median: vec![Some(0.004), None, Some(0.008)],
            slowest: vec![Some(0.1), None, Some(0.9)],
            gaps: vec![LoadGap { at: 0.5, seconds: 0.6 }],
        }
    }

    #[test]
    fn a_plot_has_its_axes_its_gap_and_its_marks() {
        let svg = load(&timeline(), &[0.4, 1.2]).expect("drawn").expect("something was acknowledged");
        for part in ["<svg", "acknowledged / s", "latency, ms", "seconds since the load began", "#B3261E", "#9A4C00"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        let texts: Vec<_> = svg.lines().map(str::trim).filter(|line| *line == "1" || *line == "2").collect();
        assert!(texts.starts_with(&["1", "2"]), "{texts:?} in {svg}");
    }

    #[test]
    fn a_load_without_an_acknowledgement_has_no_plot() {
        let nothing = LoadTimeline { acked: Vec::new(), ..timeline() };
        assert_eq!(load(&nothing, &[]).expect("no error"), None);
    }

    #[test]
    fn a_bin_is_a_level_line_of_its_rate() {
        let rates = steps(&timeline(), |index| per_second(timeline().acked[index], 0.5));
        assert_eq!(rates, [(0.0, 100.0), (0.5, 100.0), (0.5, 0.0), (1.0, 0.0), (1.0, 50.0), (1.5, 50.0)]);
    }
}
