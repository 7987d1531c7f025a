package org.gatehouse.password;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests password hashes of other services. The hashes are published test vectors. */
class ForeignHashTest {
    private static final PasswordHasher hasher = CheapHasher.create();

    @AfterAll
    static void close() {
        hasher.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                // Source: crypt_blowfish 1.3, wrapper.c. For these passwords, the variants 2a, 2b and 2y compute the
                // same hash.
                "U*U $2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "U*U $2a$05$CCCCCCCCCCCCCCCCCCCCC/E5YPO9kmyuRGyh0XouQYb4YMJKvyOeX", // differs in unused bits
                "U*U* $2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
                "U*U $2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                // Source: test.c of the Argon2 reference implementation.
                "password $argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "password $argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
                // Source: the documentation of passlib.
                "password $pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "password $scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
            })
    void verifiesHashesOfOtherServices(String password, String hash) {
        assertVerifies(password, hash);
    }

    @ParameterizedTest
    @CsvSource({
        // Source: RFC 6070.
        "pbkdf2-sha1$i=1, password, salt, 0c60c80f961f0e71f3a9b524af6012062fe037a6",
        "pbkdf2-sha1$i=4096, password, salt, 4b007901b765489abead49d926f721d065a429c1",
        "pbkdf2$4096, passwordPASSWORDpassword, saltSALTsaltSALTsaltSALTsaltSALTsalt, "
                + "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        // Source: RFC 7914, section 11.
        "'pbkdf2-sha256$i=80000,l=64', Password, NaCl, "
                + "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                + "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        // Source: a test vector that many implementations use.
        "pbkdf2-sha512$i=1, password, salt, "
                + "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
                + "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
        // Source: RFC 7914, section 12.
        "'scrypt$ln=10,r=8,p=16', password, NaCl, "
                + "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        "'scrypt$ln=14,r=8,p=1', pleaseletmein, SodiumChloride, "
                + "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
    })
    void verifiesTheTestVectorsOfTheStandards(String scheme, String password, String salt, String hex) {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        String hash = "$" + scheme + "$" + base64.encodeToString(salt.getBytes(StandardCharsets.UTF_8)) + "$"
                + base64.encodeToString(HexFormat.of().parseHex(hex));
        assertVerifies(password, hash);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$argon2id$v=19$m=262144,t=4,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$pbkdf2-sha256$i=2500000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=17,r=8,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=17,r=8,p=4$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
            })
    void acceptsRecommendedCosts(String hash) {
        assertThat(hasher.violation(hash)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2a$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2i$v=19$m=131072,t=20,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$pbkdf2-sha256$i=999999999$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$pbkdf2-sha1$i=2000000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=20,r=8,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=17,r=8,p=8$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=1,r=999,p=999$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=30,r=999,p=999$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
            })
    void rejectsExcessiveCosts(String hash) {
        assertThat(hasher.violation(hash)).hasValue("has costs above the limits for a login");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2a$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$scrypt$ln=30,r=8,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"
            })
    void doesNotComputeAHashWithExcessiveCosts(String hash) {
        assertThat(hasher.matches("U*U", StoredPassword.hash(hash))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "password",
                "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2a$05$short",
                "$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "$argon2id$v=19$m=65536,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2id$v=19$m=65536,t=2,p=1,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2id$v=19$m=65536,t=2,p=1,q=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$argon2id$v=19$m=65536,m=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$pbkdf2-sha256$l=32$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=14,r=8$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=14,r=8,p=100000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$argon2id$v=18$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "$pbkdf2-md5$1000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$pbkdf2-sha256$i=0$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$pbkdf2-sha256$i=1000,l=31$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$pbkdf2-sha256$i=1000$c2FsdA$98jZ",
                "$pbkdf2-sha256$i=1000$c2FsdB$=",
                "$scrypt$ln=99,r=8,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=16,r=1,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "$scrypt$ln=14,r=8,p=1$c2FsdA$c2FsdA",
            })
    void rejectsATextThatIsNotASupportedHash(String hash) {
        assertThat(hasher.violation(hash))
                .hasValueSatisfying(violation -> assertThat(violation).startsWith("must be"));
    }

    /**
     * Libraries write the costs in different orders. The Base64 text may have padding, no padding, or a dot instead of
     * a plus sign.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                // Source: test.c of the Argon2 reference implementation. These hashes need little memory.
                "password $argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                "password $argon2id$v=19$p=1,t=2,m=256$c29tZXNhbHQ=$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
                "password $argon2i$v=19$m=256,p=1,t=2$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8=",
                "password $argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW.sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
                "Correct.Horse.1 $argon2id$v=19$m=19456,p=1,t=2$MDEyMzQ1Njc4OWFiY2RlZg$FpQjInNVIzqAgiqvQvre80AaiR/GIV/tLPgw/aO2hEE",
                "password $pbkdf2-sha256$l=32,i=6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "password $pbkdf2-sha256$i=6400$+6UI/S+nXIk8jcbdHx3Fhg==$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44=",
                "password $scrypt$p=1,r=8,ln=16$aM15713r3Xsvxbi31lqr1Q==$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E=",
                // A later test rejects this hash in Django's format. The following line has the accepted format.
                "password $pbkdf2-sha256$i=1000$c2Vhc2FsdA==$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c=",
            })
    void acceptsTheSpellingsOfSeveralLibraries(String password, String hash) {
        assertThat(hasher.violation(hash)).isEmpty();
        assertThat(hasher.matches(password, StoredPassword.hash(hash))).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "pbkdf2_sha256$1000$seasalt$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c= $pbkdf2-sha256$i=<iterations>$<salt\u00a0in\u00a0Base64>$<hash>",
                "pbkdf2_sha1$1000$seasalt$98jZicV16ODfEsEZeYPGHU3kbrU= $pbkdf2-sha1$i=",
                "scrypt$seasalt$16384$8$5$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44= $scrypt$ln=",
                "argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc $argon2id$",
                "bcrypt$$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW $2b$",
                "bcrypt_sha256$$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW bcrypt_sha256",
            })
    void explainsHowToWriteDjangosFormats(String hash, String hint) {
        assertThat(hasher.violation(hash))
                .hasValueSatisfying(violation -> assertThat(violation)
                        .startsWith("must be a PHC string, not Django's format")
                        .contains(hint.replace('\u00a0', ' ')));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "true $2b$09$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "false $2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                "true $argon2id$v=19$m=7167,t=5,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "true $argon2i$v=19$m=12288,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "true $argon2id$v=19$m=64,t=20,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "false $argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "false $argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "true $pbkdf2-sha256$i=599999$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "false $pbkdf2-sha256$600000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "true $pbkdf2$1299999$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrU",
                "false $pbkdf2-sha1$1300000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrU",
                "true $pbkdf2-sha512$209999$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "false $pbkdf2-sha512$210000$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "true $scrypt$ln=14,r=8,p=4$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "true $scrypt$ln=12,r=8,p=20$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "false $scrypt$ln=13,r=8,p=10$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
                "false $scrypt$ln=17,r=8,p=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
            })
    void reportsHashesBelowTheBoundOfTheirSchemeAsWeak(boolean weak, String hash) {
        assertThat(hasher.violation(hash)).isEmpty();
        assertThat(hasher.isWeak(hash)).isEqualTo(weak);
    }

    @Test
    void theCheckOfACheapHashTakesAsLongAsTheCheckOfANewHash() {
        String cheap = "$pbkdf2-sha256$i=1$c2FsdA$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44";
        // Each Argon2 hash of this hasher takes 200 ms. The cheap PBKDF2 hash takes much less time.
        AtomicInteger count = new AtomicInteger();
        try (PasswordHasher slowHasher = CheapHasher.runningFirst(() -> spin(count))) {
            slowHasher.hash("the first, which is timed");
            int before = count.get();
            assertThat(slowHasher.matches("wrong", StoredPassword.hash(cheap))).isFalse();
            assertThat(count.get() - before).isEqualTo(1);
        }
    }

    private static void spin(AtomicInteger count) {
        count.incrementAndGet();
        long end = System.nanoTime() + 200_000_000;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private static void assertVerifies(String password, String hash) {
        assertThat(hasher.violation(hash)).isEmpty();
        StoredPassword stored = StoredPassword.hash(hash);
        assertThat(hasher.matches(password, stored)).isTrue();
        assertThat(hasher.matches(password + "x", stored)).isFalse();
        assertThat(hasher.matches("", stored)).isFalse();
    }
}
