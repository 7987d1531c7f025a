-- Asks Gatehouse whether a request may pass; see check.conf. Any error of this file is a 500, so no request passes.
-- LuaSocket does not verify certificates. If Gatehouse requires TLS, let a VirtualHost of the loopback address forward
-- to it, with SSLProxyEngine and SSLProxyVerify.
local http = require "socket.http"
http.TIMEOUT = 5

local headers = { "X-User-Id", "X-Username", "X-Roles" }

-- Some applications read X_User_Id like X-User-Id.
local function canonical(name)
    return (name:lower():gsub("[^%w]", "-"))
end

-- A client can name a header in Connection, so that Apache removes it before it reaches the application.
local function remove_client_headers(r)
    local connection = canonical(r.headers_in["Connection"] or "")
    for _, header in ipairs(headers) do
        for name in pairs(r:headers_in_table()) do
            if canonical(name) == canonical(header) then
                r.headers_in[name] = nil
            end
        end
        if connection:find(canonical(header), 1, true) then
            r.headers_in["Connection"] = nil
        end
    end
end

function check(r)
    remove_client_headers(r)
    local _, status, answer = http.request {
        url = r.subprocess_env["GATEHOUSE_CHECK"],
        method = "GET",
        redirect = false,
        headers = {
            ["Authorization"] = r.headers_in["Authorization"],
            ["auth"] = r.headers_in["auth"],
            ["X-Forwarded-For"] = r.useragent_ip,
        },
    }
    if status == 204 and answer["x-user-id"] then
        for _, header in ipairs(headers) do
            r.headers_in[header] = answer[header:lower()]
        end
        return apache2.OK
    end
    if status == 400 or status == 401 or status == 403 then
        r.err_headers_out["WWW-Authenticate"] = answer["www-authenticate"]
        return status
    end
    return 503
end
