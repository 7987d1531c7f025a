// Passkeys: asks the browser for one, and converts between the JSON of the service and the objects of the browser.

/** Whether the browser knows passkeys. */
export const hasPasskeys = typeof PublicKeyCredential === "function";

/** Asks the user for a passkey of a login. Returns an `AuthenticationResponseJSON`. */
export async function assertion(options) {
  const allowCredentials = descriptors(options.allowCredentials);
  return credentialJson(await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials },
  }));
}

/** Asks the user to create a passkey. Returns a `RegistrationResponseJSON`. */
export async function newPasskey(options) {
  return credentialJson(await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: descriptors(options.excludeCredentials),
    },
  }));
}

function descriptors(list) {
  return (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

/** Converts a credential to JSON, as its method toJSON does in newer browsers. */
function credentialJson({ id, type, response, authenticatorAttachment }) {
  const converted = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) {
      converted[name] = base64url(response[name]);
    }
  }
  if (response.getTransports) {
    converted.transports = response.getTransports();
  }
  return {
    id,
    rawId: id,
    type,
    response: converted,
    ...(authenticatorAttachment && { authenticatorAttachment }),
    clientExtensionResults: {},
  };
}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}

function base64url(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
