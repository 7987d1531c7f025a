package org.gatehouse.config;

import jakarta.servlet.ServletContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.naming.InitialContext;
import javax.naming.NameClassPair;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import org.gatehouse.config.SettingNames.Judged;
import org.jspecify.annotations.Nullable;

/**
 * Where settings come from. First found wins: system property, environment, JNDI, servlet context parameter,
 * {@code .env} in the working directory. An empty value is none, so a later source may have one.
 *
 * <p>A name may be prefixed {@code GATEHOUSE_}. The prefixed name is looked for in all sources before the plain one,
 * because it can only mean us: on a server shared with other applications a plain {@code DB_HOST} in the environment
 * may belong to another one.
 */
public final class SettingSources {
    static final String PREFIX = "GATEHOUSE_";
    static final String FILE_SUFFIX = "_FILE";

    private static final String JNDI_FOLDER = "java:comp/env/gatehouse";

    /**
     * One place that settings come from.
     *
     * @param description what the place is called in a message
     * @param judged which of its names are meant for Gatehouse
     * @param names those that it has
     * @param values the value of a name; null when it has none
     */
    record Source(String description, Judged judged, Set<String> names, Function<String, @Nullable String> values) {
        static Source of(String description, Judged judged, Map<String, String> values) {
            return new Source(description, judged, values.keySet(), values::get);
        }

        Optional<String> find(String name) {
            return Optional.ofNullable(values.apply(name)).map(String::strip).filter(text -> !text.isEmpty());
        }
    }

    private final List<Source> sources;
    private final List<String> problems;

    SettingSources(List<Source> sources, List<String> problems) {
        this.sources = List.copyOf(sources);
        this.problems = List.copyOf(problems);
    }

    /** The sources of a deployed web application. */
    public static SettingSources of(ServletContext context) {
        List<Source> sources = new ArrayList<>(ofProcess());
        sources.add(new Source("JNDI", Judged.ALL, jndiNames(), SettingSources::jndiValue));
        sources.add(new Source(
                "the servlet context parameters",
                Judged.NEAR_MISSES,
                Set.copyOf(Collections.list(context.getInitParameterNames())),
                context::getInitParameter));
        return withDotEnv(sources);
    }

    /** The sources that are there before any web application is: without JNDI and servlet context parameters. */
    public static SettingSources beforeDeployment() {
        return withDotEnv(ofProcess());
    }

    /** Settings given as they are, for tests. */
    public static SettingSources of(Map<String, String> settings) {
        return new SettingSources(List.of(Source.of("the test", Judged.ALL, settings)), List.of());
    }

    private static List<Source> ofProcess() {
        return List.of(
                new Source(
                        "the system properties",
                        Judged.PREFIXED,
                        System.getProperties().stringPropertyNames(),
                        System::getProperty),
                new Source("the environment", Judged.PREFIXED, System.getenv().keySet(), System::getenv));
    }

    private static SettingSources withDotEnv(List<Source> others) {
        DotEnv dotEnv = DotEnv.read(Path.of(".env"));
        return new SettingSources(
                Stream.concat(others.stream(), Stream.of(Source.of(".env", Judged.ALL, dotEnv.values())))
                        .toList(),
                dotEnv.problems());
    }

    /** The value under the prefixed or the plain name; empty when no source has it, or all have it empty. */
    public Optional<String> find(String name) {
        return value(PREFIX + name).or(() -> value(name));
    }

    /** Whether the setting is given, by itself or as a file. */
    public boolean has(String name) {
        return find(name).isPresent() || find(name + FILE_SUFFIX).isPresent();
    }

    /** What is wrong with the sources themselves, so that settings may be missing which the operator has set. */
    public List<String> problems() {
        return problems;
    }

    /** One sentence for each name that is meant as a setting and is none; never a value. */
    public List<String> mistypedNames() {
        return sources.stream().flatMap(SettingNames::mistypedIn).toList();
    }

    private Optional<String> value(String name) {
        return sources.stream().flatMap(source -> source.find(name).stream()).findFirst();
    }

    @SuppressWarnings("BanJNDI") // only names of the catalogue, under the application's own java:comp
    private static @Nullable String jndiValue(String name) {
        try {
            Object value = InitialContext.<@Nullable Object>doLookup(JNDI_FOLDER + "/" + name);
            return value == null ? null : value.toString();
        } catch (NamingException absent) {
            return null;
        }
    }

    @SuppressWarnings("BanJNDI") // a constant name
    private static Set<String> jndiNames() {
        try {
            NamingEnumeration<NameClassPair> entries = new InitialContext().list(JNDI_FOLDER);
            Set<String> names = new HashSet<>();
            while (entries.hasMore()) {
                names.add(entries.next().getName());
            }
            return names;
        } catch (NamingException absent) {
            return Set.of();
        }
    }
}
