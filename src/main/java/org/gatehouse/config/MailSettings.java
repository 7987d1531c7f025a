package org.gatehouse.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of mails.
 *
 * @param templates the directory with templates that replace the built-in ones; null if there is none
 * @param notices the notices that users get
 */
public record MailSettings(
        SmtpUrl smtp,
        MailFrom from,
        @Nullable Path templates,
        MailLinks links,
        Set<Notice> notices,
        ProofExpiry expiry) {
    private static final String NO_NOTICE = "none";

    /** An event about which a user gets a mail. */
    public enum Notice {
        /** The password was changed. */
        PASSWORD,
        /** The address was changed. */
        EMAIL,
        /** A login came from a new device. */
        DEVICE,
        /** A second factor was added or removed, or a recovery code was used, or a passkey may have been copied. */
        FACTOR
    }

    /** The lifetimes of the proofs in mails. */
    public record ProofExpiry(
            Duration reset, Duration change, Duration verification, Duration invitation, Duration undo) {}

    /** Reads all settings of mails, so that invalid values are reported; returns null without {@code SMTP_URL}. */
    static @Nullable MailSettings from(SettingsReader reader, @Nullable PublicUrl publicUrl) {
        SmtpUrl smtp = reader.optional(SettingCatalog.SMTP_URL);
        MailFrom from = reader.optional(SettingCatalog.MAIL_FROM);
        Path templates = reader.optional(SettingCatalog.MAIL_TEMPLATES);
        MailLinks links = reader.optional(SettingCatalog.MAIL_LINKS);
        Set<Notice> notices = reader.withDefault(SettingCatalog.MAIL_NOTICES);
        ProofExpiry expiry = new ProofExpiry(
                Duration.ofMillis(reader.withDefault(SettingCatalog.PROOF_RESET_EXPIRY)),
                Duration.ofMillis(reader.withDefault(SettingCatalog.PROOF_CHANGE_EXPIRY)),
                Duration.ofMillis(reader.withDefault(SettingCatalog.PROOF_VERIFICATION_EXPIRY)),
                Duration.ofMillis(reader.withDefault(SettingCatalog.PROOF_INVITATION_EXPIRY)),
                Duration.ofMillis(reader.withDefault(SettingCatalog.PROOF_UNDO_EXPIRY)));
        if (smtp == null) {
            return null;
        }
        MailFrom sender = from == null ? MailFrom.ofUser(smtp.user()).orElse(null) : from;
        if (sender == null && reader.allRead(SettingCatalog.MAIL_FROM)) {
            reader.addProblem("MAIL_FROM is missing. SMTP_URL needs it, because its user is not an address.");
        }
        MailLinks pattern = links == null && publicUrl != null ? MailLinks.of(publicUrl) : links;
        if (pattern == null && reader.allRead(SettingCatalog.MAIL_LINKS, SettingCatalog.PUBLIC_URL)) {
            reader.addProblem("SMTP_URL needs PUBLIC_URL or MAIL_LINKS, because mails contain links.");
        }
        return sender == null || pattern == null
                ? null
                : new MailSettings(smtp, sender, templates, pattern, notices, expiry);
    }

    static Path parseDirectory(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException invalid) {
            throw new IllegalArgumentException("must be the path of a directory", invalid);
        }
    }

    /** Parses a comma-separated list of notices, or {@code none}. */
    static Set<Notice> parseNotices(String text) {
        Set<Notice> notices = EnumSet.noneOf(Notice.class);
        if (!text.equals(NO_NOTICE)) {
            for (String name : text.split(",", -1)) {
                notices.add(notice(name.strip()));
            }
        }
        return Collections.unmodifiableSet(notices);
    }

    private static Notice notice(String name) {
        return Arrays.stream(Notice.values())
                .filter(notice -> notice.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "must be none, or some of password, email, device and factor, separated by commas"));
    }
}
