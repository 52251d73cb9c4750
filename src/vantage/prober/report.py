"""What a program prints: one JSON object a line."""
import json
import time

ANSWER_LIMIT_BYTES = 8192
LINE_LIMIT = 200


def tell(record):
    print(json.dumps(record, separators=(",", ":")), flush=True)


def iso(seconds):
    whole, part = divmod(int(seconds * 1000), 1000)
    return "%s.%03dZ" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)), part)


def body_of(answer):
    """What an HTTP answer holds after its headers, as far as it came."""
    return answer.partition(b"\r\n\r\n")[2].lstrip()


def first_line(answer):
    """Of the answer's body, as printable text; None where there is none."""
    line = body_of(answer).split(b"\n")[0].decode("utf-8", "replace").strip()
    return "".join(c for c in line if c.isprintable())[:LINE_LIMIT] or None
