"""Uses the generated Python client. Prints a line for each check. Exits with 1 if one fails."""

import base64
import hmac
import os
import struct
import sys
import time

import gatehouse_client as api

failed = 0


def check(what, holds):
    global failed
    failed += not holds
    print(("passed" if holds else "FAILED") + ": python " + what, flush=True)


def code(secret, steps):
    """Returns the TOTP code of a time step, relative to the current one (RFC 6238)."""
    step = int(time.time()) // 30 + steps
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    (number,) = struct.unpack_from(">I", digest, digest[19] & 15)
    return f"{(number & 0x7FFFFFFF) % 1000000:06}"


configuration = api.Configuration(host=os.environ["BASE"])
with api.ApiClient(configuration) as client:
    logins = api.LoginApi(client)
    users = api.UsersApi(client)

    login = logins.login(api.Credentials(username=os.environ["ADMIN_USERNAME"], password=os.environ["ADMIN_PASSWORD"]))
    configuration.access_token = login.token
    check("login", login.status == "success" and login.user.username == os.environ["ADMIN_USERNAME"])
    check("me", "admin" in users.read_user("me").roles)

    plain = users.create_user(api.UserCreate(username="python-plain", password="correct horse battery staple"))
    check("a user created without roles is a user", plain.roles == ["user"])
    author = users.create_user(
        api.UserCreate(
            username="python-author",
            password="correct horse battery staple",
            email="python@example.com",
            roles=["user", "author"],
        )
    )
    patched = users.change_user(author.id, api.UserPatch(username="python-renamed"))
    check("a patch of one field changes it", patched.username == "python-renamed")
    check("a patch of one field leaves the roles alone", set(patched.roles) == {"user", "author"})
    check("a patch of one field leaves the address alone", patched.email == "python@example.com")
    demoted = users.change_user(author.id, api.UserPatch(roles=["user"]))
    check("a patch of the roles changes them", demoted.roles == ["user"])

    found = users.list_users(q="python-", count=True)
    check("list", {user.username for user in found} == {"python-plain", "python-renamed"})
    check("the sessions have times", api.SessionsApi(client).list_own_sessions()[0].created_at.year >= 2000)

    password = api.Credentials(username="python-plain", password="correct horse battery staple")
    own = api.Configuration(host=os.environ["BASE"], access_token=logins.login(password).token)
    with api.ApiClient(own) as own_client:
        factors = api.SecondFactorsApi(own_client)
        device = factors.add_totp(api.AddTotpRequest(name="Phone"))
        added = factors.confirm_totp(device.id, api.ConfirmTotpRequest(code=code(device.secret, 0)))
        check("the first factor comes with recovery codes", len(added.recovery_codes) == 10)
        check("the factor is listed", factors.list_own_factors().factors[0].type == "totp")
    try:
        logins.login(password)
        check("a login needs the factor", False)
    except api.exceptions.UnauthorizedException as error:
        check("a login needs the factor", error.data.code == api.ErrorCode.FACTOR_REQUIRED)
        response = api.LoginWithFactorRequest(
            challenge=error.data.challenge, type=api.FactorKind.TOTP, code=code(device.secret, 1)
        )
        check("the factor completes the login", logins.login_with_factor(response).user.username == "python-plain")

    mails = api.MailApi(client)
    mails.forgot_password(api.ForgotPasswordRequest(email="python@example.com"))
    check("a forgotten password queues a mail", "reset" in [mail.kind for mail in mails.list_mails()])

    try:
        users.read_user("000000000000000000000000")
        check("an unknown user is an error", False)
    except api.exceptions.NotFoundException as error:
        check("an unknown user is an error", error.data.code == api.ErrorCode.USER_NOT_FOUND)

    check("logout", logins.logout().ended == 1)
sys.exit(failed > 0)
