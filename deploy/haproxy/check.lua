-- Asks Gatehouse whether a request may pass; see check.cfg.
core.register_action("gatehouse", { "http-req" }, function(txn, url)
    local function values(name)
        local list = {}
        for i, value in pairs(txn.http:req_get_headers()[name] or {}) do
            list[i + 1] = value
        end
        return #list > 0 and list or nil
    end
    local answer = core.httpclient():get {
        url = url,
        headers = {
            ["authorization"] = values("authorization"),
            ["auth"] = values("auth"),
            ["x-forwarded-for"] = { txn.f:src() },
        },
        timeout = 2000, -- of each attempt; HAProxy 2.6 makes four
    }
    if answer.status == 204 then
        for _, header in ipairs { "x-user-id", "x-username", "x-roles" } do
            txn.http:req_set_header(header, answer.headers[header][0])
        end
        txn:set_var("txn.gatehouse", "passed")
        return
    end
    local rejected = answer.status == 400 or answer.status == 401 or answer.status == 403
    local reply = txn:reply { status = rejected and answer.status or 503 }
    for _, challenge in pairs(rejected and answer.headers["www-authenticate"] or {}) do
        reply:add_header("www-authenticate", challenge)
    end
    txn:done(reply)
end, 1)
