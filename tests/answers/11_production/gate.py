"""Answers to exercise 11.1, “Alive, and ready”."""

from websockets.datastructures import Headers
from websockets.http11 import Response


# %% right: async, one expression
def gate(state):
    async def process_request(ws, request):
        status = {"/healthz": 200, "/readyz": 200 if state.ready else 503}.get(request.path)
        if status is None and state.closing:
            status = 503
        return status and ws.respond(status, f"{status}\n")

    return process_request


# %% right: match
def gate(state):
    def process_request(ws, request):
        match request.path:
            case "/healthz":
                return ws.respond(200, "ok")
            case "/readyz" if state.ready:
                return ws.respond(200, "ok")
            case "/readyz":
                return ws.respond(503, "no")
            case _ if state.closing:
                return ws.respond(503, "no")

    return process_request


# %% right: a class
class gate:
    def __init__(self, state):
        self.state = state

    def __call__(self, ws, request):
        if request.path in ("/healthz", "/readyz"):
            good = request.path == "/healthz" or self.state.ready
            return ws.respond(200 if good else 503, "")
        return ws.respond(503, "") if self.state.closing else None


# %% wrong: dead while it leaves
# breaks: `/healthz` is answered with 200 in any case
def gate(state):
    def process_request(ws, request):
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")
        if state.closing:
            return ws.respond(503, "")
        if request.path == "/healthz":
            return ws.respond(200, "")

    return process_request


# %% wrong: never ready
# breaks: `/readyz` with 200 while `state.ready` is true
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz" or state.closing:
            return ws.respond(503, "")

    return process_request


# %% wrong: ready as long as it is alive
# breaks: and with 503 while it is not
def gate(state):
    def process_request(ws, request):
        if request.path in ("/healthz", "/readyz"):
            return ws.respond(200, "")
        if state.closing:
            return ws.respond(503, "")

    return process_request


# %% wrong: the flag as it was at the beginning
# breaks first: `/readyz` with 200 while `state.ready` is true
def gate(state):
    ready = state.ready

    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if ready else 503, "")
        if state.closing:
            return ws.respond(503, "")

    return process_request


# %% wrong: other paths are not found
# breaks: All other requests go on to the handshake
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")
        if state.closing:
            return ws.respond(503, "")
        if request.path != "/":
            return ws.respond(404, "")

    return process_request


# %% wrong: clients come in while it leaves
# breaks: but while `state.closing` is true they get 503
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")

    return process_request


# %% wrong: not ready while it leaves
# breaks: `/readyz` with 200 while `state.ready` is true
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready and not state.closing else 503, "")
        if state.closing:
            return ws.respond(503, "")

    return process_request


# %% right: class
class Gate:
    def __init__(self, state):
        self.state = state

    def healthz(self):
        return 200

    def readyz(self):
        return 200 if self.state.ready else 503

    def __call__(self, ws, request):
        probe = {"/healthz": self.healthz, "/readyz": self.readyz}.get(request.path)
        if probe:
            return ws.respond(probe(), "x")
        if self.state.closing:
            return ws.respond(503, "x")


gate = Gate


# %% right: Response by hand
def gate(state):
    def answer(code, text):
        return Response(
            code, text, Headers([("Content-Length", "2"), ("Connection", "close")]), b"ok"
        )

    def process_request(ws, request):
        if request.path == "/healthz":
            return answer(200, "OK")
        if request.path == "/readyz":
            return answer(200, "OK") if state.ready else answer(503, "Service Unavailable")
        return answer(503, "Service Unavailable") if state.closing else None

    return process_request


# %% wrong: closing is final, remembered
# breaks: Both flags may change at any time
def gate(state):
    was = []

    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")
        if state.closing or was:
            was.append(1)
            return ws.respond(503, "")

    return process_request


# %% wrong: only / gets 503
# breaks: but while `state.closing` is true they get 503
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")
        if state.closing and request.path == "/":
            return ws.respond(503, "")

    return process_request
