package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Checks how screens look: with axe in light and dark, and on a narrow window. Keeps screenshots in
 * {@code target/screens}. {@link #assertFlawless} reports the flaws of all screens together.
 */
final class Inspection {
    private static final Path FOLDER = Path.of("target", "screens");
    private static final int WIDE = 1280;
    private static final int NARROW = 320;
    private static final int HEIGHT = 800;

    private final List<String> flaws = new ArrayList<>();

    /** Inspects the present state of a page in all forms, and leaves the page as it was. */
    void inspect(Page page, String name) {
        for (ColorScheme colors : List.of(ColorScheme.DARK, ColorScheme.LIGHT)) {
            page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(colors));
            analyze(page, name + ", " + colors);
            keep(page, name, colors.name().toLowerCase(Locale.ROOT));
        }
        page.setViewportSize(NARROW, HEIGHT);
        analyze(page, name + ", narrow");
        checkWidth(page, name);
        keep(page, name, "narrow");
        page.setViewportSize(WIDE, HEIGHT);
    }

    /** Inspects only what depends on the language: the texts, and whether they fit into a narrow window. */
    void inspectTexts(Page page, String name) {
        page.setViewportSize(NARROW, HEIGHT);
        analyze(page, name);
        checkWidth(page, name);
        keep(page, name, "narrow");
        page.setViewportSize(WIDE, HEIGHT);
    }

    private void analyze(Page page, String state) {
        new AxeBuilder(page)
                .setLegacyMode(true)
                .analyze()
                .getViolations()
                .forEach(violation -> violation
                        .getNodes()
                        .forEach(node -> flaws.add(state + ": " + violation.getId() + " " + node.getHtml() + " "
                                + node.getFailureSummary().replaceAll("\\s+", " "))));
    }

    private void checkWidth(Page page, String name) {
        int width = (Integer) page.evaluate("document.documentElement.scrollWidth");
        if (width > NARROW) {
            flaws.add(name + ": is " + width + " pixels wide in a window of " + NARROW + ", because of "
                    + page.evaluate(
                            "[...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroll > *')"
                                    + " && one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 120))"
                                    + ".slice(0, 3).join(' ')"));
        }
    }

    private static void keep(Page page, String name, String form) {
        page.screenshot(
                new Page.ScreenshotOptions().setFullPage(true).setPath(FOLDER.resolve(name + "-" + form + ".png")));
    }

    /** Fails if a screen had a flaw. */
    void assertFlawless() {
        assertThat(flaws).isEmpty();
    }
}
