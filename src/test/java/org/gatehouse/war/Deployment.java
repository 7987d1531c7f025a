package org.gatehouse.war;

import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A deployment of the WAR at one context path. Each deployment in a server has its own settings.
 *
 * @param contextPath {@code /name}, or empty for the root
 * @param settings settings that are set through JNDI in Tomcat, and through context parameters in Jetty
 * @param parameters settings that are set through context parameters in Tomcat; not used in Jetty
 */
public record Deployment(String contextPath, Map<String, String> settings, Map<String, String> parameters) {
    private static final String WAR = "/opt/gatehouse/gatehouse.war";

    public Deployment(String contextPath, Map<String, String> settings) {
        this(contextPath, settings, Map.of());
    }

    /**
     * Returns the name that a server uses for this deployment.
     *
     * @param root the name for the root context path
     */
    String name(String root) {
        return contextPath.isEmpty() ? root : contextPath.substring(1);
    }

    String forTomcat(String example) {
        String entries = settings.entrySet().stream()
                .map(setting -> "<Environment name=\"gatehouse/" + setting.getKey()
                        + "\" type=\"java.lang.String\" value=\"" + escaped(setting.getValue()) + "\"/>\n")
                .collect(Collectors.joining());
        String parameterEntries = parameters.entrySet().stream()
                .map(parameter -> "<Parameter name=\"" + parameter.getKey() + "\" value=\""
                        + escaped(parameter.getValue()) + "\"/>\n")
                .collect(Collectors.joining());
        return withWar(withoutSettings(example, "<Environment [^>]*/>"))
                .replace("</Context>", entries + parameterEntries + "</Context>");
    }

    String forJetty(String example) {
        String parameters = settings.entrySet().stream()
                .map(setting -> "<Call name=\"setInitParameter\"><Arg>GATEHOUSE_" + setting.getKey() + "</Arg><Arg>"
                        + escaped(setting.getValue()) + "</Arg></Call>\n")
                .collect(Collectors.joining());
        return withWar(withoutSettings(example, "<Call name=\"setInitParameter\">.*</Call>"))
                .replace(">/<", ">" + (contextPath.isEmpty() ? "/" : contextPath) + "<")
                .replace("</Configure>", parameters + "</Configure>");
    }

    private static String withoutSettings(String example, String pattern) {
        String without = Pattern.compile(pattern).matcher(example).replaceAll("");
        if (without.equals(example)) {
            throw new IllegalStateException("the example has no settings of this form: " + example);
        }
        return without;
    }

    private static String withWar(String example) {
        if (!example.contains(WAR)) {
            throw new IllegalStateException("the example does not name " + WAR);
        }
        return example.replace(WAR, WarServer.war().toAbsolutePath().toString());
    }

    private static String escaped(String value) {
        return value.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
}
