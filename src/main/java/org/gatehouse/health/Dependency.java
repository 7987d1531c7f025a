package org.gatehouse.health;

/** The dependencies of the service, and the effect of the absence of each. */
enum Dependency {
    MONGODB(
            "mongodb",
            true,
            "Users cannot log in, and nothing can be changed; users in the cache are still read for 2 s, or with"
                    + " READS_WITHOUT_DB=lasting until it returns."),
    REDIS("redis", false, "Everything is answered, slower: users and sessions are read from MongoDB."),
    SIGNING_KEYS("signingKeys", true, "No token can be issued or checked.");

    private final String text;
    private final boolean required;
    private final String absence;

    Dependency(String text, boolean required, String absence) {
        this.text = text;
        this.required = required;
        this.absence = absence;
    }

    /** Returns the name in responses and metrics. */
    String text() {
        return text;
    }

    /** Whether the service is not ready without it. */
    boolean required() {
        return required;
    }

    /** Describes the effect of its absence on callers. */
    String absence() {
        return absence;
    }
}
