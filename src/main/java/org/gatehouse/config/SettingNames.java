package org.gatehouse.config;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.config.SettingSources.Source;

/** Finds names that an operator meant as a setting, and that no setting has. */
final class SettingNames {
    /** Which names of a source are meant for Gatehouse. */
    enum Judged {
        /** Those with the prefix, because the source is shared with all that runs on the machine. */
        PREFIXED,
        /** The same, and those that differ from a setting's name by at most {@value #NEAR} letters. */
        NEAR_MISSES,
        /** All, because the source belongs to Gatehouse alone. */
        ALL
    }

    /** A letter that is missing, added, wrong, or exchanged with the next one counts as one; most typing errors have one. */
    private static final int NEAR = 2;

    /** Kubernetes describes each Service to each container; one called "gatehouse" must not look like settings. */
    private static final Pattern OF_KUBERNETES =
            Pattern.compile("GATEHOUSE_(SERVICE_(HOST|PORT)(_.+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");

    private static final String SERVICE_HOST = "GATEHOUSE_SERVICE_HOST";

    private SettingNames() {}

    static Stream<String> mistypedIn(Source source) {
        List<String> known = known();
        boolean describedByKubernetes = source.names().contains(SERVICE_HOST);
        return source.names().stream()
                .filter(name ->
                        !(describedByKubernetes && OF_KUBERNETES.matcher(name).matches()))
                .filter(name -> source.find(name).isPresent())
                .sorted()
                .flatMap(name -> mistyped(name, source, known).stream());
    }

    /** Every name that is read, without the prefix. */
    static List<String> known() {
        return Settings.catalogue().stream()
                .flatMap(setting -> setting.secret()
                        ? Stream.of(setting.name(), setting.name() + SettingSources.FILE_SUFFIX)
                        : Stream.of(setting.name()))
                .toList();
    }

    private static Optional<String> mistyped(String name, Source source, List<String> known) {
        String upper = name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
        boolean prefixed = upper.startsWith(SettingSources.PREFIX);
        String plain = prefixed ? upper.substring(SettingSources.PREFIX.length()) : upper;
        // System properties such as gatehouse.test.port belong to whatever reads them.
        boolean ours =
                prefixed && name.regionMatches(true, 0, SettingSources.PREFIX, 0, SettingSources.PREFIX.length());
        String exact = prefixed ? SettingSources.PREFIX + plain : plain;
        if (name.equals(exact) && known.contains(plain)) {
            return Optional.empty();
        }
        String nearest = nearest(plain, known);
        boolean meant = switch (source.judged()) {
            case PREFIXED -> ours;
            case NEAR_MISSES ->
                ours
                        || EditDistance.between(plain, nearest) <= NEAR
                        || plain.equals(nearest + SettingSources.FILE_SUFFIX);
            case ALL -> true;
        };
        return meant
                ? Optional.of(
                        name + " in " + source.description() + " is not a setting and is ignored; the nearest one is "
                                + (prefixed ? SettingSources.PREFIX : "") + nearest)
                : Optional.empty();
    }

    private static String nearest(String name, List<String> known) {
        String withoutFile = name.endsWith(SettingSources.FILE_SUFFIX)
                ? name.substring(0, name.length() - SettingSources.FILE_SUFFIX.length())
                : name;
        return known.contains(withoutFile)
                ? withoutFile // only secrets are read from files
                : known.stream()
                        .min(Comparator.comparingInt(setting -> EditDistance.between(name, setting)))
                        .orElseThrow();
    }
}
