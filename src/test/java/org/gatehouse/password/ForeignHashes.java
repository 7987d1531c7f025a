package org.gatehouse.password;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A published test vector for each hash scheme that an import accepts. In each returned map, the keys are the names of
 * the schemes.
 */
public final class ForeignHashes {
    private record TestVector(String password, String hash) {}

    private static final Map<String, TestVector> TEST_VECTORS = new LinkedHashMap<>();

    static {
        TEST_VECTORS.put(
                "bcrypt-2a", new TestVector("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
        TEST_VECTORS.put(
                "bcrypt-2b", new TestVector("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"));
        TEST_VECTORS.put(
                "bcrypt-2y", new TestVector("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
        TEST_VECTORS.put(
                "argon2id",
                new TestVector(
                        "password",
                        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"));
        TEST_VECTORS.put(
                "argon2i",
                new TestVector(
                        "password",
                        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"));
        TEST_VECTORS.put(
                "pbkdf2-sha1", new TestVector("password", "$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"));
        TEST_VECTORS.put(
                "pbkdf2-sha256",
                new TestVector(
                        "password",
                        "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"));
        TEST_VECTORS.put(
                "pbkdf2-sha512",
                new TestVector(
                        "password",
                        "$pbkdf2-sha512$i=1$c2FsdA$hn9wzxreAs/zdSWZo6U9xK80x6ZpgVrl1RNVThyM8lLALUcKKFoFAbrZmb/pQ8CP"
                                + "BQI119aLHaVeY/c7YKV/zg"));
        TEST_VECTORS.put(
                "scrypt",
                new TestVector(
                        "password",
                        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"));
    }

    private ForeignHashes() {}

    /** Returns a hash for each scheme. */
    public static Map<String, String> all() {
        Map<String, String> all = new LinkedHashMap<>();
        TEST_VECTORS.forEach((scheme, vector) -> all.put(scheme, vector.hash()));
        return all;
    }

    /** Returns the password of the hash for each scheme. */
    public static Map<String, String> passwords() {
        Map<String, String> all = new LinkedHashMap<>();
        TEST_VECTORS.forEach((scheme, vector) -> all.put(scheme, vector.password()));
        return all;
    }
}
