package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The members of an {@code AuthenticationResponseJSON} or a {@code RegistrationResponseJSON} (Web Authentication, Level
 * 3, section 5.1). Unknown members are ignored, because later levels may add some.
 *
 * @param id the credential id in base64url without padding
 * @param rawId the bytes of the credential id
 */
@SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
record CredentialJson(String id, byte[] rawId, JsonNode response) {
    /** The maximum length of a member in bytes. Attestation objects with certificates have a few KiB. */
    static final int MAX_BYTES = 64 * 1024;

    /** Web Authentication, Level 3, sections 4 (credential id) and 7.1, step 25. */
    private static final int MIN_ID_BYTES = 16;

    private static final int MAX_ID_BYTES = 1023;

    private static final String CREDENTIAL_TYPE = "public-key";
    private static final Pattern TRANSPORT = Pattern.compile("[a-z][a-z-]{0,31}");
    private static final int MAX_TRANSPORTS = 8;

    /** Parses a credential; empty if it is malformed. */
    static Optional<CredentialJson> parse(JsonNode credential) {
        String id = credential.path("id").textValue();
        JsonNode response = credential.path("response");
        if (id == null
                || !id.equals(credential.path("rawId").textValue())
                || !CREDENTIAL_TYPE.equals(credential.path("type").textValue())
                || !response.isObject()) {
            return Optional.empty();
        }
        return decode(id, MAX_ID_BYTES)
                .filter(rawId -> rawId.length >= MIN_ID_BYTES)
                .map(rawId -> new CredentialJson(id, rawId, response));
    }

    /** Returns the bytes of a member of the response; empty if it is absent, not base64url, or too long. */
    Optional<byte[]> bytes(String name) {
        String text = response.path(name).textValue();
        return text == null ? Optional.empty() : decode(text, MAX_BYTES);
    }

    /** Whether the response has a member with a value other than null. */
    boolean has(String name) {
        return response.hasNonNull(name);
    }

    /** Returns the client data; empty if it is malformed. */
    Optional<ClientData> clientData() {
        return bytes("clientDataJSON").flatMap(ClientData::parse);
    }

    /**
     * Returns the transports that the authenticator supports, in alphabetical order; empty if the member has a wrong
     * type. Text that cannot be the name of a transport is omitted.
     */
    Optional<List<String>> transports() {
        JsonNode names = response.path("transports");
        if (names.isMissingNode() || names.isNull()) {
            return Optional.of(List.of());
        }
        Set<String> transports = new LinkedHashSet<>();
        for (JsonNode name : names) {
            if (!name.isTextual()) {
                return Optional.empty();
            }
            if (TRANSPORT.matcher(name.textValue()).matches() && transports.size() < MAX_TRANSPORTS) {
                transports.add(name.textValue());
            }
        }
        List<String> sorted = new ArrayList<>(transports);
        sorted.sort(null);
        return names.isArray() ? Optional.of(sorted) : Optional.empty();
    }

    /** Decodes base64url without padding. Text in another form than the encoder would return is rejected. */
    static Optional<byte[]> decode(String text, int maxBytes) {
        if (text.length() > maxBytes / 3 * 4 + 4) {
            return Optional.empty();
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            return encode(bytes).equals(text) && bytes.length <= maxBytes ? Optional.of(bytes) : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public String toString() {
        return "CredentialJson" + Arrays.asList(id);
    }
}
