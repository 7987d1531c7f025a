package org.gatehouse.dev;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Shows the mails that {@link EmbeddedSmtp} has received: as a page at {@code /dev/mail}, and as JSON at
 * {@code /dev/mail.json} or if the client accepts only JSON. The parameter {@code to} selects the mails to one address.
 * {@code /dev/mail/{number}.html} is the HTML part of a mail, and {@code /dev/mail/{number}.eml} its source.
 */
final class MailServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    private static final Pattern FILE = Pattern.compile("/([1-9][0-9]{0,8})\\.(html|eml)");

    /** A link in a text, without the punctuation that follows it. */
    private static final Pattern LINK = Pattern.compile("https?://[^\\s<>\"]*[^\\s<>\".,;:!?')\\]]");

    private static final ObjectMapper mapper = new ObjectMapper();

    private static final String PAGE = """
            <!DOCTYPE html>
            <html lang="en">
              <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>Mails</title>
                <style>
                  :root { color-scheme: light dark; }
                  body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
                  article { margin: 1rem 0; padding: 1rem; border: 1px solid #8888; border-radius: 0.5rem; }
                  h2 { margin: 0; font-size: 1.1rem; }
                  pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
                </style>
              </head>
              <body>
                <h1>Mails</h1>
                <p>The newest mails that this server has received. <a href="?">Reload</a>,
                  or read them as <a href="%s">JSON</a>.</p>
            %s
              </body>
            </html>
            """;

    private static final String ARTICLE = """
                <article>
                  <h2>%s</h2>
                  <p>To %s, from %s, %s%s</p>
                  <pre>%s</pre>
                  <p>%s<a href="%s">Source</a></p>
                </article>
            """;

    private final transient EmbeddedSmtp smtp;

    MailServlet(EmbeddedSmtp smtp) {
        this.smtp = smtp;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        @Nullable String path = request.getPathInfo();
        if (path != null && !path.equals("/")) {
            sendFile(path, response);
            return;
        }
        @Nullable String to = request.getParameter("to");
        List<ReceivedMail> mails = smtp.mails().stream()
                .filter(mail -> to == null || mail.to().equalsIgnoreCase(to))
                .toList();
        if (request.getServletPath().endsWith(".json") || acceptsOnlyJson(request)) {
            send(response, "application/json", mapper.writeValueAsBytes(mails));
            return;
        }
        response.setHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        send(response, "text/html;charset=utf-8", page(mails, request.getContextPath() + "/dev/mail"));
    }

    private void sendFile(String path, HttpServletResponse response) throws IOException {
        Matcher file = FILE.matcher(path);
        @Nullable
        ReceivedMail mail =
                file.matches() ? smtp.mail(Integer.parseInt(file.group(1))).orElse(null) : null;
        boolean isSource = path.endsWith(".eml");
        if (mail == null || (!isSource && mail.html() == null)) {
            response.setStatus(HttpServletResponse.SC_NOT_FOUND);
            send(response, "text/plain;charset=utf-8", "There is no such mail.\n");
        } else if (isSource) {
            // Browsers show plain text instead of saving a file.
            send(response, "text/plain;charset=utf-8", mail.source());
        } else {
            // As in a mail program: without scripts, forms and remote content. Links open outside of the sandbox.
            response.setHeader(
                    "Content-Security-Policy",
                    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
                            + " style-src 'unsafe-inline'; img-src data:");
            send(response, "text/html;charset=utf-8", String.valueOf(mail.html()));
        }
    }

    private static boolean acceptsOnlyJson(HttpServletRequest request) {
        @Nullable String accept = request.getHeader("Accept");
        return accept != null && accept.contains("application/json") && !accept.contains("text/html");
    }

    private static void send(HttpServletResponse response, String type, String body) throws IOException {
        send(response, type, body.getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpServletResponse response, String type, byte[] body) throws IOException {
        response.setContentType(type);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private static String page(List<ReceivedMail> mails, String path) {
        String articles = mails.stream().map(mail -> article(mail, path)).collect(Collectors.joining());
        return PAGE.formatted(escape(path + ".json"), articles.isEmpty() ? "    <p>There are none.</p>\n" : articles);
    }

    private static String article(ReceivedMail mail, String path) {
        String file = escape(path) + "/" + mail.number();
        return ARTICLE.formatted(
                escape(mail.subject()),
                escape(mail.to()),
                escape(mail.from()),
                mail.receivedAt(),
                mail.kind() == null ? "" : ", kind <code>" + escape(mail.kind()) + "</code>",
                mail.text() == null ? "" : withLinks(mail.text()),
                mail.html() == null ? "" : "<a href=\"" + file + ".html\">HTML part</a> · ",
                file + ".eml");
    }

    private static String withLinks(String text) {
        StringBuilder html = new StringBuilder();
        int end = 0;
        for (MatchResult link : LINK.matcher(text).results().toList()) {
            String url = escape(link.group());
            html.append(escape(text.substring(end, link.start())));
            html.append("<a href=\"").append(url).append("\">").append(url).append("</a>");
            end = link.end();
        }
        return html.append(escape(text.substring(end))).toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
