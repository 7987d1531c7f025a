package org.gatehouse.pages;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Uses a page in the language of the browser. The keys of texts are those of {@code text.en.js}. */
final class Reader {
    private static final String TEXT = """
            ([key, values]) => import(new URL(document.querySelector("script").src).href.replace(/[^/]*$/, "text.js"))
              .then(({ t }) => t(key, values))""";

    private final Page page;

    Reader(Page page) {
        this.page = page;
    }

    Page page() {
        return page;
    }

    /** Returns a text as the page shows it. */
    String text(String key, Object... values) {
        Map<String, Object> named = new HashMap<>();
        for (int i = 0; i < values.length; i += 2) {
            named.put(String.valueOf(values[i]), values[i + 1]);
        }
        return String.valueOf(page.evaluate(TEXT, List.of(key, named)));
    }

    /** Opens an address, and waits for its heading. */
    Reader open(String address) {
        page.navigate("about:blank");
        page.navigate(address);
        page.locator("h1").waitFor();
        return this;
    }

    /** Enters a text into the field with this label; in the dialog, if one is open. */
    Reader enter(String label, String text) {
        area().getByLabel(text(label), new Locator.GetByLabelOptions().setExact(true))
                .first()
                .fill(text);
        return this;
    }

    /** Presses a button or link with this name, or with a name that begins with this text. */
    Reader press(String name, Object... values) {
        String text = text(name, values).replaceFirst("\\{.*", "");
        Locator buttons = area().getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(text))
                .or(area().getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName(text)));
        buttons.last().click();
        return this;
    }

    /** Waits until the page shows a text. */
    Reader sees(String key, Object... values) {
        String text = text(key, values).replaceFirst("\\{.*", "");
        page.getByText(text)
                .filter(new Locator.FilterOptions().setVisible(true))
                .first()
                .waitFor();
        return this;
    }

    /** Waits until a part of the page is visible. */
    Reader awaits(String selector) {
        page.locator(selector).first().waitFor();
        return this;
    }

    private Locator area() {
        Locator dialog = page.locator("dialog[open]");
        return dialog.count() > 0 ? dialog.last() : page.locator("body");
    }
}
