package org.gatehouse.factor;

import java.util.List;
import java.util.Set;
import org.gatehouse.user.ServerDataDocument;

/** The second factors of an import line, in the form in which they are stored. */
public final class ImportedFactors {
    /** No factors. */
    static final ImportedFactors NONE = new ImportedFactors(List.of(), Set.of());

    private final List<Factor> factors;
    private final ServerDataDocument serverData;

    /** @param recoveryCodes the hashes of the recovery codes */
    ImportedFactors(List<Factor> factors, Set<String> recoveryCodes) {
        this.factors = List.copyOf(factors);
        this.serverData = MongoFactorTransfer.serverData(factors, recoveryCodes);
    }

    public boolean isEmpty() {
        return factors.isEmpty();
    }

    /** Returns the ids of the credentials of the passkeys. */
    public List<String> credentialIds() {
        return factors.stream()
                .filter(Factor.Passkey.class::isInstance)
                .map(factor -> ((Factor.Passkey) factor).credentialId())
                .toList();
    }

    public ServerDataDocument serverData() {
        return serverData;
    }

    @Override
    public String toString() {
        return "ImportedFactors" + factors;
    }
}
