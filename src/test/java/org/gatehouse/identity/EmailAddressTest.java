package org.gatehouse.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmailAddressTest {
    private static final String LABEL = "a".repeat(63);

    @ParameterizedTest
    @CsvSource({
        "bob@example.com, bob@example.com",
        "Bob@EXAMPLE.com, bob@example.com",
        "b.o.b@example.com, b.o.b@example.com",
        "bob+news@example.com, bob+news@example.com",
        "o'neil_1-2/3=4@example.com, o'neil_1-2/3=4@example.com",
        "!#$%&'*+/?^_`{|}~-@example.com, !#$%&'*+/?^_`{|}~-@example.com",
        "bob@sub.123.example, bob@sub.123.example",
        "bob@1.example, bob@1.example",
        "bob@a--b.example, bob@a--b.example",
        "BOB@XN--BCHER-KVA.example, bob@xn--bcher-kva.example",
        "bob@b\u00fccher.example, bob@xn--bcher-kva.example",
        "bob@B\u00dcCHER.example, bob@xn--bcher-kva.example",
        "bob@bu\u0308cher.example, bob@xn--bcher-kva.example", // a letter and a combining diaeresis
        "bob@xn--strae-oqa.example, bob@xn--strae-oqa.example", // the ASCII form of a name with a sharp s
        "bob@\u4f8b\u3048.\u30c6\u30b9\u30c8, bob@xn--r8jz45g.xn--zckzah",
        "bob@\u4f8b\u3048\u3002\u30c6\u30b9\u30c8, bob@xn--r8jz45g.xn--zckzah", // an ideographic full stop
        "bob@\uff45\uff58ample\uff0e\uff43\uff4f\uff4d, bob@example.com", // full-width letters and a full-width dot
        "bob@\u05d0\u05d1\u05d2.example, bob@xn--4dbcd.example",
        "J\u00dcRGEN@example.com, j\u00fcrgen@example.com",
        "ju\u0308rgen@example.com, j\u00fcrgen@example.com",
        "\u03a3\u03a9\u03a3@example.com, \u03c3\u03c9\u03c3@example.com",
        "\u03c3\u03c9\u03c2@example.com, \u03c3\u03c9\u03c3@example.com", // a final sigma
        "stra\u00dfe@example.com, stra\u00dfe@example.com",
        "\u0131@example.com, \u0131@example.com", // a dotless i is a different letter than i
        "\u0130@example.com, \u0130@example.com",
        "\u017f@example.com, \u017f@example.com", // a long s is a different letter than s
        "\uff42\uff4f\uff42@example.com, \uff42\uff4f\uff42@example.com", // full-width letters are different letters
        "\ud835\udd04\ud800\udf80@example.com, \ud835\udd04\ud800\udf80@example.com",
        "\u0645\u062b\u0627\u0644@example.com, \u0645\u062b\u0627\u0644@example.com",
    })
    void hasOneCanonicalFormForEverySpelling(String typed, String canonical) {
        EmailAddress address = EmailAddress.parse(typed).orElseThrow();

        assertThat(address.canonical()).isEqualTo(canonical);
        assertThat(address.typed()).isEqualTo(typed);
        assertThat(EmailAddress.violation(typed)).isEmpty();
        assertThat(EmailAddress.parse(canonical))
                .as("the canonical form is an address")
                .hasValue(address);
        assertThat(EmailAddress.parse(address.mailbox()))
                .as("the mailbox is the address")
                .hasValue(address);
        assertThat(address.domain()).isASCII();
    }

    @ParameterizedTest
    @CsvSource({
        "b.ob@example.com, bob@example.com",
        "bob+a@example.com, bob@example.com",
        "\u0131@example.com, i@example.com",
        "\u0130@example.com, i@example.com",
        "\u017fam@example.com, sam@example.com",
        "stra\u00dfe@example.com, strasse@example.com",
        "\uff42ob@example.com, bob@example.com",
        "bob@xn--strae-oqa.example, bob@strasse.example",
        "b\u043eb@example.com, bob@example.com", // a Cyrillic letter
    })
    void differsFromAnAddressWithAnotherMailbox(String one, String other) {
        assertThat(EmailAddress.parse(one).orElseThrow())
                .isNotEqualTo(EmailAddress.parse(other).orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "@",
                "bob",
                "bob@",
                "@example.com",
                "bob@example",
                "bob@localhost",
                "bob@.example.com",
                "bob@example..com",
                "bob@example.com.",
                "bob@example.com\u3002",
                "bob@-a.example",
                "bob@a-.example",
                "bob@a_b.example",
                "bob@a b.example",
                "bob@exa%6dple.com",
                "bob@[192.0.2.1]",
                "bob@[IPv6:2001:db8::1]",
                "bob@192.0.2.1",
                "bob@192.0.2.0x1",
                "bob@example.123",
                "bob@example.com:25",
                "bob@example.com/x",
                "bob@example.com>",
                "bob@@example.com",
                "bob@x@example.com",
                ".bob@example.com",
                "bob.@example.com",
                "b..ob@example.com",
                "b ob@example.com",
                " bob@example.com",
                "bob@example.com ",
                "bob @example.com",
                "\"bob\"@example.com",
                "\"b ob\"@example.com",
                "b\\ob@example.com",
                "bob(comment)@example.com",
                "bob@(comment)example.com",
                "bob@example.com(comment)",
                "Bob <bob@example.com>",
                "<bob@example.com>",
                "bob@example.com,eve@example.com",
                "bob;eve@example.com",
                "group:bob@example.com;",
                "mailto:bob@example.com",
                "bob%example.org:x@example.com",
                "@relay.example:bob@example.com",
                "=?utf-8?q?bob?=@example.com",
                "=?UTF-8?B?Ym9iDQpCY2M6eA==?=@example.com",
                "bob\r\nBcc: eve@example.com",
                "bob@example.com\r\nBcc: eve@example.org",
                "bob\n@example.com",
                "bob@example.com\n",
                "bob\u0000@example.com",
                "bob@example\u0000.com",
                "bob\t@example.com",
                "bob\u007f@example.com",
                "bob\u0085@example.com",
                "bob\u00a0@example.com",
                "bob\u2028@example.com",
                "bob\u00ad@example.com", // a soft hyphen
                "bob\u200b@example.com",
                "bob\u200d@example.com",
                "bob\u2060@example.com",
                "bob\ufeff@example.com",
                "bob\u202e@example.com", // bidirectional controls
                "\u2066bob\u2069@example.com",
                "bob\u034f@example.com",
                "bob\u3164@example.com", // a letter that is not visible
                "bob\ufe0f@example.com",
                "\u0301bob@example.com", // a mark without a letter
                "bob.\u0301@example.com",
                "bob\ud83d\ude00@example.com",
                "bob\uff20example.com", // a full-width at sign
                "bob\ufe6b@example.com",
                "\ud800bob@example.com",
                "bob\udc00@example.com",
                "bob@exam\ud800ple.com",
                "bob@stra\u00dfe.example", // IDNA 2003 and IDNA 2008 disagree about these names
                "bob@stra\u1e9ee.example",
                "bob@\u03c3\u03c9\u03c2.example",
                "bob@a\u200db.example",
                "bob@a\u200cb.example",
                "bob@a\u00adb.example",
                "bob@a\u200bb.example",
                "bob@a\u034fb.example",
                "bob@\u2764.example",
                "bob@\u2764\ufe0f.example",
                "bob@\ud83d\ude00.example",
                "bob@\u05d0a.example", // both directions in one label
                "bob@\u202eexample.com",
                "bob@\u2100.example", // becomes a/c
                "bob@example.com\uff0f",
                "bob@\u0301a.example",
                "bob@xn--\u00fc.example",
            })
    void isRejectedWithTheRuleItViolates(String text) {
        assertThat(EmailAddress.parse(text)).isEmpty();
        assertThat(EmailAddress.violation(text))
                .hasValueSatisfying(
                        message -> assertThat(message).startsWith("must ").doesNotContain("\n", "\r"));
    }

    @Test
    void hasTheLengthsOfTheStandards() {
        for (String local : List.of("a".repeat(64), "\u00fc".repeat(32))) {
            assertThat(EmailAddress.parse(local + "@example.com")).as(local).isPresent();
            assertThat(EmailAddress.violation(local + "a@example.com"))
                    .hasValue("must have at most 64 bytes before the @");
        }
        assertThat(EmailAddress.parse("a@" + LABEL + ".example")).isPresent();
        assertThat(EmailAddress.parse("a@" + LABEL + "a.example")).isEmpty();
        String domain = LABEL + "." + LABEL + "." + LABEL + ".";
        assertThat(EmailAddress.parse("a@" + domain + "b".repeat(60)))
                .as("254 bytes")
                .isPresent();
        assertThat(EmailAddress.violation("a@" + domain + "b".repeat(61))).hasValue("must have at most 254 bytes");
        assertThat(EmailAddress.parse("\u00fc@" + domain + "b".repeat(60)))
                .as("255 bytes and 254 characters")
                .isEmpty();
        String wide = ("\u00fc" + "a".repeat(40) + ".").repeat(5);
        assertThat(EmailAddress.parse("a@" + wide + "example"))
                .as("more bytes as A-labels")
                .isPresent();
        assertThat(EmailAddress.parse("a".repeat(30) + "@" + wide + "example")).isEmpty();
        assertThat(EmailAddress.parse("a@" + "\u00fc".repeat(60) + ".example"))
                .as("more than 63 bytes as A-label")
                .isEmpty();
        assertThat(EmailAddress.parse("@".repeat(10_000_000))).isEmpty();
        assertThat(EmailAddress.violation("a@" + "b".repeat(10_000_000))).isPresent();
    }

    @Test
    void mailsAreSentToTheDomainThatIsCompared() {
        EmailAddress address =
                EmailAddress.parse("Ju\u0308rgen@B\u00dcCHER.example").orElseThrow();

        assertThat(address.mailbox()).isEqualTo("J\u00fcrgen@xn--bcher-kva.example");
    }

    /** An address is accepted or rejected, whatever its characters are. Both forms of an accepted address are stable. */
    @Test
    void everyTextIsAcceptedOrRejected() {
        Random random = new Random(7);
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(12); length > 0; length--) {
                text.append(
                        switch (random.nextInt(6)) {
                            case 0 -> "@";
                            case 1 -> ".";
                            case 2 -> Character.toString(random.nextInt(0x80));
                            case 3 -> Character.toString(random.nextInt(0x3000));
                            case 4 -> Character.toString(random.nextInt(0x110000));
                            default -> "xn--a";
                        });
            }
            String typed = text.toString();
            EmailAddress.parse(typed).ifPresent(address -> {
                assertThat(EmailAddress.parse(address.canonical())).as(typed).hasValue(address);
                assertThat(EmailAddress.parse(address.mailbox())).as(typed).hasValue(address);
            });
            assertThat(EmailAddress.violation(typed).isEmpty())
                    .as(typed)
                    .isEqualTo(EmailAddress.parse(typed).isPresent());
        }
    }
}
