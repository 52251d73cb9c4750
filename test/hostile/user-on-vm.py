"""A user of the probe VM who does not want the truth told.

For as long as the machine lives: ends every observer once it watches, and leaves a result in its place. The argument
names what that result claims: `silence` (every port was silent throughout), `flood` (more slots than can be judged) or
`noise` (no result at all, but bytes).
"""
import base64
import datetime
import json
import os
import signal
import sys
import time


def read_plan(pid):
    """The plan of the observer that this process is; None: it is none."""
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            plan = json.loads(base64.b64decode(file.read().split(b"\0")[-2]))
    except (OSError, ValueError, IndexError):
        return None
    return plan if isinstance(plan, dict) and plan.get("do") == "start" else None


def forge(claim, targets):
    if claim == "noise":
        return "\x1b]0;PASS\x07\x00" * 50000
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    track = "400d" if claim == "silence" else "999999o" * 11
    held = [
        {"target": each["id"], "openedAt": now, "checkedAt": now, "outcome": "silent", "response": ""}
        for each in targets
        if each["kind"] == "nodePort"
    ]
    return json.dumps({
        "type": "observation", "startedAt": now, "slots": 400 if claim == "silence" else 9999999,
        "cadenceMs": 25, "dialTimeoutMs": 200, "latenessMs": 0, "cpuShare": 0,
        "tracks": {each["id"]: track for each in targets}, "held": held, "ended": "read",
    })


def main(claim):
    print("here", flush=True)
    while True:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            plan = read_plan(pid)
            folder = plan and os.path.join(os.path.expanduser("~"), ".hepflow", plan["folder"])
            if not folder or not os.path.exists(os.path.join(folder, "ready")):
                continue
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
            with open(os.path.join(folder, "result"), "w") as file:
                file.write(forge(claim, plan["targets"]))
            print("forged", flush=True)
        time.sleep(0.05)


main(sys.argv[1])
