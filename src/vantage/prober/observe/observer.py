"""The slots and their dials, and the one loop over everything that runs."""
import collections
import random
import select
import time

LAST_ANSWERS_S = 0.05


class Dial:
    """One connection attempt of a slot: its letter is told to the observer, once."""

    def __init__(self, observer, target, slot):
        self.observer, self.target, self.slot = observer, target, slot
        self.deadline = time.monotonic() + observer.limit_s
        self.socket, fault = begin_dial(target)
        if fault:
            return self.over(fault)
        observer.register(self.socket, select.EPOLLOUT, self.look)
        observer.dials.append(self)

    def look(self, _=0):
        letter = letter_of(self.socket, self.target, time.monotonic() >= self.deadline, self.observer)
        if letter:
            self.over(letter)

    def give_up(self):
        if self.socket:
            self.over("-")

    def over(self, letter):
        self.observer.saw(self.target, self.slot, letter)
        if self.socket:
            self.observer.close(self.socket)
            self.socket = None


class Observer:
    """One loop over everything that runs: the slots, their dials, the held connections, and who asks it to stop."""

    def __init__(self, plan, control):
        self.targets, self.control = plan["targets"], control
        self.cadence_s, self.limit_s = plan["cadenceMs"] / 1000, plan["dialTimeoutMs"] / 1000
        self.kept_slots = plan["keepMs"] // plan["cadenceMs"]
        self.poll, self.handlers, self.askers = select.epoll(), {}, []
        self.dials = collections.deque()  # in order of deadline
        self.tracks = {target["id"]: bytearray() for target in self.targets}
        self.latest = {target["id"]: (-1, "") for target in self.targets}
        self.seen_open, self.unanswered = set(), {target["id"]: 0 for target in self.targets}
        self.first = self.next = 0
        self.late_s, self.ready = 0.0, False
        self.unresolved, self.unresolved_until = set(), 0
        self.begin = time.monotonic()
        self.bound, self.stop_at, self.asked_ms = self.begin + plan["boundMs"] / 1000, None, None
        self.register(control, select.EPOLLIN, self.accept)
        self.held = [Held(self, target) for target in self.targets if target["kind"] == "nodePort"]

    def register(self, sock, events, handler):
        if sock.fileno() in self.handlers:
            self.poll.modify(sock.fileno(), events)
        else:
            self.poll.register(sock.fileno(), events)
        self.handlers[sock.fileno()] = handler

    def close(self, sock):
        self.handlers.pop(sock.fileno(), None)
        sock.close()

    def watch(self, until):
        """Goes on until something holds, or its own end has come; gives whether it goes on."""
        while not until():
            now = time.monotonic()
            if now >= (self.bound if self.stop_at is None else self.stop_at):
                return False
            self.begin_slots(now)
            for held in self.held:
                held.tick(now, self.latest[held.target["id"]][1] == "o")
            self.wait(self.begin + self.next * self.cadence_s)
        return True

    def finish(self):
        """Waits for answers that may come yet, as silence would take too long; asks the held connections for theirs."""
        now = time.monotonic()
        for held in self.held:
            held.ask(now)
        while any(dial.socket for dial in self.dials) or self.awaits_held():
            self.wait(time.monotonic() + self.cadence_s)
            if time.monotonic() >= now + LAST_ANSWERS_S:
                for dial in self.dials:
                    dial.give_up()

    def awaits_held(self):
        """Looks at every held connection: none may outlast its limit unseen."""
        return not all([held.is_over(time.monotonic()) for held in self.held])

    def wait(self, until):
        """Handles what happens before a moment; a silent dial ends at its deadline."""
        wake = min(until, self.dials[0].deadline) if self.dials else until
        for fd, events in self.poll.poll(max(0, wake - time.monotonic())):
            handler = self.handlers.get(fd)
            if handler:
                handler(events)
        now = time.monotonic()
        while self.dials and (not self.dials[0].socket or now >= self.dials[0].deadline):
            dial = self.dials.popleft()
            if dial.socket:
                dial.look()

    def begin_slots(self, now):
        slot = int((now - self.begin) / self.cadence_s)
        if slot < self.next:
            return
        for target in self.targets:
            self.tracks[target["id"]] += b"-" * (slot - self.next) + b"?"
        self.next = slot + 1
        begin = self.begin + slot * self.cadence_s
        for target in random.sample(self.targets, len(self.targets)):
            dial = Dial(self, target, slot)
            late_s = time.monotonic() - begin
            if late_s < self.cadence_s:
                self.late_s = max(self.late_s, late_s)
            else:
                dial.over("-")  # whatever it shows, nobody could say for when
        surplus = self.next - self.first - self.kept_slots
        if surplus > self.kept_slots // 10 and self.asked_ms is None:
            self.first += surplus
            for track in self.tracks.values():
                del track[:surplus]

    def knows_all(self, dials):
        """Whether each target was seen open, its connection held, or did not answer that many dials in a row."""
        opened = {held.target["id"]: held.opened is not None for held in self.held}
        return all(
            (name in self.seen_open and opened.get(name, True)) or count >= dials
            for name, count in self.unanswered.items()
        )

    def saw(self, target, slot, letter):
        name = target["id"]
        if slot >= self.first:
            self.tracks[name][slot - self.first] = ord(letter)
        if letter == "-":
            return
        if slot > self.latest[name][0]:
            self.latest[name] = (slot, letter)
        self.unanswered[name] = 0 if letter == "o" else self.unanswered[name] + 1
        if letter == "o":
            self.seen_open.add(name)

    def is_neighbourless(self, address):
        """Whether ARP finds nobody at that address: then no SYN left, and silence says nothing."""
        now = time.monotonic()
        if now >= self.unresolved_until:
            self.unresolved, self.unresolved_until = unresolved_addresses(), now + self.cadence_s
        return address in self.unresolved

    def accept(self, _):
        asker, _ = self.control.accept()
        asker.setblocking(False)
        self.askers.append(asker)  # it hears the end by the connection's end
        self.register(asker, select.EPOLLIN, lambda _: self.asked(asker))

    def asked(self, asker):
        """`stop MS`: the first one to ask decides, whoever asks again after a lost session."""
        try:
            words = asker.recv(64).split()
        except OSError:
            words = []
        if len(words) == 2 and words[0] == b"stop" and self.stop_at is None:
            self.asked_ms = int(words[1])
            self.stop_at = time.monotonic() + self.asked_ms / 1000
        self.poll.unregister(asker.fileno())

    def result(self):
        wall = time.time() - time.monotonic()  # by the clock of now, to which the offset belongs
        return {
            "type": "observation",
            "startedAt": iso(wall + self.begin + self.first * self.cadence_s),
            "slots": self.next - self.first,
            "cadenceMs": round(self.cadence_s * 1000),
            "dialTimeoutMs": round(self.limit_s * 1000),
            "latenessMs": round(self.late_s * 1000, 3),
            "tracks": {name: run_lengths(track.decode()) for name, track in self.tracks.items()},
            "held": [held.record(wall) for held in self.held],
            "ended": "bound" if self.stop_at is None else "read",
            "cpuShare": round(time.process_time() / (time.monotonic() - self.begin), 4),
        }


def run_lengths(letters):
    """`ooood` as `4o1d`."""
    runs = []
    for letter in letters:
        if runs and runs[-1][1] == letter:
            runs[-1][0] += 1
        else:
            runs.append([1, letter])
    return "".join("%d%s" % (count, letter) for count, letter in runs)
