"""How it is started, left behind and read back.

`start` leaves a process behind, the observer. It dials every target with a new connection each slot of a fixed grid,
sends nothing, and remembers a letter for each. It lives in a session of its own and ends by itself. `read` asks it to
stop and prints what it saw; asked again, it prints the same again. The argument is base64 of the plan, JSON as
observe/plan.ts describes it. Stdin is a dialogue of lines.
"""
import base64
import fcntl
import gc
import json
import os
import signal
import socket
import sys
import time

READY_LIMIT_S = 5.0


def enter(folder):
    """The observer's private folder; what is in it lives as long as this machine."""
    base = os.path.join(os.path.expanduser("~"), ".hepflow")
    for path in (base, os.path.join(base, folder)):
        os.makedirs(path, mode=0o700, exist_ok=True)
    os.chdir(os.path.join(base, folder))


def write(name, text):
    """Whole or not at all."""
    with open(name + ".new", "w") as file:
        file.write(text)
    os.replace(name + ".new", name)


def read(name):
    try:
        with open(name) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def start(plan):
    """Tells `ready` once an observer watches: a new one, or the one that a lost session left behind."""
    enter(plan["folder"])
    lock = os.open("lock", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held by the observer as long as it lives
    except BlockingIOError:
        return await_ready(plan, False)
    os.truncate(lock, 0)
    for name in ("ready", "result", "fault", "control"):
        try:
            os.unlink(name)
        except FileNotFoundError:
            pass
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    control.bind("control")
    control.listen(8)
    if detach():
        os.write(lock, b"%d\n" % os.getpid())
        observe(plan, control)
        os._exit(0)
    control.close()
    os.close(lock)
    await_ready(plan, True)


def await_ready(plan, fresh):
    limit = time.monotonic() + plan["openWithinMs"] / 1000 + READY_LIMIT_S
    while time.monotonic() < limit:
        if read("ready"):
            return tell(dict(json.loads(read("ready")), type="ready", fresh=fresh))
        if read("fault"):
            sys.exit(read("fault"))
        time.sleep(0.005)
    sys.exit("The observer did not get ready.")


def detach():
    """Whether this is the process that stays: in a session of its own, without a tie to whoever started it."""
    first = os.fork()
    if first:
        os.waitpid(first, 0)
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    return True


def observe(plan, control):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.alarm((plan["boundMs"] + plan["longestSoakMs"]) // 1000 + 30)  # whatever happens to the loop
    gc.disable()  # nothing here is cyclic that lives long, and a pause would be a late slot
    try:
        observer = Observer(plan, control)
        ready_by = observer.begin + plan["openWithinMs"] / 1000
        goes_on = observer.watch(lambda: observer.knows_all(plan["settledDials"]) or time.monotonic() >= ready_by)
        observer.ready = True
        write("ready", json.dumps({"open": sorted(observer.seen_open)}))
        if goes_on:
            observer.watch(lambda: False)
        observer.finish()
        write("result", json.dumps(observer.result(), separators=(",", ":")))
    except BaseException as error:
        write("fault", "The observer broke: %r" % error)


def converse(plan):
    """The dialogue of `read`: `clock` is answered with this machine's time, `stop MS` with what was seen. It ends with
    stdin, so that the clocks can be compared after the observation too."""
    tell({"type": "hello"})
    for line in iter(sys.stdin.buffer.readline, b""):
        now = time.time()
        words = line.split()
        if words == [b"clock"]:
            tell({"type": "clock", "atMs": round(now * 1000, 3)})
        elif len(words) == 2 and words[0] == b"stop":
            read_back(plan, int(words[1]))
        else:
            sys.exit("Not a line of the dialogue: %r" % line)


def read_back(plan, more_ms):
    enter(plan["folder"])
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        try:
            control.connect("control")
            control.sendall(b"stop %d\n" % more_ms)
            control.recv(1)  # it ends when the observer does
        except (FileNotFoundError, ConnectionError):
            pass  # it ended before
    if read("result"):
        return print(read("result"), flush=True)
    why = read("fault") or ("it was killed" if os.path.exists("lock") else "none was started")
    tell({"type": "missing", "reason": why})


def main():
    plan = json.loads(base64.b64decode(sys.argv[1]))
    {"start": start, "read": converse}[plan["do"]](plan)


main()
