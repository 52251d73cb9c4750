"""Dials TCP targets from this machine and prints what its kernel saw.

Usage: python3 - PLAN, the plan being base64 of the JSON that probe/plan.ts describes.
"""
import base64
import json
import os
import signal
import sys
import time

ROUND_LIMIT_S = 0.3  # how long one dial of a convergence round may take
ROUND_EVERY_S = 0.1
ROUND_DIALS = {"OPEN": 1, "DROP": 3}  # one lost packet must not pass for a deny
CONTROL_EVERY_S = 1.0
LIVE_EVERY_S = 0.5
# Connections that ask an open nodePort who answers: 1 window of 65 536 misses a given one of two equal backends.
ASKED_TIMES = 16


def converge(targets, expected, limit_s):
    """Rounds of short dials until every target shows what is expected of it."""
    begin = time.monotonic()
    dialled = [target for target in targets for _ in range(ROUND_DIALS[expected[target["id"]]])]
    rounds, reached = 0, False
    while not reached and (rounds == 0 or time.monotonic() - begin < limit_s):
        round_start = time.monotonic()
        dials = finish(start(dialled, "round", ROUND_LIMIT_S))
        rounds += 1
        reached = all(dial.outcome == expected[dial.target["id"]] for dial in dials)
        seen = {target["id"]: sorted({dial.outcome for dial in dials if dial.target is target}) for target in targets}
        tell({"type": "round", "round": rounds, "elapsedMs": milliseconds(time.monotonic() - begin), "seen": seen})
        if not reached:
            time.sleep(max(0, round_start + ROUND_EVERY_S - time.monotonic()))
    elapsed = milliseconds(time.monotonic() - begin)
    tell({"type": "convergence", "reached": reached, "rounds": rounds, "elapsedMs": elapsed})


def prove(targets, controls, asked, connections, limit_s):
    """The proof window: independent connections to every target, and the controls once a second as long as one runs.

    Beside them, the ports `asked` are asked many times who answers. Those dials are given apart: they prove nothing.
    """
    dials = proof = start(targets * connections, "proof", limit_s)
    asking = start(asked * ASKED_TIMES, "asking", limit_s)
    running, next_controls = proof + asking, time.monotonic()
    next_live = next_controls + LIVE_EVERY_S
    while True:
        if time.monotonic() >= next_controls:
            fresh = start(controls, "during", limit_s)
            dials, running = dials + fresh, running + fresh
            next_controls += CONTROL_EVERY_S
        if time.monotonic() >= next_live:
            tell_live(targets, proof)
            next_live += LIVE_EVERY_S
        running = [dial for dial in running if not dial.ended]
        if all(dial.ended for dial in proof):
            tell_live(targets, proof)
            finish(dials + asking)
            return dials, asking
        running = advance(running)


def tell_live(targets, dials):
    """What the proof shows so far; a SYN counts as silent as long as nothing answered it."""
    def of(target):
        return [dial for dial in dials if dial.target is target]

    def silent(target):
        return [dial for dial in of(target) if dial.outcome in (None, "DROP")]

    tell({
        "type": "live",
        "seen": {target["id"]: sorted({dial.outcome for dial in of(target) if dial.outcome}) for target in targets},
        "syns": {target["id"]: sum(dial.syns for dial in silent(target)) for target in targets},
    })


def tell_answers(asking):
    """By target, how often each first line came."""
    lines = {dial.target["id"]: {} for dial in asking}
    for dial in asking:
        if dial.response is not None:
            counts = lines[dial.target["id"]]
            counts[dial.response] = counts.get(dial.response, 0) + 1
    for target, counts in lines.items():
        tell({"type": "answers", "target": target, "lines": counts})


def tell_all(dials):
    for dial in dials:
        tell(dial.record())
    return len(dials)


def kernel_setting(name):
    """None where this kernel does not have it."""
    try:
        with open("/proc/sys/net/ipv4/" + name) as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def main():
    plan = json.loads(base64.b64decode(sys.argv[1]))
    targets, expected, settings = plan["targets"], plan["expected"], plan["settings"]
    signal.alarm(settings["budgetMs"] // 1000 + 1)  # nobody may be left to stop it when the session breaks
    limit_s = settings["timeoutMs"] / 1000
    controls = [target for target in targets if expected[target["id"]] == "OPEN"]
    tell({
        "type": "header",
        "kernel": os.uname().release,
        "synLinearTimeouts": kernel_setting("tcp_syn_linear_timeouts"),
    })
    # Beside a deny, whoever answers through another node shows that only the way in is shut.
    asked = [target for target in controls if target["kind"] == "nodePort" and len(controls) < len(targets)]
    counters = Counters(plan["deniedPackets"], targets)
    converge(targets, expected, settings["convergenceMs"] / 1000)
    count = tell_all(finish(start(controls, "before", limit_s)))
    counters.before()
    proof, asking = prove(targets, controls, asked, settings["connections"], limit_s)
    count += tell_all(proof)
    count += tell_all(finish(start(controls, "after", limit_s)))
    tell_answers(asking)
    counters.after(proof)
    counters.tell()
    tell({"type": "done", "connections": count})


main()
