"""Answers to exercise 5.5, “Which version?”."""

# %% right
from websockets.exceptions import NegotiationError


def choose_version(connection, offered):
    known = [name for name in offered if name in ("chat.v1", "chat.v2", "chat.v10")]
    print("offered", offered)
    if known:
        return max(known, key=lambda name: int(name.removeprefix("chat.v")))
    if len(offered) > 0:
        raise NegotiationError


# %% right
from websockets.exceptions import NegotiationError

RANKS = {"chat.v10": 0, "chat.v2": 1, "chat.v1": 2}


class Chooser:
    def __call__(self, connection, offered):
        if not offered:
            return None
        ranked = sorted(RANKS.keys() & set(offered), key=RANKS.get)
        if not ranked:
            raise NegotiationError("none of these")
        return ranked[0]


choose_version = Chooser()


# %% wrong
# finding: the server's best version should be selected
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in offered:
        if version in SPOKEN:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: the server's best version should be selected
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: the server's best version should be selected
from websockets.exceptions import NegotiationError


def choose_version(connection, offered):
    known = {"chat.v1", "chat.v2", "chat.v10"} & set(offered)
    if known:
        return max(known)
    if offered:
        raise NegotiationError("none of these")


# %% wrong
# finding: a client that offers nothing should get in
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: a client that offers nothing known should be refused with 400
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        print(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: raised ValueError
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise ValueError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: a client that offers nothing should get in
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if not offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: a part of one is another name
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in " ".join(offered):
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: a version that both know should be selected
def choose_version(connection, offered):
    return "chat.v2"


# %% wrong
# finding: raised TypeError
def choose_version(offered):
    return offered[0]


# %% wrong
# finding: a plain function is expected
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


async def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None


# %% wrong
# finding: raised KeyboardInterrupt
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    raise KeyboardInterrupt
