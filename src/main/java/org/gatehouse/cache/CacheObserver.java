package org.gatehouse.cache;

/** Is told where each document came from; called on the thread that wants it, so it must be quick. */
public interface CacheObserver {
    CacheObserver NONE = outcome -> {};

    /** What a question for a document led to. */
    enum Outcome {
        /** Redis had it, or had that there is none. */
        HIT,
        /** Redis had nothing that counts: it was loaded, or another thread's or node's load was shared. */
        MISS,
        /** Redis was not to be believed or did not answer, or the document was being written. */
        BYPASS
    }

    void asked(Outcome outcome);
}
