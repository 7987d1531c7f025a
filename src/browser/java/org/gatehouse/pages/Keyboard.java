package org.gatehouse.pages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.ElementHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.TimeoutError;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A user without a mouse. The user reaches a control only with the Tab key, and knows it by its accessible name, as a
 * screen reader says it.
 */
final class Keyboard {
    /** More presses than any page needs to pass all of its controls. */
    private static final int MAX_PRESSES = 250;

    /** More options than a list has. */
    private static final int MAX_OPTIONS = 50;

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /**
     * Returns the accessible name of the focused control, as far as the pages use the ways to give one. Headings have the
     * focus after a navigation, but they are not controls.
     */
    private static final String FOCUSED = """
            () => {
              const focused = document.activeElement;
              if (!focused || focused === document.body || focused.tabIndex < 0) return "";
              const byId = (ids) => ids.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
              const label = focused.getAttribute("aria-label")
                ?? (focused.hasAttribute("aria-labelledby") ? byId(focused.getAttribute("aria-labelledby")) : null)
                ?? [...(focused.labels ?? [])].map((one) => one.textContent).join(" ");
              return (label || focused.textContent || focused.title || "").replace(/\\s+/g, " ").trim();
            }""";

    private final Page page;

    Keyboard(Page page) {
        this.page = page;
    }

    /** Opens an address, as a user does who types it or follows a link in a mail. */
    Keyboard open(String address) {
        page.navigate(address);
        return this;
    }

    /** Presses Tab until the control with this name has the focus. */
    Keyboard to(String name) {
        return to(name, name::equals);
    }

    /** Presses Tab until a control whose name begins with this text has the focus. */
    Keyboard toFirst(String beginning) {
        return to(beginning + "…", name -> name.startsWith(beginning));
    }

    private Keyboard to(String wanted, Predicate<String> name) {
        Set<String> passed = new LinkedHashSet<>();
        try {
            await().pollInSameThread()
                    .atMost(TIMEOUT)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> reaches(name, passed));
        } catch (ConditionTimeoutException missing) {
            throw new AssertionError(
                    "\"" + wanted + "\" is not a control of " + page.url() + " " + text() + " " + passed, missing);
        }
        return this;
    }

    private boolean reaches(Predicate<String> name, Set<String> passed) {
        int marks = 0;
        for (int press = 0; press < MAX_PRESSES; press++) {
            String focused = focused();
            if (name.test(focused)) {
                return true;
            }
            // The body has the focus between the last control and the first one.
            marks += focused.isEmpty() ? 1 : 0;
            if (marks > 3) {
                return false;
            }
            passed.add(focused);
            page.keyboard().press("Tab");
        }
        return false;
    }

    /** Returns the accessible name of the focused control; the empty string if there is none. */
    String focused() {
        return String.valueOf(page.evaluate(FOCUSED));
    }

    Keyboard press(String key) {
        page.keyboard().press(key);
        return this;
    }

    /** Replaces the text of the field with this name. */
    Keyboard type(String field, String text) {
        to(field).press("ControlOrMeta+A");
        page.keyboard().type(text);
        return this;
    }

    /** Selects the option with this text in the list with this name. */
    Keyboard choose(String field, String option) {
        to(field).press("Home");
        for (int press = 0; press < MAX_OPTIONS && !selected().startsWith(option); press++) {
            press("ArrowDown");
        }
        assertThat(selected()).startsWith(option);
        return this;
    }

    private String selected() {
        return String.valueOf(page.evaluate("document.activeElement.selectedOptions[0]?.textContent ?? ''"));
    }

    /** Checks the box with this name, or removes the check. */
    Keyboard toggle(String box) {
        return to(box).press("Space");
    }

    /** Chooses a file in the field with this name. The dialog of the system is not part of the page. */
    Keyboard chooseFile(String field, Path file) {
        to(field);
        ElementHandle focused = page.evaluateHandle("document.activeElement").asElement();
        focused.setInputFiles(file);
        return this;
    }

    /** Presses the button or follows the link with this name. */
    Keyboard activate(String name) {
        return to(name).press("Enter");
    }

    /** Presses the button or follows the link whose name begins with this text. */
    Keyboard activateFirst(String beginning) {
        return toFirst(beginning).press("Enter");
    }

    /** Waits until the page shows this text. */
    Keyboard sees(String text) {
        return awaitVisible(page.getByText(text), text);
    }

    /** Waits until the heading of the page is this text. */
    Keyboard on(String heading) {
        return awaitVisible(page.locator("h1", new Page.LocatorOptions().setHasText(heading)), heading);
    }

    /** Waits until a dialog with this heading is open. */
    Keyboard inDialog(String heading) {
        return awaitVisible(page.locator("dialog h2", new Page.LocatorOptions().setHasText(heading)), heading);
    }

    private Keyboard awaitVisible(Locator locator, String text) {
        try {
            locator.filter(new Locator.FilterOptions().setVisible(true))
                    .first()
                    .waitFor(new Locator.WaitForOptions().setTimeout(TIMEOUT.toMillis()));
        } catch (TimeoutError missing) {
            throw new AssertionError("\"" + text + "\" is not shown at " + page.url() + ": " + text(), missing);
        }
        return this;
    }

    /** Returns the visible text of the page. */
    String text() {
        return page.locator("body").innerText();
    }
}
