"""Answers to exercise 5.5, “Which version?”."""

import time

from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")
RANKS = {"chat.v10": 0, "chat.v2": 1, "chat.v1": 2}


# %% right: the number counts
def choose_version(connection, offered):
    known = [name for name in offered if name in SPOKEN]
    print("offered", offered)
    if known:
        return max(known, key=lambda name: int(name.removeprefix("chat.v")))
    if len(offered) > 0:
        raise NegotiationError


# %% right: a class
class Chooser:
    def __call__(self, connection, offered):
        if not offered:
            return None
        ranked = sorted(RANKS.keys() & set(offered), key=RANKS.get)
        if not ranked:
            raise NegotiationError("none of these")
        return ranked[0]


choose_version = Chooser()


# %% right: next()
def choose_version(connection, offered):
    if not offered:
        return None
    best = next((version for version in SPOKEN if version in offered), None)
    if best is None:
        raise NegotiationError("no version in common")
    return best


# %% right: one after the other
def choose_version(connection, offered):
    if "chat.v10" in offered:
        return "chat.v10"
    elif "chat.v2" in offered:
        return "chat.v2"
    elif "chat.v1" in offered:
        return "chat.v1"
    elif len(offered) == 0:
        return None
    raise NegotiationError(f"not spoken: {offered}")


# %% wrong: the client's order
# breaks: in whatever order it does
def choose_version(connection, offered):
    for version in offered:
        if version in SPOKEN:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: the last one that fits
# breaks first: takes the best one that the client offers
def choose_version(connection, offered):
    chosen = None
    for version in SPOKEN:
        if version in offered:
            chosen = version
    if offered and chosen is None:
        raise NegotiationError("none of these")
    return chosen


# %% wrong: a version is missing
# breaks: takes the best one that the client offers
def choose_version(connection, offered):
    for version in ("chat.v2", "chat.v1"):
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: the largest string
# breaks: takes the best one that the client offers
def choose_version(connection, offered):
    known = set(SPOKEN) & set(offered)
    if known:
        return max(known)
    if offered:
        raise NegotiationError("none of these")


# %% wrong: only what is offered first
# breaks first: takes the best one that the client offers
def choose_version(connection, offered):
    if not offered:
        return None
    if offered[0] in SPOKEN:
        return offered[0]
    raise NegotiationError("none of these")


# %% wrong: an unknown name is an error, even beside a known one
# breaks: takes the best one that the client offers
def choose_version(connection, offered):
    if not set(offered) <= set(SPOKEN):
        raise NegotiationError("unknown")
    return min(offered, key=SPOKEN.index, default=None)


# %% wrong: who offers nothing is refused
# breaks: A client that offers nothing is let in without a subprotocol
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")


# %% wrong: the oldest version for who offers nothing
# breaks: A client that offers nothing is let in without a subprotocol
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError("none of these")
    return SPOKEN[-1]


# %% wrong: the last client's version for who offers nothing
# breaks: A client that offers nothing is let in without a subprotocol
last = None


def choose_version(connection, offered):
    global last
    for version in SPOKEN:
        if version in offered:
            last = version
            return version
    if offered:
        raise NegotiationError("none of these")
    return last


# %% wrong: whoever offers something else is let in
# breaks: one that offers only names the server does not speak is refused with status 400
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        print(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: another exception
# breaks: one that offers only names the server does not speak is refused with status 400
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise ValueError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: the exception is returned
# breaks: one that offers only names the server does not speak is refused with status 400
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    return NegotiationError("none of these") if offered else None


# %% wrong: the two last cases are mixed up
# breaks first: A client that offers nothing is let in without a subprotocol
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if not offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: a part of a name
# breaks: one that offers only names the server does not speak is refused with status 400
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in " ".join(offered):
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: capitals do not count
# breaks: one that offers only names the server does not speak is refused with status 400
def choose_version(connection, offered):
    lower = [name.lower() for name in offered]
    for version in SPOKEN:
        if version in lower:
            return version
    if offered:
        raise NegotiationError("none of these")


# %% wrong: always the same
# breaks first: takes the best one that the client offers
def choose_version(connection, offered):
    return "chat.v2"


# %% wrong: one parameter
# finding: two arguments
def choose_version(offered):
    return offered[0]


# %% wrong: a list
# breaks first: takes the best one that the client offers
def choose_version(connection, offered):
    return [version for version in SPOKEN if version in offered][:1]


# %% wrong: async
# finding: async function
async def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong: three parameters
# finding: two arguments
def choose_version(self, connection, offered):
    return SPOKEN[0]


# %% wrong: it blocks
# finding: holds up the event loop
def choose_version(connection, offered):
    time.sleep(5)
    return SPOKEN[0]


# %% wrong: KeyboardInterrupt
# breaks: A client that offers nothing is let in without a subprotocol
def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    raise KeyboardInterrupt
