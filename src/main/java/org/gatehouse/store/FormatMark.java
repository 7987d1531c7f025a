package org.gatehouse.store;

/**
 * Marks the database, so that versions that know neither second factors nor later additions do not start with it. A node
 * writes the mark before its first write of data that such a version would ignore at the cost of security.
 */
public final class FormatMark {
    private final MongoConnection mongo;
    private volatile boolean written;

    public FormatMark(MongoConnection mongo) {
        this.mongo = mongo;
    }

    /**
     * Writes the mark, unless this object has done so. Nodes of earlier versions that run already continue to run.
     *
     * @throws org.gatehouse.error.GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void require() {
        if (!written) {
            StoredFormat.requireReaders(mongo);
            written = true;
        }
    }
}
