"""The connections that stand while the change is made."""
import select
import time

HELD_LINE_EVERY_S = 1.0
HELD_OPEN_LIMIT_S = 1.0
HELD_RENEW_S = 10.0  # servers close a request that takes 20 to 60 s to be sent
ANSWER_LIMIT_S = 1.5


class Held:
    """A connection that stands while the change is made: a request that is never finished before it is asked for.

    It is renewed while its target answers, so that it is young when the change comes. Once the target does not answer,
    it stays as it is. One that could not be opened before the observer was ready is not opened any more: it would not
    stand for what was before.
    """

    def __init__(self, observer, target):
        self.observer, self.target = observer, target
        self.socket = self.fresh = self.opened = self.ended = None
        self.answer, self.asked = b"", None
        self.next_line = self.next_open = self.deadline = 0
        self.outcome, self.response = "unopened", None
        self.open()

    def open(self):
        now = time.monotonic()
        self.deadline, self.next_open = now + HELD_OPEN_LIMIT_S, now + HELD_LINE_EVERY_S
        self.fresh, fault = begin_dial(self.target)
        if fault:
            self.fresh = None
        else:
            self.observer.register(self.fresh, select.EPOLLOUT, self.look_at_fresh)

    def look_at_fresh(self, _=0):
        letter = letter_of(self.fresh, self.target, time.monotonic() >= self.deadline, self.observer)
        if letter == "o":
            if self.socket:
                self.observer.close(self.socket)
            self.socket, self.fresh, self.opened = self.fresh, None, time.monotonic()
            self.answer, self.ended = b"", None
            self.observer.register(self.socket, select.EPOLLIN | select.EPOLLRDHUP, self.listen)
            self.send("GET / HTTP/1.0\r\nHost: %s\r\nUser-Agent: hepflow\r\n" % self.target["address"])
        elif letter:
            self.observer.close(self.fresh)
            self.fresh = None

    def tick(self, now, answers):
        """`answers`: whether the target's last dial was open."""
        if self.fresh:
            self.look_at_fresh()
        if self.socket and now >= self.next_line:
            self.send("X-Held: %d\r\n" % (now - self.opened))
        wanted = self.opened is not None or not self.observer.ready
        stale = wanted and (not self.socket or now - self.opened > HELD_RENEW_S)
        if stale and answers and not self.fresh and now >= self.next_open:
            self.open()

    def ask(self, now):
        """Finishes the request."""
        if self.fresh:
            self.observer.close(self.fresh)
            self.fresh = None
        self.asked, self.deadline = now, now + ANSWER_LIMIT_S
        if self.socket:
            self.send("\r\n")

    def send(self, text):
        self.next_line = time.monotonic() + HELD_LINE_EVERY_S
        try:
            self.socket.send(text.encode())
        except BlockingIOError:
            pass  # nothing was acknowledged for long: it is silent
        except OSError:
            self.end("reset")

    def listen(self, _):
        try:
            part = self.socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            return self.end("reset")
        self.answer += part
        complete = not part or b"\n" in body_of(self.answer) or len(self.answer) > ANSWER_LIMIT_BYTES
        if self.asked and self.answer and complete:
            self.end("answered")
        elif not part:
            self.end("closed")

    def end(self, outcome):
        self.outcome, self.ended = outcome, time.monotonic()
        self.observer.close(self.socket)
        self.socket = None
        if outcome == "answered":
            self.response = first_line(self.answer)

    def is_over(self, now):
        if self.socket and now >= self.deadline:
            self.end("answered" if self.answer else "silent")
        return not self.socket

    def record(self, wall):
        opened, ended = self.opened or self.asked, self.ended or self.asked
        found = {
            "target": self.target["id"],
            "openedAt": iso(wall + opened),
            "checkedAt": iso(wall + ended),
            "outcome": self.outcome,
        }
        return dict(found, response=self.response) if self.response else found
