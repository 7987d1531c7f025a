package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The installed Chromium. Collects what no page may do: errors of scripts, violations of the content security policy,
 * requests to other hosts, and scripts that run because text of a user was taken for HTML or code.
 *
 * <p>As a JUnit extension, it fails each test after which such a fault is found, and closes the browser after the class.
 */
final class Chromium implements AutoCloseable, AfterEachCallback, AfterAllCallback {
    private static final int TIMEOUT_MS = 60_000;

    /** Reports what {@link HostileTexts} do if one of them runs, and each violation. */
    private static final String HOOKS = """
            addEventListener("securitypolicyviolation", (event) =>
              reportFault("policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample), true);
            for (const name of ["alert", "prompt", "confirm", "print"]) {
              window[name] = (text) => reportFault("hostile text: " + name + " " + text);
            }
            Object.defineProperty(window, "xss", { set: (text) => reportFault("hostile text: " + text), get: () => 0 });
            """;

    private final Playwright playwright = Playwright.create();
    private final Browser browser = playwright
            .chromium()
            .launch(new BrowserType.LaunchOptions()
                    .setExecutablePath(Path.of(System.getProperty("gatehouse.browser", "/usr/bin/chromium")))
                    // Passkeys require a certificate without errors.
                    .setArgs(List.of("--ignore-certificate-errors")));
    private final List<String> faults = new CopyOnWriteArrayList<>();

    /** Opens an empty page of a new profile, with the language and the colors of the options. */
    Page open(String locale, ColorScheme colors, int width) {
        BrowserContext context = profile(new Browser.NewContextOptions()
                .setLocale(locale)
                .setColorScheme(colors)
                .setViewportSize(width, 800));
        // The event also tells about violations that the console does not show.
        context.exposeFunction("reportFault", fault -> faults.add(String.valueOf(fault[0])));
        context.addInitScript(HOOKS);
        context.onPage(this::watch);
        return context.newPage();
    }

    /** Opens an empty page of a new profile, in English, with light colors, 1280 pixels wide. */
    Page open() {
        return open("en", ColorScheme.LIGHT, 1280);
    }

    /** Opens a page of a new profile whose faults are not collected, such as a page of an attacker. */
    Page openUnwatched(boolean javaScript) {
        return profile(new Browser.NewContextOptions().setJavaScriptEnabled(javaScript))
                .newPage();
    }

    /** Opens another tab of the same profile. */
    Page another(Page page) {
        return page.context().newPage();
    }

    private BrowserContext profile(Browser.NewContextOptions options) {
        BrowserContext context = browser.newContext(options.setIgnoreHTTPSErrors(true));
        context.setDefaultTimeout(TIMEOUT_MS);
        context.setDefaultNavigationTimeout(TIMEOUT_MS);
        return context;
    }

    private void watch(Page page) {
        page.onPageError(error -> faults.add("script: " + error));
        page.onDialog(dialog -> {
            faults.add("dialog: " + dialog.message());
            dialog.dismiss();
        });
        page.onConsoleMessage(message -> {
            // A rejected call is no fault of a page.
            if (message.type().equals("error") && !message.text().startsWith("Failed to load resource")) {
                faults.add("console: " + message.text());
            }
        });
        page.onRequest(request -> {
            if (!request.url().matches("(https?://localhost[:/]|data:|blob:|about:).*")) {
                faults.add("request: " + request.url());
            }
        });
    }

    /** Closes all pages. Fails if a page did what no page may do. */
    void assertNoFaults() {
        List.copyOf(browser.contexts()).forEach(BrowserContext::close);
        List<String> collected = List.copyOf(faults);
        faults.clear();
        assertThat(collected).isEmpty();
    }

    @Override
    public void afterEach(ExtensionContext test) {
        assertNoFaults();
    }

    @Override
    public void afterAll(ExtensionContext tests) {
        close();
    }

    @Override
    public void close() {
        playwright.close();
    }
}
