package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.gatehouse.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialFieldsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "password",
                "Password",
                "passwordHash",
                "PASSWORDHASH",
                "password_hash",
                "Password_Hash",
                "pass_word",
                "encrypted_password",
                "encryptedPassword",
                "hashed_password",
                "hashedPassword",
                "newPassword",
                "new_password",
                "currentPassword",
                "oldPassword",
                "passwordConfirmation",
                "confirm_password",
                "repeatPassword",
                "password2",
                "passwords",
                "passwordHistory",
                "password_digest",
                "passwordEncrypted",
                "password_md5",
                "userPassword",
                "temp_password",
                "reset_password_token",
                "passwordResetToken",
                "original_Password",
                "pwd",
                "PWD",
                "user_pwd",
                "pwdHash",
                "passwd",
                "user_passwd",
                "passphrase",
                "pass_phrase",
                "pass",
                "user_pass",
                "pass_hash",
                "pwhash",
                "hash",
                "salt",
                "Salt",
                "password_salt",
                "hash_salt",
                "hashedSaltedValue",
                "secretData",
                "bcrypt",
                "ntHash",
                "totp_secret",
                "otpSecret",
                "two_factor_secret",
                "mfaSecret",
                "recovery_codes",
                "backupCodes",
                "secret_key",
                "privateKey",
                "ssh_private_key",
                "security_answer",
                "refresh_token",
                "accessToken",
                "remember_token",
                "reset_token",
                "session_token",
                "confirmation_token",
                "newPass",
                "old_pw",
                "pass2",
                "unicodePwd",
                "tmp_pwd",
                "pword",
                "pword_hash",
                "Kennwort",
                "pin_hash",
                "secretHash",
                "hashed",
                "hash_value",
                "saltString",
                "scrypt",
                "PBKDF2"
            })
    void recognizesTheNameOfACredential(String name) {
        assertThat(CredentialFields.isCredential(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "passport",
                "passportNumber",
                "passenger",
                "compass",
                "bypassRules",
                "boardingPass",
                "passwordHint",
                "password_changed_at",
                "passwordChangedOn",
                "passwordLastChanged",
                "lastPasswordChange",
                "passwordResetRequired",
                "password_reset_sent_at",
                "passwordExpiresAt",
                "passwordExpiresInDays",
                "password_policy_id",
                "password_hash_algorithm",
                "PASSWORDUPDATEDAT",
                "failedPasswordAttempts",
                "pwdLastSet",
                "passwordless",
                "salty",
                "basalt",
                "saltLake",
                "hashtag",
                "hashtags",
                "emailHash",
                "token",
                "pushToken",
                "deviceToken",
                "apiKey",
                "publicKey",
                "secret",
                "secretSanta",
                "securityQuestion",
                "keyboard",
                "pin",
                "pincode",
                "credentials",
                "email",
                "emailVerified",
                "locale",
                "mfaEnabled",
                "groupWd"
            })
    void acceptsNamesThatDoNotDenoteACredential(String name) {
        assertThat(CredentialFields.isCredential(name)).isFalse();
    }

    @Test
    void acceptsFlagsWithTheNameOfACredential() {
        ObjectNode fields =
                json("{\"mustChangePassword\":true,\"hasPassword\":1,\"newPassword\":0,\"a\":{\"password\":false}}");

        assertThat(CredentialFields.without(fields)).isEqualTo(fields);
    }

    @Test
    void removesCredentialsAtAnyDepth() {
        ObjectNode fields = json(
                "{\"n\":1,\"pwd\":{\"x\":1},\"a\":{\"Password\":\"x\",\"b\":[{\"salt\":\"x\",\"c\":2},[{\"pwd\":7}]]}}");

        assertThat(CredentialFields.without(fields).toString()).isEqualTo("{\"n\":1,\"a\":{\"b\":[{\"c\":2},[{}]]}}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$2b$04$HTJ.3pbdTJ7UmtzAci2wiOmB1yJish9F1Kp8qQYaUXjShkmNtXTle",
                "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$FpQjInNVIzqAgiqvQvre80AaiR/GIV/tLPgw/aO2hEE",
                "$pbkdf2-sha256$i=600000$MDEyMzQ1Njc4OWFiY2RlZg$FpQjInNVIzqAgiqvQvre80AaiR",
                "$scrypt$ln=15,r=8,p=1$c2FsdA$FpQjInNVIzqAgiqvQvre80AaiR",
                "$6$rounds=5000$saltsalt$FpQjInNVIzqAgiqvQvre80AaiR",
                "$1$saltsalt$FpQjInNVIzqAgiqvQvre8.",
                "pbkdf2_sha256$600000$salt$FpQjInNVIzqAgiqvQvre80AaiR/GIV/tLPgw/aO2hEE=",
                "{SSHA}FpQjInNVIzqAgiqvQvre80AaiRFpQjInNVIz",
                "{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG"
            })
    void recognizesAPasswordHash(String text) {
        assertThat(CredentialFields.isHash(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "$",
                "$5$ a ticket, and then some words",
                "$1$",
                "$2b$",
                "scrypt is a function",
                "{SHA} and text",
                "$2,000.00 for everything that is here",
                "5f4dcc3b5aa765d61d8327deb882cf99",
                "alice@example.com"
            })
    void acceptsTextsThatAreNotHashes(String text) {
        assertThat(CredentialFields.isHash(text)).isFalse();
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) Json.MAPPER.readTree(text);
        } catch (JsonProcessingException malformed) {
            throw new AssertionError(malformed);
        }
    }
}
