package org.gatehouse.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.gatehouse.bench.Comparison.Target;

/**
 * Renders the figures as a self-contained HTML page. Each ratio is a dot, the median is a bar, and the target is a
 * line.
 */
final class HtmlPage {
    private static final int LEFT = 290;
    private static final int WIDTH = 960;
    private static final int RIGHT = 90;
    private static final int ROW = 46;
    private static final int AXIS = 30;

    private static final String STYLE = """
            :root { color-scheme: light dark; --page: #fff; --text: #1c2024; --quiet: #60646c; --grid: #e4e6ea;
              --dot: #2f6fdb; --target: #c2410c; --good: #187a3c; }
            @media (prefers-color-scheme: dark) { :root { --page: #15171a; --text: #eceef0; --quiet: #a4a9b1;
              --grid: #2c3036; --dot: #7aa7f5; --target: #f59e5b; --good: #5fcf88; } }
            body { background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
              max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
            h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
            p, dd, .quiet { color: var(--quiet); } svg { width: 100%; height: auto; overflow: visible; }
            svg text { fill: var(--text); font: 13px system-ui, sans-serif; } svg .quiet { fill: var(--quiet); }
            .grid { stroke: var(--grid); } .dot { fill: var(--dot); fill-opacity: .45; }
            .range { stroke: var(--dot); stroke-opacity: .5; stroke-width: 2; } .median { stroke: var(--dot); stroke-width: 4; }
            .target { stroke: var(--target); stroke-width: 2; stroke-dasharray: 5 3; } svg .bound { fill: var(--target); }
            table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
            th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--grid); }
            th:first-child, td:first-child { text-align: left; } .reached { color: var(--good); } .missed { color: var(--target); }
            dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
            """;

    private final Figures figures;
    private final StringBuilder html = new StringBuilder();

    private HtmlPage(Figures figures) {
        this.figures = figures;
    }

    static String of(Figures figures) {
        return new HtmlPage(figures).write();
    }

    private String write() {
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
        html.append(
                "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Gatehouse: the benchmark</title>\n");
        html.append("<style>\n").append(STYLE).append("</style>\n<h1>Gatehouse compared with upper bounds</h1>\n");
        html.append("<p>Each dot is one pair of short measurements, one directly after the other. The thick bar is");
        html.append(
                " the median of the pairs, and the dashed line is the target. Rates depend on this machine and its");
        html.append(" load; only ratios can be compared with other machines.</p>\n");
        if (!figures.comparisons().isEmpty()) {
            ratios();
        }
        if (!figures.latencies().isEmpty()) {
            latencies();
        }
        circumstances();
        return html.append("</html>\n").toString();
    }

    private void ratios() {
        html.append("<h2>Ratios</h2>\n");
        List<Comparison> all = figures.comparisons();
        double max = all.stream()
                .mapToDouble(comparison -> Math.max(
                        Spread.of(comparison.ratios()).max(),
                        isOfRatio(comparison.title().target())
                                ? comparison.title().target().bound()
                                : 0))
                .max()
                .orElse(1);
        Axis axis = new Axis(Math.max(1, max));
        openChart(all.size(), axis, "");
        for (int i = 0; i < all.size(); i++) {
            row(all.get(i), i, axis);
        }
        html.append("</svg>\n");
        ratioTable(all);
    }

    private void row(Comparison comparison, int number, Axis axis) {
        int y = ROW * number + ROW / 2;
        labels(y, comparison.title().subject(), "to " + comparison.title().reference());
        List<Double> ratios = comparison.ratios();
        Spread spread = Spread.of(ratios);
        range(y, spread, axis);
        for (int i = 0; i < ratios.size(); i++) {
            append("<circle class=\"dot\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>%n", axis.x(ratios.get(i)), y + i % 3 * 5 - 5);
        }
        median(y, spread, axis, "%.2f");
        Target target = comparison.title().target();
        if (isOfRatio(target)) {
            double x = axis.x(target.bound());
            append("<line class=\"target\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>%n", x, x, y - 19, y + 19);
            append(
                    "<text class=\"bound\" x=\"%.1f\" y=\"%d\" font-size=\"11\">%s</text>%n",
                    x + 4, y - 12, target.describe());
        }
    }

    private static boolean isOfRatio(Target target) {
        return target.isSet() && target.measure() == Comparison.Measure.RATIO;
    }

