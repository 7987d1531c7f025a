package org.gatehouse.mail;

import com.github.mustachejava.Binding;
import com.github.mustachejava.Code;
import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.DefaultMustacheVisitor;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.MustacheVisitor;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.reflect.AbstractObjectHandler;
import com.github.mustachejava.util.HtmlEscaper;
import com.github.mustachejava.util.Wrapper;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compiles Mustache templates that use only known names.
 *
 * <p>A template reads nothing but the entries of maps: no file, no method and no field. In HTML, every value is escaped.
 */
final class TemplateCompiler {
    private static final String ITEM = ".";

    private final Factory factory;

    private TemplateCompiler(Factory factory) {
        this.factory = factory;
    }

    static TemplateCompiler html(Set<String> names) {
        return new TemplateCompiler(new Factory(names, true));
    }

    static TemplateCompiler plainText(Set<String> names) {
        return new TemplateCompiler(new Factory(names, false));
    }

    /**
     * Compiles a template.
     *
     * @throws IllegalArgumentException if the template is invalid; the message is the reason
     */
    Mustache compile(String template) {
        try {
            return factory.compile(new StringReader(template), "template");
        } catch (MustacheException invalid) {
            throw new IllegalArgumentException("is not a valid template: " + invalid.getMessage(), invalid);
        }
    }

    /** Renders a template. A name without a value is empty. */
    static String render(Mustache template, Map<String, Object> values) {
        StringWriter writer = new StringWriter();
        template.execute(writer, values);
        return writer.toString();
    }

    private static final class Factory extends DefaultMustacheFactory {
        private final Set<String> names;
        private final boolean html;

        Factory(Set<String> names, boolean html) {
            super(file -> {
                throw new MustacheException("it must not include other files");
            });
            this.names = names;
            this.html = html;
            setObjectHandler(new MapHandler());
        }

        @Override
        public MustacheVisitor createMustacheVisitor() {
            return new Checker(this);
        }

        @Override
        public void encode(String value, Writer writer) {
            if (html) {
                HtmlEscaper.escape(value, writer);
                return;
            }
            try {
                writer.write(value);
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }

    /** Rejects unknown names, files and, in HTML, values that would not be escaped. */
    private static final class Checker extends DefaultMustacheVisitor {
        private final Factory factory;

        Checker(Factory factory) {
            super(factory);
            this.factory = factory;
        }

        @Override
        public void value(TemplateContext place, String name, boolean encoded) {
            requireKnown(place, name);
            if (factory.html && !encoded) {
                throw invalid(place, "it must not insert " + name + " without escaping; write {{" + name + "}}");
            }
            super.value(place, name, encoded);
        }

        @Override
        public void iterable(TemplateContext place, String name, Mustache content) {
            requireKnown(place, name);
            super.iterable(place, name, content);
        }

        @Override
        public void notIterable(TemplateContext place, String name, Mustache content) {
            requireKnown(place, name);
            super.notIterable(place, name, content);
        }

        @Override
        public void partial(TemplateContext place, String name, String indent) {
            throw noFiles(place);
        }

        @Override
        public void dynamicPartial(TemplateContext place, String name, String indent) {
            throw noFiles(place);
        }

        @Override
        public void extend(TemplateContext place, String name, Mustache content) {
            throw noFiles(place);
        }

        @Override
        public void name(TemplateContext place, String name, Mustache content) {
            throw noFiles(place);
        }

        @Override
        public void checkName(TemplateContext place, String name, Mustache content) {
            throw noFiles(place);
        }

        @Override
        public void pragma(TemplateContext place, String pragma, String arguments) {
            throw invalid(place, "it must not contain {{%");
        }

        private void requireKnown(TemplateContext place, String name) {
            if (!name.equals(ITEM) && !factory.names.contains(name)) {
                throw invalid(place, "it uses the unknown name " + name);
            }
        }

        private static MustacheException noFiles(TemplateContext place) {
            return invalid(place, "it must not include other files");
        }

        private static MustacheException invalid(TemplateContext place, String reason) {
            return new MustacheException(reason + " in line " + place.line());
        }
    }

    /** Finds values in the innermost map that has the name. */
    private static final class MapHandler extends AbstractObjectHandler {
        @Override
        public Wrapper find(String name, List<Object> scopes) {
            return current -> value(name, current);
        }

        @Override
        public Binding createBinding(String name, TemplateContext place, Code code) {
            return scopes -> value(name, scopes);
        }

        private static @Nullable Object value(String name, List<Object> scopes) {
            if (name.equals(ITEM)) {
                return scopes.get(scopes.size() - 1);
            }
            for (int i = scopes.size() - 1; i >= 0; i--) {
                if (scopes.get(i) instanceof Map<?, ?> map && map.containsKey(name)) {
                    return map.get(name);
                }
            }
            return null;
        }
    }
}
