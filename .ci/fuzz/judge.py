"""Compares the reports of Schemathesis with the list of false alarms: judge.py LIST REPORT...

Prints each report that is not in the list, once for each operation and check, and the number of listed reports.
"""

import base64
import json
import re
import sys
import tomllib

with open(sys.argv[1], "rb") as file:
    false_alarms = tomllib.load(file)["false_alarm"]

known = 0
unknown = {}
cases = 0
used = set()


def text(body):
    return base64.b64decode(body["$base64"]).decode(errors="replace") if body else ""


def judge(operation, check, request, response):
    global known
    said = f"{response['status_code']} {text(response.get('body') or response.get('content'))}" if response else "none"
    asked = f"{request['method']} {request['uri']} {request['headers']} {text(request.get('body'))}"
    for number, alarm in enumerate(false_alarms):
        if (
            alarm["check"] == check["name"]
            and re.search(alarm.get("operation", ""), operation)
            and re.search(alarm.get("request", ""), asked)
            and re.search(alarm.get("response", ""), said)
        ):
            used.add(number)
            known += 1
            return
    failure = check.get("failure_info", {}).get("failure", {})
    unknown.setdefault((operation, check["name"]), f"{failure.get('message', '')}\n  {asked[:600]}\n  {said[:600]}")


for report in sys.argv[2:]:
    with open(report) as lines:
        for line in lines:
            event = json.loads(line)
            if "NonFatalError" in event:
                unknown.setdefault((event["NonFatalError"].get("label", ""), "error"), line[:800])
            if "ScenarioFinished" not in event:
                continue
            recorder = event["ScenarioFinished"]["recorder"]
            for case, checks in recorder.get("checks", {}).items():
                cases += 1
                interaction = recorder.get("interactions", {}).get(case)
                for check in checks:
                    if check["status"] == "failure" and interaction:
                        judge(recorder["label"], check, interaction["request"], interaction.get("response"))

for (operation, check), message in unknown.items():
    print(f"schemathesis: FAILED: {operation}: {check}: {message}")
for number, alarm in enumerate(false_alarms):
    if number not in used:
        print(f"schemathesis: not seen this time: {alarm['check']} {alarm.get('operation', '')}")
print(f"schemathesis: {known} false alarms of {len(used)} kinds, as listed")
print(f"{cases - len(unknown)} passed, {len(unknown)} failed")
sys.exit(len(unknown) > 0 or cases < 100)
