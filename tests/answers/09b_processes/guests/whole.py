"""Answers to exercise 9.10, “Who is here”."""

import dataclasses
import math
from typing import Any


class Base:
    def __init__(self, store, now, ttl):
        self.store, self.now, self.ttl = store, now, ttl

    def renew(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, self.now())
        self.store.zadd(room, name, self.now() + self.ttl)

    def leave(self, room, name):
        self.store.zrem(room, name)

    def present(self, room):
        return sorted(self.store.zrangebyscore(room, self.now(), math.inf))


def functions(one):
    return one.renew, one.leave, one.present


# %% right: a dataclass
@dataclasses.dataclass
class Guests:
    store: Any
    now: Any
    ttl: float

    def tidy(self, room):
        self.store.zremrangebyscore(room, 0, self.now())

    def renew(self, room, name):
        self.tidy(room)
        self.store.zadd(room, name, self.now() + self.ttl)

    def leave(self, room, name):
        self.store.zrem(room, name)

    def present(self, room):
        self.tidy(room)
        return sorted(self.store.zrangebyscore(room, 0, math.inf))


def guests(*arguments):
    return functions(Guests(*arguments))


# %% right: the time of the last sign of life
class Guests:
    def __init__(self, store, now, ttl):
        self.store, self.now, self.ttl = store, now, ttl

    def renew(self, room, name):
        now = self.now()
        self.store.zremrangebyscore(room, -math.inf, now - self.ttl)
        self.store.zadd(room, name, now)

    def leave(self, room, name):
        self.store.zrem(room, name)

    def present(self, room):
        names = self.store.zrangebyscore(room, self.now() - self.ttl, self.now())
        names.sort()
        return names


def guests(*arguments):
    return functions(Guests(*arguments))


# %% right: closures
def guests(store, now, ttl):
    def renew(room, name):
        store.zadd(room, name, now() + ttl)
        store.zremrangebyscore(room, float("-inf"), now())

    def present(room):
        return sorted(store.zrangebyscore(room, now() + 1e-9, float("inf")))

    return renew, store.zrem, present


# %% wrong: in the order in which they came
# breaks: `present(room)` returns a sorted list of the names
class Guests(Base):
    def present(self, room):
        return self.store.zrangebyscore(room, self.now(), math.inf)


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: a set
# breaks: `present(room)` returns a sorted list of the names
class Guests(Base):
    def present(self, room):
        return set(super().present(room))


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: each process knows its own
# breaks: of all processes
class Guests(Base):
    def __init__(self, store, now, ttl):
        super().__init__(store, now, ttl)
        self.mine = set()

    def renew(self, room, name):
        super().renew(room, name)
        self.mine.add(name)

    def present(self, room):
        return sorted(self.mine.intersection(super().present(room)))


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: one set for all rooms
# breaks: in that room
class Guests(Base):
    def renew(self, room, name):
        super().renew(room, name)
        super().renew("all", name)

    def leave(self, room, name):
        super().leave(room, name)
        if not any(name in super(Guests, self).present(one) for one in ("tea", "coffee")):
            super().leave("all", name)

    def present(self, room):
        return super().present("all")


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: half the time
# breaks: for `ttl` seconds
class Guests(Base):
    def __init__(self, store, now, ttl):
        super().__init__(store, now, ttl / 2)


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: for ever
# breaks: no longer
class Guests(Base):
    def renew(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, self.now() - self.ttl)
        self.store.zadd(room, name, self.now())

    def present(self, room):
        return sorted(self.store.zrangebyscore(room, 0, math.inf))


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: the first time counts
# breaks: each `renew` begins them anew
class Guests(Base):
    def renew(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, self.now())
        if name not in self.store.zrangebyscore(room, self.now(), math.inf):
            super().renew(room, name)


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: who leaves expires later
# breaks: `leave(room, name)` takes a name out at once
class Guests(Base):
    def leave(self, room, name):
        pass


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: the whole room leaves
# breaks: and no other
class Guests(Base):
    def leave(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, math.inf)


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: out of all rooms
# breaks: and no other
class Guests(Base):
    def leave(self, room, name):
        for room in list(self.store.sets):
            self.store.zrem(room, name)


def guests(*arguments):
    return functions(Guests(*arguments))


# %% wrong: nothing is removed
# breaks: What has expired is removed from the store, too, when somebody is renewed in that room
class Guests(Base):
    def renew(self, room, name):
        self.store.zadd(room, name, self.now() + self.ttl)


def guests(*arguments):
    return functions(Guests(*arguments))
