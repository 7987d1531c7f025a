package org.gatehouse.config;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.config.SettingSources.Source;

/** Finds names that look like misspelled settings. */
final class SettingNames {
    /** Selects which names of a source are checked. */
    enum Scope {
        /** Only names with the prefix, because other applications on the machine share the source. */
        PREFIXED,
        /** Names with the prefix, and names that differ from a setting by at most {@value #MAX_TYPOS} letters. */
        SIMILAR,
        /** All names, because only Gatehouse uses the source. */
        ALL
    }

    /** A missing, added, wrong or transposed letter is one error. Most misspelled names have only one. */
    private static final int MAX_TYPOS = 2;

    /** Variables that Kubernetes sets in each container for a Service named "gatehouse". These are not settings. */
    private static final Pattern KUBERNETES_SERVICE =
            Pattern.compile("GATEHOUSE_(SERVICE_(HOST|PORT)(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");

    private static final String SERVICE_HOST = "GATEHOUSE_SERVICE_HOST";

    private SettingNames() {}

    static Stream<String> mistypedIn(Source source) {
        List<String> known = SettingCatalog.names();
        boolean inKubernetes = source.names().contains(SERVICE_HOST);
        return source.names().stream()
                .filter(name ->
                        !(inKubernetes && KUBERNETES_SERVICE.matcher(name).matches()))
                .filter(name -> source.find(name).isPresent())
                .sorted()
                .flatMap(name -> mistyped(name, source, known).stream());
    }

    private static Optional<String> mistyped(String name, Source source, List<String> known) {
        String upper = name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
        boolean prefixed = upper.startsWith(SettingSources.PREFIX);
        String plain = prefixed ? upper.substring(SettingSources.PREFIX.length()) : upper;
        // The underscore is required here, because properties such as gatehouse.test.port are not settings.
        boolean ours = name.regionMatches(true, 0, SettingSources.PREFIX, 0, SettingSources.PREFIX.length());
        if (name.equals(upper) && known.contains(plain)) {
            return Optional.empty();
        }
        boolean isIntended = switch (source.scope()) {
            case PREFIXED -> ours;
            case SIMILAR -> ours || isSimilarToAny(plain, known);
            case ALL -> true;
        };
        return isIntended
                ? Optional.of(name + " in " + source.description()
                        + " is not a setting and is ignored; the nearest one is "
                        + (prefixed ? SettingSources.PREFIX : "") + nearest(plain, known))
                : Optional.empty();
    }

    /** Compares names of similar length only. All comparisons would take 0.1 s of a start, mostly without a result. */
    private static boolean isSimilarToAny(String name, List<String> known) {
        return known.stream()
                .anyMatch(setting -> name.equals(setting + SettingSources.FILE_SUFFIX)
                        || (Math.abs(name.length() - setting.length()) <= MAX_TYPOS
                                && EditDistance.between(name, setting) <= MAX_TYPOS));
    }

    private static String nearest(String name, List<String> known) {
        String withoutFile = name.endsWith(SettingSources.FILE_SUFFIX)
                ? name.substring(0, name.length() - SettingSources.FILE_SUFFIX.length())
                : name;
        return known.contains(withoutFile)
                ? withoutFile // only secrets have a name with the suffix _FILE
                : known.stream()
                        .min(Comparator.comparingInt(setting -> EditDistance.between(name, setting)))
                        .orElseThrow();
    }
}
