package org.gatehouse.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.gatehouse.json.Json;

/** All measurements of a run, with a description of the machine and the stores. */
final class Figures {
    private final Map<String, String> circumstances = new LinkedHashMap<>();
    private final List<Comparison> comparisons = new ArrayList<>();
    private final List<Latencies> latencies = new ArrayList<>();

    void note(String name, String value) {
        circumstances.put(name, value);
    }

    void add(Comparison comparison) {
        comparisons.add(comparison);
        System.out.println(line(comparison));
    }

    void addAll(List<Comparison> more) {
        more.forEach(this::add);
    }

    void addLatencies(List<Latencies> more) {
        latencies.addAll(more);
        more.forEach(one -> System.out.println(line(one)));
    }

    Map<String, String> circumstances() {
        return circumstances;
    }

    List<Comparison> comparisons() {
        return comparisons;
    }

    List<Latencies> latencies() {
        return latencies;
    }

    private static String line(Comparison comparison) {
        Spread ratio = Spread.of(comparison.ratios());
        return String.format(
                Locale.ROOT,
                "%-32s %9.1f : %9.1f %-9s (%s)  ratio %.3f (%.3f to %.3f)%s",
                comparison.title().subject(),
                Spread.of(comparison.subject()).median(),
                Spread.of(comparison.reference()).median(),
                comparison.unit(),
                comparison.title().reference(),
                ratio.median(),
                ratio.min(),
                ratio.max(),
                verdict(comparison));
    }

    private static String verdict(Comparison comparison) {
        Comparison.Target target = comparison.title().target();
        return target.isSet()
                ? ", target " + target.describe() + ": "
                        + target.verdict(comparison.measured().median())
                : "";
    }

    /** Returns a table of the figures that have a target. */
    String table() {
        StringBuilder table = new StringBuilder(String.format(
                Locale.ROOT,
                "%-76s %-10s %8s %8s %8s %8s  %-8s %s%n",
                "figure",
                "quantity",
                "median",
                "min",
                "max",
                "target",
                "",
                "by processor time"));
        for (Comparison comparison : comparisons) {
            Comparison.Title title = comparison.title();
            if (!title.target().isSet()) {
                continue;
            }
            Spread measured = comparison.measured();
            table.append(String.format(
                    Locale.ROOT,
                    "%-76s %-10s %8.3f %8.3f %8.3f %8s  %-8s %s%n",
                    title.subject() + " / " + title.reference(),
                    title.target().measure() == Comparison.Measure.RATIO ? "ratio" : comparison.unit(),
                    measured.median(),
                    measured.min(),
                    measured.max(),
                    title.target().describe(),
                    title.target().verdict(measured.median()),
                    byProcessorTime(title.id())));
        }
        return table.toString();
    }

    private String byProcessorTime(String id) {
        return comparisons.stream()
                .filter(comparison -> comparison.title().id().equals(id + Comparison.Title.BY_PROCESSOR))
                .map(comparison -> String.format(
                        Locale.ROOT, "%.3f", Spread.of(comparison.ratios()).median()))
                .findFirst()
                .orElse("");
    }

    private static String line(Latencies one) {
        return String.format(
                Locale.ROOT,
                "%-32s at %.0f/s: p50 %.2f ms (%.2f to %.2f), p99 %.2f ms (%.2f to %.2f)",
                one.name(),
                one.rate(),
                one.p50().median(),
                one.p50().min(),
                one.p50().max(),
                one.p99().median(),
                one.p99().min(),
                one.p99().max());
    }

    /** Returns the figures as JSON. The JSON contains every single measurement. */
    byte[] json() {
        ObjectNode all = Json.MAPPER.createObjectNode();
        circumstances.forEach(all.putObject("circumstances")::put);
        ArrayNode compared = all.putArray("comparisons");
        for (Comparison comparison : comparisons) {
            ObjectNode json = compared.addObject();
            json.put("id", comparison.title().id());
            json.put("subject", comparison.title().subject());
            json.put("reference", comparison.title().reference());
            json.put("unit", comparison.unit());
            Comparison.Target target = comparison.title().target();
            if (target.isSet()) {
                json.put(target.atLeast() ? "targetAtLeast" : "targetAtMost", target.bound());
                json.put("targetOf", target.measure().name().toLowerCase(Locale.ROOT));
            }
            json.set("ratio", json(Spread.of(comparison.ratios())));
            comparison.subject().forEach(json.putArray("ofSubject")::add);
            comparison.reference().forEach(json.putArray("ofReference")::add);
        }
        ArrayNode times = all.putArray("latencies");
        for (Latencies one : latencies) {
            ObjectNode json = times.addObject();
            json.put("name", one.name());
            json.put("callsPerSecond", one.rate());
            json.set("p50Milliseconds", json(one.p50()));
            json.set("p99Milliseconds", json(one.p99()));
        }
        return Json.write(all);
    }

    private static ObjectNode json(Spread spread) {
        return Json.MAPPER
                .createObjectNode()
                .put("min", spread.min())
                .put("median", spread.median())
                .put("max", spread.max());
    }
}
