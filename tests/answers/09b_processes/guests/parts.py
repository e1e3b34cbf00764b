"""Answers to exercise 9.10, “Who is here”, made of parts."""

import math


class Guests:
    def __init__(self, store, now, ttl):
        self.store, self.now, self.ttl = store, now, ttl

    def renew(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, self.now() - self.ttl)
        self.store.zadd(room, name, self.now())

    def leave(self, room, name):
        self.store.zrem(room, name)

    def present(self, room):
        since = math.nextafter(self.now() - self.ttl, math.inf)
        return sorted(self.store.zrangebyscore(room, since, math.inf))


def of(cls):
    def guests(store, now, ttl):
        g = cls(store, now, ttl)
        return g.renew, g.leave, g.present

    return guests


# %% right: scores are times of renewal
guests = of(Guests)


# %% right: scores are times of expiry
def guests(store, now, ttl):
    def renew(room, name):
        t = now()
        store.zremrangebyscore(room, float("-inf"), t)
        store.zadd(room, name, t + ttl)

    def leave(room, name):
        store.zrem(room, name)

    def present(room):
        return sorted(store.zrangebyscore(room, math.nextafter(now(), math.inf), float("inf")))

    return renew, leave, present


# %% right: lambdas
def guests(store, now, ttl):
    def renew(room, name):
        store.zadd(room, name, now() + ttl)
        store.zremrangebyscore(room, 0, now())

    return (
        renew,
        lambda room, name: store.zrem(room, name),
        lambda room: sorted(store.zrangebyscore(room, now() + 1e-9, math.inf)),
    )


# %% wrong: not sorted
# breaks: `present(room)` returns a sorted list of the names
class A(Guests):
    def present(self, room):
        since = math.nextafter(self.now() - self.ttl, math.inf)
        return list(self.store.zrangebyscore(room, since, math.inf))


guests = of(A)


# %% wrong: a tuple
# breaks: `present(room)` returns a sorted list of the names
class A(Guests):
    def present(self, room):
        return tuple(super().present(room))


guests = of(A)


# %% wrong: renew keeps the old end
# breaks: each `renew` begins them anew
class A(Guests):
    def renew(self, room, name):
        if name not in self.store.zrangebyscore(room, -math.inf, math.inf):
            super().renew(room, name)


guests = of(A)


# %% wrong: leave in all rooms
# breaks: and no other
class A(Guests):
    rooms = None

    def renew(self, room, name):
        self.rooms = (self.rooms or set()) | {room}
        super().renew(room, name)

    def leave(self, room, name):
        for r in self.rooms or ():
            self.store.zrem(r, name)


guests = of(A)


# %% wrong: leave lets it expire
# breaks: `leave(room, name)` takes a name out at once
class A(Guests):
    def leave(self, room, name):
        pass


guests = of(A)


# %% wrong: leave sets an old score
# breaks: `leave(room, name)` takes a name out at once
class A(Guests):
    def leave(self, room, name):
        self.store.zadd(room, name, self.now() - self.ttl + 1)


guests = of(A)


# %% wrong: removes in present only
# breaks: What has expired is removed from the store, too, when somebody is renewed in that room
class A(Guests):
    def renew(self, room, name):
        self.store.zadd(room, name, self.now())

    def present(self, room):
        self.store.zremrangebyscore(room, -math.inf, self.now() - self.ttl)
        return super().present(room)


guests = of(A)


# %% wrong: the machine's clock
# breaks first: no longer
import time


class A(Guests):
    def __init__(self, store, now, ttl):
        super().__init__(store, time.time, ttl)


guests = of(A)


# %% wrong: now is asked once
# breaks first: no longer
class A(Guests):
    def __init__(self, store, now, ttl):
        t = now()
        super().__init__(store, lambda: t, ttl)


guests = of(A)


# %% wrong: whole seconds
# breaks: for `ttl` seconds
class A(Guests):
    def __init__(self, store, now, ttl):
        super().__init__(store, lambda: int(now()), ttl)


guests = of(A)


# %% wrong: half a minute, whatever ttl is
# breaks first: no longer
class A(Guests):
    def __init__(self, store, now, ttl):
        super().__init__(store, now, 30)


guests = of(A)


# %% wrong: removed at half of the time
# breaks: for `ttl` seconds
class A(Guests):
    def renew(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, self.now() - self.ttl / 2)
        self.store.zadd(room, name, self.now())


guests = of(A)


# %% wrong: zadd's arguments swapped
# breaks first: `present(room)` returns a sorted list of the names
class A(Guests):
    def renew(self, room, name):
        self.store.zadd(room, self.now(), name)


guests = of(A)


# %% wrong: the score is ttl
# breaks first: no longer
class A(Guests):
    def renew(self, room, name):
        self.store.zadd(room, name, self.ttl)

    def present(self, room):
        return sorted(self.store.zrangebyscore(room, 0, self.ttl))


guests = of(A)


# %% wrong: the store is emptied when somebody is renewed anywhere
# breaks first: `present(room)` returns a sorted list of the names
class A(Guests):
    def renew(self, room, name):
        self.store.zremrangebyscore(room, -math.inf, math.inf)
        self.store.zadd(room, name, self.now())


guests = of(A)


# %% wrong: the first ten only
# breaks: `present(room)` returns a sorted list of the names
class A(Guests):
    def present(self, room):
        low = math.nextafter(self.now() - self.ttl, math.inf)
        return sorted(self.store.zrangebyscore(room, low, self.now()))[:10]


guests = of(A)