    private void ratioTable(List<Comparison> all) {
        html.append("<table>\n<tr><th>measurement</th><th>median</th><th>of the reference</th><th>unit</th>");
        html.append("<th>ratio: median</th><th>min</th><th>max</th><th>target</th></tr>\n");
        for (Comparison comparison : all) {
            Spread ratio = Spread.of(comparison.ratios());
            append(
                    "<tr><td>%s <span class=\"quiet\">to %s</span></td><td>%.1f</td><td>%.1f</td><td>%s</td><td>%.3f</td><td>%.3f</td><td>%.3f</td>%s</tr>%n",
                    escaped(comparison.title().subject()),
                    escaped(comparison.title().reference()),
                    Spread.of(comparison.subject()).median(),
                    Spread.of(comparison.reference()).median(),
                    comparison.unit(),
                    ratio.median(),
                    ratio.min(),
                    ratio.max(),
                    verdict(comparison));
        }
        html.append("</table>\n");
    }

    private static String verdict(Comparison comparison) {
        Target target = comparison.title().target();
        if (!target.isSet()) {
            return "<td>–</td>";
        }
        double median = comparison.measured().median();
        String word = target.verdict(median);
        String quantity = isOfRatio(target) ? "" : String.format(Locale.ROOT, "%.2f %s, ", median, comparison.unit());
        return "<td class=\"" + word + "\">" + quantity + target.describe() + (target.isMetBy(median) ? " ✓ " : " ✗ ")
                + word + "</td>";
    }

    private void latencies() {
        html.append("<h2>Response times at half of the highest load</h2>\n");
        html.append(
                "<p>Calls are sent on a schedule, even if earlier ones are outstanding. Each time is measured from");
        html.append(" the moment when the call was due. Bars are medians; lines extend from minimum to maximum.</p>\n");
        List<Latencies> all = figures.latencies();
        percentile(all, "p50", Latencies::p50);
        percentile(all, "p99", Latencies::p99);
    }

    private void percentile(List<Latencies> all, String name, Function<Latencies, Spread> part) {
        ToDoubleFunction<Latencies> highest = one -> part.apply(one).max();
        Axis axis = new Axis(all.stream().mapToDouble(highest).max().orElse(1));
        append("<p><b>%s</b>, ms</p>%n", name);
        openChart(all.size(), axis, " ms");
        for (int i = 0; i < all.size(); i++) {
            int y = ROW * i + ROW / 2;
            Latencies one = all.get(i);
            labels(y, one.name(), String.format(Locale.ROOT, "%.0f calls/s", one.rate()));
            range(y, part.apply(one), axis);
            median(y, part.apply(one), axis, "%.2f ms");
        }
        html.append("</svg>\n");
    }

    private void circumstances() {
        html.append("<h2>Measured on</h2>\n<dl>\n");
        for (Map.Entry<String, String> one : figures.circumstances().entrySet()) {
            append("<dt>%s</dt><dd>%s</dd>%n", escaped(one.getKey()), escaped(one.getValue()));
        }
        html.append("</dl>\n");
    }

    private void openChart(int rows, Axis axis, String unit) {
        int bottom = rows * ROW;
        append("<svg viewBox=\"0 0 %d %d\" role=\"img\">%n", WIDTH, bottom + AXIS);
        for (double at = 0; at <= axis.end() + axis.step() / 100; at += axis.step()) {
            append(
                    "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>%n",
                    axis.x(at), axis.x(at), bottom);
            append(
                    "<text class=\"quiet\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%s%s</text>%n",
                    axis.x(at), bottom + 20, axis.label(at), unit);
        }
    }

    private void labels(int y, String title, String subtitle) {
        append("<text x=\"0\" y=\"%d\">%s</text>%n", y - 3, escaped(title));
        append("<text class=\"quiet\" x=\"0\" y=\"%d\">%s</text>%n", y + 13, escaped(subtitle));
    }

    private void range(int y, Spread spread, Axis axis) {
        append(
                "<line class=\"range\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>%n",
                axis.x(spread.min()), axis.x(spread.max()), y, y);
    }

    private void median(int y, Spread spread, Axis axis, String format) {
        double x = axis.x(spread.median());
        append("<line class=\"median\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>%n", x, x, y - 14, y + 14);
        String text = String.format(Locale.ROOT, format, spread.median());
        append("<text x=\"%.1f\" y=\"%d\">%s</text>%n", axis.x(spread.max()) + 10, y + 5, text);
    }

    private void append(String format, Object... values) {
        html.append(String.format(Locale.ROOT, format, values));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }

    /** An axis from zero to the highest value, with about five labels at round values. */
    private record Axis(double max) {
        double step() {
            double rough = max / 5;
            double power = Math.pow(10, Math.floor(Math.log10(rough)));
            double factor = rough / power;
            return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
        }

        double end() {
            return Math.ceil(max / step() - 1e-9) * step();
        }

        double x(double value) {
            return LEFT + (WIDTH - LEFT - RIGHT) * value / end();
        }

        String label(double value) {
            int digits = (int) Math.max(0, -Math.floor(Math.log10(step()) + 1e-9));
            return String.format(Locale.ROOT, "%." + digits + "f", value);
        }
    }
}
