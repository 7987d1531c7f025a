package org.gatehouse.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A setting as this node uses it since its start, for operators. No part of it is secret.
 *
 * @param value the value in force; null if there is none, or if it must not be shown. The addresses of stores and of
 *     the mail server have neither credentials nor options
 * @param defaultText the default; null if there is none
 * @param secret whether the complete value must not be shown
 * @param set whether a source has a value
 * @param source where the value in force comes from; null if there is none
 */
public record EffectiveSetting(
        String name,
        @Nullable String value,
        @JsonProperty("default") @Nullable String defaultText,
        boolean secret,
        boolean set,
        @Nullable String source,
        String description) {
    private static final String OF_CATALOG = "the default";

    /** The secrets that contain the address of a server. */
    private static final Set<Setting<?>> ADDRESSES =
            Set.of(SettingCatalog.DB_HOST, SettingCatalog.REDIS_URL, SettingCatalog.SMTP_URL);

    /** The scheme and the hosts of an address whose credentials are encoded, as all three parsers require. */
    private static final Pattern ADDRESS =
            Pattern.compile("([a-z+-]+://)(?:[^@/?#]*@)?([^@/?#]+(?:/[A-Za-z0-9_-]*)?)(?:[/?#][^@]*)?");

    private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^\\s,/?#]*@");

    /**
     * A default that follows from another setting.
     *
     * @param origin the name of the other setting
     */
    record Derived(String value, String origin) {}

    static EffectiveSetting of(Setting<?> setting, SettingSources.Found found, String text) {
        return new EffectiveSetting(
                setting.name(),
                setting.secret() ? address(setting, text) : withoutCredentials(text),
                setting.defaultText(),
                setting.secret(),
                true,
                found.source(),
                setting.description());
    }

    static EffectiveSetting ofDefault(Setting<?> setting, @Nullable Derived derived) {
        String value = derived == null ? setting.defaultText() : derived.value();
        String source = derived == null ? OF_CATALOG : OF_CATALOG + " that follows from " + derived.origin();
        return new EffectiveSetting(
                setting.name(),
                value == null ? null : withoutCredentials(value),
                setting.defaultText(),
                setting.secret(),
                false,
                value == null ? null : source,
                setting.description());
    }

    /** Returns the scheme and the hosts; null if the setting is not an address, or if its form is unknown. */
    private static @Nullable String address(Setting<?> setting, String text) {
        Matcher address = ADDRESS.matcher(text);
        return ADDRESSES.contains(setting) && address.matches() ? address.group(1) + address.group(2) : null;
    }

    /** Removes the user info of addresses, because an operator may have written a password into any address. */
    private static String withoutCredentials(String text) {
        return USER_INFO.matcher(text).replaceAll("");
    }
}
