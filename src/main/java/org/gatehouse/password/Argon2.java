package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator.FixedBlockPool;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Computes Argon2 (RFC 9106).
 *
 * <p>After each hash, the calling thread erases the memory and keeps the memory for its next hash. Otherwise, garbage
 * collection of 19 MiB per hash would delay all requests. Only a few threads should call this class.
 */
class Argon2 {
    private final ThreadLocal<FixedBlockPool> memory;

    /** @param memoryKib the memory that each thread keeps; a hash that needs more allocates the rest each time */
    Argon2(int memoryKib) {
        this.memory = ThreadLocal.withInitial(() -> new FixedBlockPool(memoryKib));
    }

    /** Hashes this password with the salt, the costs and the length of the given hash. */
    byte[] derive(String password, Argon2Hash like) {
        Argon2Parameters parameters = new Argon2Parameters.Builder(like.type().code())
                .withVersion(like.version())
                .withMemoryAsKB(like.memoryKib())
                .withIterations(like.iterations())
                .withParallelism(like.lanes())
                .withSalt(like.saltBytes())
                .withBlockPool(memory.get())
                .build();
        Argon2BytesGenerator generator = new Argon2BytesGenerator();
        generator.init(parameters);
        byte[] derived = new byte[like.hashBytes().length];
        generator.generateBytes(password.getBytes(StandardCharsets.UTF_8), derived);
        return derived;
    }
}
