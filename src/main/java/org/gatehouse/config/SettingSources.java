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
import org.gatehouse.config.SettingNames.Scope;
import org.jspecify.annotations.Nullable;

/**
 * The sources of settings. The first source with a value is used: system property, environment, JNDI, servlet context
 * parameter, {@code .env} in the working directory. An empty value counts as missing.
 *
 * <p>A name may have the prefix {@code GATEHOUSE_}. All sources are searched for the prefixed name before the plain
 * name, because a plain {@code DB_HOST} on a shared server may belong to another application.
 */
public final class SettingSources {
    static final String PREFIX = "GATEHOUSE_";
    static final String FILE_SUFFIX = "_FILE";

    private static final String JNDI_FOLDER = "java:comp/env/gatehouse";

    /**
     * A source of settings.
     *
     * @param description the name of the source in messages
     * @param scope the names that are checked for typing errors
     * @param names the names of all values in the source
     * @param values returns the value of a name; null if there is none
     */
    record Source(String description, Scope scope, Set<String> names, Function<String, @Nullable String> values) {
        static Source of(String description, Scope scope, Map<String, String> values) {
            return new Source(description, scope, values.keySet(), values::get);
        }

        Optional<String> find(String name) {
            return Optional.ofNullable(values.apply(name)).map(String::strip).filter(text -> !text.isEmpty());
        }
    }

    /** A value, which may be secret, and the description of its source. */
    record Found(String value, String source) {}

    private final List<Source> sources;
    private final List<String> problems;

    SettingSources(List<Source> sources, List<String> problems) {
        this.sources = List.copyOf(sources);
        this.problems = List.copyOf(problems);
    }

    /** Returns the sources of a deployed web application. */
    public static SettingSources of(ServletContext context) {
        List<Source> sources = new ArrayList<>(ofProcess());
        sources.add(new Source("JNDI", Scope.ALL, jndiNames(), SettingSources::jndiValue));
        sources.add(new Source(
                "the servlet context parameters",
                Scope.SIMILAR,
                Set.copyOf(Collections.list(context.getInitParameterNames())),
                context::getInitParameter));
        return withDotEnv(sources);
    }

    /** Returns the sources that exist before deployment: all except JNDI and servlet context parameters. */
    public static SettingSources beforeDeployment() {
        return withDotEnv(ofProcess());
    }

    /** Returns sources with these settings, for tests. */
    public static SettingSources of(Map<String, String> settings) {
        return new SettingSources(List.of(Source.of("the test", Scope.ALL, settings)), List.of());
    }

    private static List<Source> ofProcess() {
        return List.of(
                new Source(
                        "the system properties",
                        Scope.PREFIXED,
                        System.getProperties().stringPropertyNames(),
                        System::getProperty),
                new Source("the environment", Scope.PREFIXED, System.getenv().keySet(), System::getenv));
    }

    private static SettingSources withDotEnv(List<Source> others) {
        DotEnv dotEnv = DotEnv.read(Path.of(".env"));
        return new SettingSources(
                Stream.concat(others.stream(), Stream.of(Source.of(".env", Scope.ALL, dotEnv.values())))
                        .toList(),
                dotEnv.problems());
    }

    /** Returns the value of the prefixed or the plain name; empty if no source has a value. */
    public Optional<String> find(String name) {
        return locate(name).map(Found::value);
    }

    /** Returns the value that {@link #find} returns, and the source that has it. */
    Optional<Found> locate(String name) {
        return found(PREFIX + name).or(() -> found(name));
    }

    /** Returns the problems with the sources. A problem may be the reason why a setting seems to be missing. */
    public List<String> problems() {
        return problems;
    }

    /** Returns one sentence for each misspelled name. Sentences do not contain values. */
    public List<String> mistypedNames() {
        return sources.stream().flatMap(SettingNames::mistypedIn).toList();
    }

    private Optional<Found> found(String name) {
        return sources.stream()
                .flatMap(source -> source.find(name).map(value -> new Found(value, source.description())).stream())
                .findFirst();
    }

    @SuppressWarnings("BanJNDI") // looks up only names of the catalog, below java:comp
    private static @Nullable String jndiValue(String name) {
        try {
            Object value = InitialContext.<@Nullable Object>doLookup(JNDI_FOLDER + "/" + name);
            return value == null ? null : value.toString();
        } catch (NamingException absent) {
            return null;
        }
    }

    @SuppressWarnings("BanJNDI") // the name is a constant
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
